-- PostgreSQL's image runs this once, when it makes the database: the logins, with the passwords of its environment.
\getenv main POSTGRES_MAIN_PASSWORD
\getenv voting POSTGRES_VOTING_PASSWORD
\getenv spark POSTGRES_SPARK_STREAMING_PASSWORD
\getenv dashboard POSTGRES_STREAMLIT_APP_PASSWORD
\getenv auditor POSTGRES_AUDITOR_PASSWORD
SELECT set_config('election.passwords', json_build_object(
    'main', :'main', 'voting', :'voting', 'spark-streaming', :'spark', 'streamlit-app', :'dashboard',
    'auditor', :'auditor')::text, false) \g /dev/null
\i /election/logins.sql
