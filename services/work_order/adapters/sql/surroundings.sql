-- name: unavailable
-- Why a place or one above it cannot be used: what was said of it here, or a hold on it; no row where it can.
SELECT place, unavailable AS reason FROM equipment WHERE unavailable IS NOT NULL AND place = ANY($1::text[])
UNION ALL
SELECT place, reason FROM hold CROSS JOIN LATERAL unnest(targets) AS target (place)
WHERE placed_at IS NOT NULL AND (released_at IS NULL OR released_at < placed_at)
    AND targets && $1::text[] AND place = ANY($1::text[])
LIMIT 1;

-- name: holds_in_force
-- Holds in force on any of the targets, those placed first first.
SELECT id, target, reason FROM hold CROSS JOIN LATERAL unnest(targets) AS held (target)
WHERE placed_at IS NOT NULL AND (released_at IS NULL OR released_at < placed_at)
    AND targets && $1::text[] AND target = ANY($1::text[])
ORDER BY placed_at, id LIMIT 20;

-- name: job_orders_of_operations
-- The job orders of some operations of a work request.
SELECT * FROM job_order WHERE work_request = $1 AND operation = ANY($2::text[]) ORDER BY stored_seq;

-- name: job_orders_of_request
-- All job orders of a work request.
SELECT * FROM job_order WHERE work_request = $1 ORDER BY stored_seq;

-- name: lock_equipment
-- One transaction at a time changes availability or sequence of a place; also before it ever was.
SELECT pg_advisory_xact_lock(hashtextextended('equipment ' || $1, 0));

-- name: equipment_version
-- How often availability or sequence of a place changed.
SELECT version FROM equipment WHERE place = $1;

-- name: put_availability
-- Whether a place can be used.
INSERT INTO equipment (place, version, unavailable, changed_at) VALUES ($1, $2, $3, $4)
ON CONFLICT (place) DO UPDATE SET
    version = excluded.version, unavailable = excluded.unavailable, changed_at = excluded.changed_at;

-- name: put_equipment_version
-- The sequence of a place changed.
INSERT INTO equipment (place, version, changed_at) VALUES ($1, $2, $3)
ON CONFLICT (place) DO UPDATE SET version = excluded.version, changed_at = excluded.changed_at;

-- name: lock_queued
-- Job orders of a work center that have not begun, locked.
SELECT id FROM job_order
WHERE place = $1 AND state IN ('NotAllowedToStart', 'AllowedToStart') AND removed IS NULL
ORDER BY id FOR UPDATE;

-- name: put_ranks
-- The explicit sequence of a work center: its queued job orders get the ranks of their places in a list, or none.
UPDATE job_order SET rank = wanted.rank
FROM job_order AS queued LEFT JOIN unnest($2::text[]) WITH ORDINALITY AS wanted (id, rank) ON wanted.id = queued.id
WHERE job_order.id = queued.id AND queued.place = $1
    AND queued.state IN ('NotAllowedToStart', 'AllowedToStart') AND queued.removed IS NULL
    AND queued.rank IS DISTINCT FROM wanted.rank
RETURNING job_order.id;

-- name: close_listings
-- The job list says something else of these job orders from an instant on.
UPDATE job_listing SET valid_until = greatest(valid_from, $2)
WHERE job_order = ANY($1::text[]) AND valid_until IS NULL;

-- name: open_listings
-- What the job list says of these job orders from an instant on; nothing of those that are over or removed.
INSERT INTO job_listing (
    job_order, place, valid_from, rank, priority, planned_start, stored_seq, state, sub_state, hold, work_request,
    work_master, operation, quantity, unit, due
)
SELECT id, place, greatest($2, (
        SELECT max(valid_until) FROM job_listing WHERE job_listing.job_order = job_order.id)),
    rank, priority, planned_start, stored_seq, state, sub_state, hold, work_request, work_master, operation, quantity, unit, due
FROM job_order
WHERE id = ANY($1::text[]) AND removed IS NULL
    AND state IN ('NotAllowedToStart', 'AllowedToStart', 'Running', 'Interrupted');

-- name: place_hold
-- A hold was placed; of one that is known only what is newer counts.
INSERT INTO hold (id, targets, reason, placed_at) VALUES ($1, $2, $3, $4)
ON CONFLICT (id) DO UPDATE SET
    targets = excluded.targets, reason = excluded.reason, placed_at = greatest(hold.placed_at, excluded.placed_at);

-- name: release_hold
-- A hold was released, perhaps before we heard of it.
INSERT INTO hold (id, targets, reason, released_at) VALUES ($1, '{}', '', $2)
ON CONFLICT (id) DO UPDATE SET released_at = greatest(hold.released_at, excluded.released_at);
