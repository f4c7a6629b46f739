-- The election's database: who stands, who may vote, and the record of who voted for whom.
-- Safe to run again: every statement creates only what is not there yet. It is run by main, who owns all of it.

-- The one election that this database holds, and how far its preparation got.
CREATE TABLE IF NOT EXISTS election (
    only_row           boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    name               text    NOT NULL,
    title              text    NOT NULL,
    fingerprint        text    NOT NULL,   -- SHA-256 of the definition: another definition is another election
    registered         integer NOT NULL,
    votes_expected     integer NOT NULL,
    votes_topic        text,               -- id of the votes_topic that is its log; null until main has claimed one
    roll_published_to  text                -- id of the voters_topic that holds the whole roll; null until it does
);

CREATE TABLE IF NOT EXISTS candidates (
    candidate_id       text PRIMARY KEY,
    candidate_name     text NOT NULL,
    party_affiliation  text NOT NULL,
    biography          text NOT NULL,
    campaign_platform  text NOT NULL,
    photo_url          text NOT NULL,
    kind               text NOT NULL DEFAULT 'candidate'
                       CHECK (kind IN ('candidate', 'write-in', 'blank', 'invalid'))
);

CREATE TABLE IF NOT EXISTS voters (
    voter_id             text PRIMARY KEY,
    voter_name           text    NOT NULL,
    date_of_birth        date    NOT NULL,
    gender               text    NOT NULL,
    nationality          text    NOT NULL,
    registration_number  text    NOT NULL UNIQUE,
    address_street       text    NOT NULL,
    address_city         text    NOT NULL,
    address_state        text    NOT NULL,
    address_country      text    NOT NULL,
    address_postcode     text    NOT NULL,
    email                text    NOT NULL,
    phone_number         text    NOT NULL,
    cell_number          text    NOT NULL,
    picture              text    NOT NULL,
    registered_age       integer NOT NULL CHECK (registered_age >= 18)
);

-- One voter, one vote: the primary key is the rule.
CREATE TABLE IF NOT EXISTS votes (
    voter_id      text        PRIMARY KEY REFERENCES voters,
    candidate_id  text        NOT NULL REFERENCES candidates,
    voting_time   timestamptz NOT NULL,
    vote          integer     NOT NULL DEFAULT 1 CHECK (vote = 1)
);

-- The record only grows: no role may change or remove a vote that was cast. ALWAYS: also in a session that says it is
-- replaying another server's changes (session_replication_role), as a superuser's may.
CREATE OR REPLACE FUNCTION keep_votes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a recorded vote can be neither changed nor removed';
END $$;
CREATE OR REPLACE TRIGGER votes_are_final BEFORE UPDATE OR DELETE OR TRUNCATE ON votes
    FOR EACH STATEMENT EXECUTE FUNCTION keep_votes();
ALTER TABLE votes ENABLE ALWAYS TRIGGER votes_are_final;

-- The roll as the count needs it: who is registered, and in which groups, without personal data.
CREATE OR REPLACE VIEW roll AS
SELECT voter_id,
       address_state AS state,
       gender,
       CASE WHEN registered_age < 25 THEN '18-24'
            WHEN registered_age < 35 THEN '25-34'
            WHEN registered_age < 45 THEN '35-44'
            WHEN registered_age < 55 THEN '45-54'
            WHEN registered_age < 65 THEN '55-64'
            WHEN registered_age < 75 THEN '65-74'
            ELSE '75+' END AS age_group
FROM voters;

-- How many votes each candidate has in the record, for those who may not see whose they are.
CREATE OR REPLACE VIEW recorded_votes WITH (security_barrier) AS
SELECT candidate_id, count(*) AS votes FROM votes GROUP BY candidate_id;

-- Who may do what. Nobody but main, the owner, may do anything that is not named here: what was allowed before, column by
-- column too, ends first.
REVOKE ALL ON election, candidates, voters, votes, roll, recorded_votes
    FROM PUBLIC, voting, "spark-streaming", "streamlit-app", auditor;
GRANT SELECT ON election, candidates TO voting, "spark-streaming", "streamlit-app", auditor;

-- voting: matches voters with the roll by number, records votes and reads them back. No contact data, no UPDATE.
GRANT SELECT (voter_id, registration_number) ON voters TO voting;
GRANT SELECT, INSERT ON votes TO voting;

-- spark-streaming: the roll without personal data.
GRANT SELECT ON roll TO "spark-streaming";

-- streamlit-app: who is registered and who voted; never for whom, nor when, which would lead to the vote in the log.
GRANT SELECT (voter_id, registration_number, voter_name, registered_age, gender, address_city, address_state)
    ON voters TO "streamlit-app";
GRANT SELECT (voter_id) ON votes TO "streamlit-app";
GRANT SELECT ON recorded_votes TO "streamlit-app";

-- auditor: the whole record, and the roll without personal data.
GRANT SELECT ON roll, votes TO auditor;
