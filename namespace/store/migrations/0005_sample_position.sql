-- How far the historian's journal is known to have been used, for a service that reads machines.

CREATE TABLE sample_position (
    single boolean PRIMARY KEY DEFAULT true CHECK (single),
    journal text NOT NULL,
    position bigint NOT NULL,
    moved_at timestamptz NOT NULL DEFAULT now()
) WITH (fillfactor = 50);
COMMENT ON COLUMN sample_position.position IS 'Everything up to here was used, and some of what follows: it is written after the fact.';
