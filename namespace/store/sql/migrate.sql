-- name: current_schema
-- The schema that the connection works in, null if there is none.
SELECT current_schema();

-- name: lock_migrations
-- One instance at a time migrates a schema; the session holds the lock.
SELECT pg_advisory_lock(hashtextextended('uns migrate ' || $1, 0));

-- name: create_schema_migration
-- What was applied to this schema.
CREATE TABLE IF NOT EXISTS schema_migration (
    package text NOT NULL,
    number integer NOT NULL,
    name text NOT NULL,
    checksum text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (package, number)
);

-- name: applied_migrations
-- Every migration of this schema.
SELECT package, number, name, checksum FROM schema_migration;

-- name: record_migration
-- Remember a migration in the transaction that ran it.
INSERT INTO schema_migration (package, number, name, checksum) VALUES ($1, $2, $3, $4);
