"""Shows the election: the count as it is now, place by place, the roll, and whether everything adds up.

Reads the aggregated_* topics, rejected_votes, audit_verdicts and PostgreSQL, and changes nothing.

    streamlit run streamlit-app.py
"""

from dashboard.drawing.page import open_page, open_tabs
from dashboard.figures.view import View
from dashboard.tabs import headline, integrity, places, results, voters

page = open_page()


@page.live
def show_election(view: View) -> None:
    headline.render(view, page)
    for tab, content in zip(open_tabs(), (results, places, voters, integrity), strict=True):
        if tab.open:
            with tab:
                content.render(view, page)
