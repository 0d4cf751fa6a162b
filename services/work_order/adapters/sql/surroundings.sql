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
