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
-- Note the last row applied or parked, in the transaction that did it.
UPDATE inbox_cursor SET seq = $2, hash = $3, parked = $4, moved_at = now() WHERE producer = $1;

-- name: adopt_epoch
-- Note the epoch that the applied history is known to belong to.
UPDATE inbox_cursor SET epoch = $2 WHERE producer = $1;
