"""How the page looks: HTML, charts, maps, the frame. May import data and figures."""
