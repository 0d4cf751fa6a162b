-- name: lock_job_order
-- A job order, locked until the transaction ends.
SELECT * FROM job_order WHERE id = $1 FOR UPDATE;

-- name: add_job_order
-- A new job order; no row where the id exists.
INSERT INTO job_order (
    id, version, place, work_request, work_master, description, quantity, unit, priority, planned_start,
    planned_end, quantity_source, over_tolerance, ideal_cycle_s, parameters, state, sub_state, good, scrap,
    run_start, run_end, labor_person, labor_start, labor_end, stored_at, begun_at, ended_at, responses, removed
) VALUES (
    $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24,
    $25, $26, $27, $28, $29
) ON CONFLICT (id) DO NOTHING
RETURNING stored_seq;

-- name: save_job_order
-- Everything about a locked job order that may change before it begins.
UPDATE job_order SET
    version = $2, work_master = $5, description = $6, quantity = $7, unit = $8, priority = $9, planned_start = $10,
    planned_end = $11, over_tolerance = $13, ideal_cycle_s = $14, parameters = $15, state = $16, sub_state = $17,
    good = $18, scrap = $19, run_start = $20, run_end = $21, labor_person = $22, labor_start = $23, labor_end = $24,
    begun_at = $26, ended_at = $27, responses = $28, removed = $29
WHERE id = $1 AND place = $3 AND work_request IS NOT DISTINCT FROM $4 AND quantity_source = $12 AND stored_at = $25;

-- name: save_execution
-- What changes of a locked job order with an unchanged definition.
UPDATE job_order SET
    version = $2, state = $3, sub_state = $4, good = $5, scrap = $6, run_start = $7, run_end = $8,
    labor_person = $9, labor_start = $10, labor_end = $11, begun_at = $12, ended_at = $13, responses = $14, removed = $15
WHERE id = $1;

-- name: lock_work_center
-- One transaction at a time decides which job order runs at a work center.
SELECT pg_advisory_xact_lock(hashtextextended('work center ' || $1, 0));

-- name: running_job_order
-- A job order that runs at a work center.
SELECT id FROM job_order
WHERE place = $1 AND state = 'Running' AND removed IS NULL
ORDER BY begun_at, id LIMIT 1;

-- name: lock_work_request
-- A work request, locked until the transaction ends; job orders may still refer to it.
SELECT * FROM work_request WHERE id = $1 FOR NO KEY UPDATE;

-- name: has_work_request
-- Whether a work request is stored.
SELECT EXISTS (SELECT 1 FROM work_request WHERE id = $1);

-- name: put_work_request
-- A new or changed work request.
INSERT INTO work_request (
    id, version, description, customer_reference, priority, planned_start, planned_end, stored_at
) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT (id) DO UPDATE SET
    version = excluded.version, description = excluded.description,
    customer_reference = excluded.customer_reference, priority = excluded.priority,
    planned_start = excluded.planned_start, planned_end = excluded.planned_end;

-- name: lock_counters
-- One transaction at a time applies the counts of a work center; also before there is any position.
SELECT pg_advisory_xact_lock(hashtextextended('counters ' || $1, 0));

-- name: counter_positions
-- Where the counters of a work center were when last applied.
SELECT counter, value, at, unattributed FROM counter_position WHERE place = $1;

-- name: put_counter_position
-- Where a counter is now.
INSERT INTO counter_position (place, counter, value, at, unattributed) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (place, counter) DO UPDATE SET
    value = excluded.value, at = excluded.at, unattributed = excluded.unattributed;

-- name: counted_job_orders
-- Job orders that may own counts of a work center from an instant on, locked.
SELECT * FROM job_order
WHERE place = $1 AND quantity_source = 'counter' AND begun_at IS NOT NULL AND removed IS NULL
    AND (ended_at IS NULL OR ended_at >= $2)
ORDER BY id FOR UPDATE;
