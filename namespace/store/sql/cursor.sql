-- name: create_cursor
-- Begin a log at its beginning.
INSERT INTO inbox_cursor (producer, hash) VALUES ($1, $2) ON CONFLICT (producer) DO NOTHING;

-- name: read_cursor
-- How far a log was applied.
SELECT epoch, seq, hash, parked FROM inbox_cursor WHERE producer = $1;

-- name: lock_cursor
-- How far a log was applied, and nobody else moves it until this transaction ends.
SELECT epoch, seq, hash, parked FROM inbox_cursor WHERE producer = $1 FOR UPDATE;

-- name: move_cursor
-- Note the last row applied or parked, and the rows up to it, in the transaction that did it.
WITH trail AS (
    INSERT INTO inbox_trail (producer, seq, hash, event_id, type, subject, occurred_at, parked)
    SELECT $1, t.*
    FROM unnest(
        $5::bigint[], $6::text[], $7::uuid[], $8::text[], $9::text[], $10::timestamptz[], $11::boolean[]
    ) AS t
    ON CONFLICT (producer, seq) DO UPDATE
    SET hash = excluded.hash, event_id = excluded.event_id, type = excluded.type, subject = excluded.subject,
        occurred_at = excluded.occurred_at, parked = excluded.parked, applied_at = now()
)
UPDATE inbox_cursor SET seq = $2, hash = $3, parked = $4, moved_at = now() WHERE producer = $1;

-- name: forget_trail
-- Keep the trail of a log short.
DELETE FROM inbox_trail WHERE producer = $1 AND seq <= $2;

-- name: adopt_epoch
-- Note the epoch that the applied history is known to belong to.
UPDATE inbox_cursor SET epoch = $2 WHERE producer = $1;
