-- name: park
-- Keep an event that cannot be applied now; the cursor's count of parked events moves with the cursor.
INSERT INTO parked_event (
    producer, seq, event_id, type, schema, occurred_at, scope, subject, job_order, lot, actor, correlation,
    causation, payload, recorded_at, hash, reason, attempts
)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14::text::json, $15, $16, $17, $18);

-- name: parked_subjects
-- Subjects that have parked events of a log.
SELECT DISTINCT subject FROM parked_event WHERE producer = $1;

-- name: parked_events
-- Parked events of a log, oldest first.
SELECT * FROM parked_event WHERE producer = $1 ORDER BY seq LIMIT $2;

-- name: first_parked
-- The event that a subject waits for.
SELECT * FROM parked_event WHERE producer = $1 AND subject = $2 ORDER BY seq LIMIT 1;

-- name: reject_again
-- Count another vain attempt.
UPDATE parked_event SET reason = $3, attempts = attempts + 1 WHERE producer = $1 AND seq = $2;

-- name: release
-- Take an applied event out, and the cursor's count with it.
WITH released AS (DELETE FROM parked_event WHERE producer = $1 AND seq = $2 RETURNING seq)
UPDATE inbox_cursor SET parked = parked - (SELECT count(*) FROM released) WHERE producer = $1;
