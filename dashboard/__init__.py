"""The dashboard, one module a tab, thin over pure functions.

sources     what the page is made from: the live board, the watch, the election's folder; `look()` gives a View
watch       a thread that asks PostgreSQL and Kafka every few seconds, for all viewers
database    what is asked of PostgreSQL: how things stand, and searches in the roll
photos      candidates' photos, fetched once by the server
view        everything known at one moment; `once` shares what is worked out from it among all viewers
figures     View in, what is shown out: standings, lead, status, groups
places      View in, what is known place by place out; the map's outlines
over_time   View in, the race minute by minute, rates and delays out
health      View in, what is shown out: agreement, parts, problems
words       numbers and ages as text
palette     a colour and a symbol for each of the eight who are drawn
markup      pieces of HTML from templates.html, everything from outside escaped and isolated
tables      tables that fold away, and whatever is shown as CSV and JSON
charts maps Vega-Lite charts whose data change in place
page        the frame: style, sidebar, the fragment that refreshes
headline results places voters integrity       what is on the page
"""
