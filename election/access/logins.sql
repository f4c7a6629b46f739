-- The logins of the election, one for each script and one for the audit. schema.sql says what each may do with the tables.
-- Run by PostgreSQL's image at its first start, and by `python -m election.access.logins`; safe to run again.
-- The session's setting election.passwords is a JSON object: each login in it is created, or gets that password.

DO $$
DECLARE
    database text := quote_ident(current_database());
    name     text;
    password text;
BEGIN
    -- A role of that name that is not ours: whoever has its password had more than a login may.
    SELECT rolname INTO name FROM pg_roles
    WHERE rolname IN ('main', 'voting', 'spark-streaming', 'streamlit-app', 'auditor')
      AND (rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication OR rolbypassrls);
    IF FOUND THEN
        RAISE EXCEPTION 'PostgreSQL has a role % that may more than a login of the election: rename it, or run ALTER ROLE %'
            ' NOSUPERUSER NOCREATEROLE NOCREATEDB NOREPLICATION NOBYPASSRLS', name, quote_ident(name);
    END IF;

    FOR name, password IN SELECT * FROM json_each_text(current_setting('election.passwords')::json) LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) THEN
            EXECUTE format('CREATE ROLE %I LOGIN', name);
        END IF;
        EXECUTE format('ALTER ROLE %I PASSWORD %L', name, password);
    END LOOP;

    -- Only main makes tables, and voting needs a temporary one for each batch. Older rights end first.
    EXECUTE format('REVOKE ALL ON DATABASE %s FROM main, voting, "spark-streaming", "streamlit-app", auditor', database);
    EXECUTE format('REVOKE TEMPORARY ON DATABASE %s FROM PUBLIC', database);
    EXECUTE format('GRANT TEMPORARY ON DATABASE %s TO voting', database);
END $$;

REVOKE CREATE ON SCHEMA public FROM PUBLIC;
REVOKE ALL ON SCHEMA public FROM main, voting, "spark-streaming", "streamlit-app", auditor CASCADE;
GRANT CREATE, USAGE ON SCHEMA public TO main;
GRANT USAGE ON SCHEMA public TO voting, "spark-streaming", "streamlit-app", auditor;
ALTER ROLE "streamlit-app" SET default_transaction_read_only = on;
ALTER ROLE auditor SET default_transaction_read_only = on;

-- Every login may make large objects unless a superuser ends that.
DO $$
BEGIN
    IF (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) THEN
        REVOKE EXECUTE ON FUNCTION lo_creat(integer), lo_create(oid), lo_from_bytea(oid, bytea), lo_open(oid, integer),
            lo_put(oid, bigint, bytea), lowrite(integer, bytea) FROM PUBLIC;
    ELSE
        RAISE WARNING 'every login can still write large objects into %: a superuser has to REVOKE EXECUTE ON FUNCTION'
            ' lo_creat, lo_create, lo_from_bytea, lo_open, lo_put, lowrite FROM PUBLIC', current_database();
    END IF;
END $$;
