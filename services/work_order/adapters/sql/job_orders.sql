-- name: lock_job_order
-- A job order, locked until the transaction ends.
SELECT * FROM job_order WHERE id = $1 FOR UPDATE;

-- name: add_job_order
-- A new job order; no row where the id exists.
INSERT INTO job_order (
    id, version, state, sub_state, good, scrap, run_start, run_end, labor_person, labor_start, labor_end,
    begun_at, ended_at, responses, removed, hold, rework, rework_ordered, declared_good, declared_scrap,
    scrap_reasons, rank, machine_setup, machine_delay, machine_production, work_master, description, quantity,
    unit, priority, planned_start, planned_end, due, over_tolerance, under_tolerance, ideal_cycle_s, begins_by,
    completes_by, parameters, place, work_request, quantity_source, work_master_version, operation,
    predecessors, operator_declares, split_from, rework_of, customer_reference, setup_s, stored_at
) VALUES (
    $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23,
    $24, $25, $26, $27, $28, $29, $30, $31, $32, $33, $34, $35, $36, $37, $38, $39, $40, $41, $42, $43, $44,
    $45, $46, $47, $48, $49, $50, $51
) ON CONFLICT (id) DO NOTHING
RETURNING stored_seq;

-- name: save_job_order
-- Everything about a locked job order that may ever change.
UPDATE job_order SET
    version = $2, state = $3, sub_state = $4, good = $5, scrap = $6, run_start = $7, run_end = $8, labor_person
    = $9, labor_start = $10, labor_end = $11, begun_at = $12, ended_at = $13, responses = $14, removed = $15,
    hold = $16, rework = $17, rework_ordered = $18, declared_good = $19, declared_scrap = $20, scrap_reasons =
    $21, rank = $22, machine_setup = $23, machine_delay = $24, machine_production = $25, work_master = $26,
    description = $27, quantity = $28, unit = $29, priority = $30, planned_start = $31, planned_end = $32, due =
    $33, over_tolerance = $34, under_tolerance = $35, ideal_cycle_s = $36, begins_by = $37, completes_by = $38,
    parameters = $39
WHERE id = $1;

-- name: save_execution
-- What changes of a locked job order with an unchanged definition.
UPDATE job_order SET
    version = $2, state = $3, sub_state = $4, good = $5, scrap = $6, run_start = $7, run_end = $8, labor_person
    = $9, labor_start = $10, labor_end = $11, begun_at = $12, ended_at = $13, responses = $14, removed = $15,
    hold = $16, rework = $17, rework_ordered = $18, declared_good = $19, declared_scrap = $20, scrap_reasons =
    $21, rank = $22, machine_setup = $23, machine_delay = $24, machine_production = $25
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
    id, version, description, customer_reference, priority, planned_start, planned_end, due, work_master, quantity, unit,
    stored_at
) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
ON CONFLICT (id) DO UPDATE SET
    version = excluded.version, description = excluded.description,
    customer_reference = excluded.customer_reference, priority = excluded.priority,
    planned_start = excluded.planned_start, planned_end = excluded.planned_end, due = excluded.due,
    work_master = excluded.work_master, quantity = excluded.quantity, unit = excluded.unit;

-- name: answer_work_request
-- A work request is answered once more.
UPDATE work_request SET responses = responses + 1 WHERE id = $1 RETURNING responses;

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

-- name: machine_state
-- What the machine of a work center said last of its state.
SELECT state, at FROM machine_state WHERE place = $1;

-- name: put_machine_state
-- What the machine of a work center says of its state.
INSERT INTO machine_state (place, state, at) VALUES ($1, $2, $3)
ON CONFLICT (place) DO UPDATE SET state = excluded.state, at = excluded.at;

-- name: is_driven
-- Whether the machine's states begin or complete anything at a work center: the first permitted order of its job list, or one that runs.
SELECT EXISTS (
    SELECT 1 FROM (
        SELECT begins_by FROM job_order
        WHERE place = $1 AND state = 'AllowedToStart' AND removed IS NULL
        ORDER BY rank, priority DESC, planned_start, stored_seq
        LIMIT 1
    ) AS first WHERE begins_by = 'machine'
) OR EXISTS (
    SELECT 1 FROM job_order WHERE place = $1 AND state = 'Running' AND completes_by = 'machine' AND removed IS NULL
);

-- name: next_by_machine
-- The first permitted order of a job list, if the machine begins it, executes, and nothing runs there.
SELECT first.* FROM (
    SELECT id FROM job_order
    WHERE place = $1 AND state = 'AllowedToStart' AND removed IS NULL
    ORDER BY rank, priority DESC, planned_start, stored_seq
    LIMIT 1
) AS candidate
JOIN job_order AS first ON first.id = candidate.id
WHERE first.begins_by = 'machine'
    AND EXISTS (SELECT 1 FROM machine_state WHERE place = $1 AND machine_state.state = 'executes')
    AND NOT EXISTS (SELECT 1 FROM job_order WHERE place = $1 AND state = 'Running' AND removed IS NULL)
FOR UPDATE OF first;

-- name: running_by_machine
-- The running order of a work center that the machine completes, locked.
SELECT * FROM job_order
WHERE place = $1 AND state = 'Running' AND completes_by = 'machine' AND removed IS NULL
ORDER BY begun_at, id LIMIT 1 FOR UPDATE;

-- name: last_end
-- When a job order of a work center ended last.
SELECT max(ended_at) FROM job_order WHERE place = $1 AND begun_at IS NOT NULL;
