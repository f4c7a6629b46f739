-- Indexes that let the dashboard search the roll of a million voters at once. Made when the roll is complete, because
-- keeping them while it is filled would cost more; without them every search still works, only slower.
CREATE EXTENSION IF NOT EXISTS pg_trgm;
CREATE INDEX IF NOT EXISTS voters_by_name ON voters USING gin (voter_name gin_trgm_ops);
CREATE INDEX IF NOT EXISTS voters_by_place ON voters (address_state, registration_number);
