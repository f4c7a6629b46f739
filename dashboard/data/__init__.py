"""What the page is made from: threads and queries that read PostgreSQL and the topics. May import figures."""
