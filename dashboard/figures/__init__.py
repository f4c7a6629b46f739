"""What the page shows, worked out: pure functions and data, no I/O, no Streamlit. May import election's rooms."""
