-- name: try_lock_relay
-- Become the one relay of this schema's log for as long as the session lasts.
SELECT pg_try_advisory_lock(hashtextextended('uns relay ' || $1, 0));

-- name: waiting
-- Committed events that have no place in the log yet, in order of appending, cut by count and bytes.
SELECT *
FROM (
    SELECT o.*, sum(o.size) OVER (ORDER BY o.id) AS bytes
    FROM (SELECT * FROM outbox ORDER BY id LIMIT $1) o
) w
WHERE w.bytes <= $2
ORDER BY w.id;

-- name: move
-- Move events from the outbox into the log and the head with them; 0 if the head is not where the relay left it.
WITH head AS (
    UPDATE log_head
    SET seq = ($2::bigint[])[cardinality($2::bigint[])],
        hash = ($3::text[])[cardinality($3::text[])],
        handed_over = $7::bigint
    WHERE epoch = $4 AND seq = $5 AND hash = $6
    RETURNING seq
),
taken AS (
    DELETE FROM outbox
    WHERE id = ANY ($1::bigint[]) AND EXISTS (SELECT FROM head)
    RETURNING *
),
written AS (
    INSERT INTO event_log (
        seq, event_id, type, schema, occurred_at, recorded_at, scope, subject, job_order, lot, actor, correlation,
        causation, payload, size, hash
    )
    SELECT p.seq, t.event_id, t.type, t.schema, t.occurred_at, t.recorded_at, t.scope, t.subject, t.job_order,
        t.lot, t.actor, t.correlation, t.causation, t.payload, t.size, p.hash
    FROM unnest($1::bigint[], $2::bigint[], $3::text[]) AS p (id, seq, hash)
    JOIN taken t USING (id)
    RETURNING seq
)
SELECT count(*) FROM written;

-- name: save_handed_over
-- Remember how far the broker has taken the log.
UPDATE log_head SET handed_over = $1;

-- name: rows_after
-- Log rows that were not handed over yet, in order.
SELECT * FROM event_log WHERE seq > $1 ORDER BY seq LIMIT $2;
