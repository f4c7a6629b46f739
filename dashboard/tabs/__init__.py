"""The headline and the tabs, one module each. May import drawing, data and figures."""
