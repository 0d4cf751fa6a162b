-- name: read_position
-- How far the journal was used.
SELECT journal, position FROM sample_position;

-- name: write_position
-- The journal was used up to here; within one journal this only grows.
INSERT INTO sample_position (journal, position) VALUES ($1, $2)
ON CONFLICT (single) DO UPDATE SET
    position = CASE WHEN sample_position.journal = excluded.journal
        THEN greatest(sample_position.position, excluded.position) ELSE excluded.position END,
    journal = excluded.journal,
    moved_at = now();
