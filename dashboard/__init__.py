"""The dashboard, one module a tab, thin over pure functions.

sources     what the page is made from: the live board, the watch, the election's folder; `look()` gives a View
watch       a thread that asks PostgreSQL and Kafka every few seconds, for all viewers
database    searches in the roll
photos      candidates' photos, fetched once by the server
view        everything known at one moment, shared by those who look then
figures     View in, what is shown out: standings, lead, status, parties, groups
places      View in, what is known place by place out
outlines    the places' outlines, flat, and their middles
race        minutes in, the race over time out
health      View in, what is shown out: agreement, parts, problems
speed       View in, what is shown out: rates and delays
words       numbers and ages as text
palette     a colour and a symbol for each of the eight who are drawn
markup      pieces of HTML from templates.html, everything from outside escaped and isolated
downloads   whatever is shown, as CSV and JSON
charts      Vega-Lite charts whose data change in place
page        the frame: style, sidebar, the fragment that refreshes
headline results places place_table voters integrity       what is on the page
"""
