-- name: equipment
-- What was said of work centers: how often their availability or sequence changed.
SELECT place, version FROM equipment WHERE place = ANY($1::text[]);

-- name: unavailable_places
-- Which of the places cannot be used and why, by what was said of them here or a hold on them.
SELECT place, unavailable AS reason FROM equipment WHERE unavailable IS NOT NULL AND place = ANY($1::text[])
UNION ALL
SELECT place, reason FROM hold CROSS JOIN LATERAL unnest(targets) AS target (place)
WHERE placed_at IS NOT NULL AND (released_at IS NULL OR released_at < placed_at)
    AND targets && $1::text[] AND place = ANY($1::text[]);

-- name: holds_on
-- Holds in force on any of the targets, those placed first first.
SELECT id, target, reason FROM hold CROSS JOIN LATERAL unnest(targets) AS held (target)
WHERE placed_at IS NOT NULL AND (released_at IS NULL OR released_at < placed_at)
    AND targets && $1::text[] AND target = ANY($1::text[])
ORDER BY placed_at, id;

-- name: before
-- The job orders of operations of work requests.
SELECT job_order.* FROM unnest($1::text[], $2::text[]) AS wanted (work_request, operation)
JOIN job_order ON job_order.work_request = wanted.work_request AND job_order.operation = wanted.operation
ORDER BY job_order.stored_seq;

-- name: masters
-- Versions of work masters.
SELECT work_master.* FROM unnest($1::text[], $2::int[]) AS wanted (id, version)
JOIN work_master ON work_master.id = wanted.id AND work_master.version = wanted.version;
