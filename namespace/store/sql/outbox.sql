-- name: append
-- Write events in the order of the arrays: ids follow it.
INSERT INTO outbox (
    event_id, type, schema, occurred_at, scope, subject, job_order, lot, actor, correlation, causation, payload,
    size
)
SELECT e.event_id, e.type, e.schema, e.occurred_at, e.scope, e.subject, e.job_order, e.lot, e.actor,
    e.correlation, e.causation, e.payload::json, e.size
FROM unnest(
    $1::uuid[], $2::text[], $3::text[], $4::timestamptz[], $5::text[], $6::text[], $7::text[], $8::text[],
    $9::text[], $10::text[], $11::text[], $12::text[], $13::integer[]
) WITH ORDINALITY AS e (
    event_id, type, schema, occurred_at, scope, subject, job_order, lot, actor, correlation, causation, payload,
    size, position
)
ORDER BY e.position;

-- name: notify
-- Wake the relay of another process once this transaction is committed.
SELECT pg_notify($1, '');
