-- name: trail
-- The rows taken from a log beyond a seq, in order, as many as asked for.
SELECT seq, hash, event_id, type, subject, occurred_at, parked, applied_at
FROM inbox_trail
WHERE producer = $1 AND seq > $2
ORDER BY seq
LIMIT $3;

-- name: trail_at
-- The newest row of the trail at or before a seq, which another history may share.
SELECT seq, hash FROM inbox_trail WHERE producer = $1 AND seq <= $2 ORDER BY seq DESC LIMIT 1;

-- name: trail_begin
-- The oldest row of the trail.
SELECT min(seq) FROM inbox_trail WHERE producer = $1;

-- name: return_to
-- Go on after the last shared row, in the producer's epoch.
UPDATE inbox_cursor SET seq = $2, hash = $3, epoch = $4, parked = $5, moved_at = now() WHERE producer = $1;

-- name: drop_trail
-- Rows of the history that was left are kept in the acceptance alone.
DELETE FROM inbox_trail WHERE producer = $1 AND seq > $2;

-- name: drop_parked
-- Parked events of the history that was left will never be driven: their producer does not know them.
DELETE FROM parked_event WHERE producer = $1 AND seq > $2;

-- name: count_parked
-- Parked events of a log.
SELECT count(*) FROM parked_event WHERE producer = $1;

-- name: record
-- Who accepted the fork, why, and what stays in effect.
INSERT INTO accepted_fork (
    producer, actor, reason, left_seq, left_hash, left_epoch, fork_seq, fork_hash, epoch, beyond
) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10::text::json);

-- name: accepted
-- Forks that were accepted, the newest first.
SELECT producer, accepted_at, actor, reason, left_seq, left_hash, left_epoch, fork_seq, fork_hash, epoch, beyond
FROM accepted_fork
ORDER BY id DESC
LIMIT $1;
