"""Shows the election: the count as it is now, place by place, the roll, and whether everything adds up.

Reads the aggregated_* topics, rejected_votes and PostgreSQL, and changes nothing.

    streamlit run streamlit-app.py
"""

from dashboard import headline, integrity, page, places, results, voters
from dashboard.view import View

this = page.open_page()


@this.live
def show_election(view: View) -> None:
    headline.render(view, this)
    for tab, content in zip(page.open_tabs(), (results, places, voters, integrity), strict=True):
        if tab.open:
            with tab:
                content.render(view, this)
