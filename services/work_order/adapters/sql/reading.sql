-- name: active_job_orders
-- Job orders running or interrupted at any of the places.
SELECT * FROM job_order
WHERE place = ANY($1::text[]) AND state IN ('Running', 'Interrupted') AND removed IS NULL;

-- name: queued_job_orders
-- For each of the places the next job orders that have not begun, in order of dispatch.
SELECT queued.* FROM unnest($1::text[]) AS wanted (place)
CROSS JOIN LATERAL (
    SELECT * FROM job_order
    WHERE job_order.place = wanted.place AND state IN ('NotAllowedToStart', 'AllowedToStart') AND removed IS NULL
    ORDER BY rank, priority DESC, planned_start, stored_seq
    LIMIT $2
) AS queued;

-- name: queue_lengths
-- How many job orders have not begun at each of the places; places without any are missing.
SELECT place, count(*) AS length FROM job_order
WHERE place = ANY($1::text[]) AND state IN ('NotAllowedToStart', 'AllowedToStart') AND removed IS NULL
GROUP BY place;

-- name: page_in_dispatch_order
-- Job orders on the lists after a given one: those with an explicit rank first, then higher priority, then earlier planned start,
-- then stored earlier.
SELECT * FROM job_order
WHERE (removed IS NULL OR $9::boolean)
    AND ($1::text IS NULL OR place = $1 OR starts_with(place, $1 || '/'))
    AND ($2::text[] IS NULL OR state = ANY($2))
    AND ($3::text IS NULL OR work_request = $3)
    AND ($10::text IS NULL OR work_master = $10)
    AND ($6::text IS NULL OR work_master = $6 OR EXISTS (
        SELECT 1 FROM work_master AS made
        WHERE made.id = job_order.work_master AND made.version = job_order.work_master_version AND made.material = $6))
    AND ($7::timestamptz IS NULL OR ended_at IS NULL OR ended_at > $7)
    AND ($8::timestamptz IS NULL OR coalesce(begun_at, planned_start, stored_at) < $8)
    AND ($4::text IS NULL
        OR (coalesce(rank, 2147483647), -priority, coalesce(planned_start, 'infinity'), stored_seq)
        > (SELECT coalesce(last.rank, 2147483647), -last.priority, coalesce(last.planned_start, 'infinity'), last.stored_seq
           FROM job_order AS last WHERE last.id = $4))
ORDER BY rank, priority DESC, planned_start, stored_seq
LIMIT $5;

-- name: page_newest_first
-- Job orders on the lists before a given one, stored last first.
SELECT * FROM job_order
WHERE (removed IS NULL OR $9::boolean)
    AND ($1::text IS NULL OR place = $1 OR starts_with(place, $1 || '/'))
    AND ($2::text[] IS NULL OR state = ANY($2))
    AND ($3::text IS NULL OR work_request = $3)
    AND ($10::text IS NULL OR work_master = $10)
    AND ($6::text IS NULL OR work_master = $6 OR EXISTS (
        SELECT 1 FROM work_master AS made
        WHERE made.id = job_order.work_master AND made.version = job_order.work_master_version AND made.material = $6))
    AND ($7::timestamptz IS NULL OR ended_at IS NULL OR ended_at > $7)
    AND ($8::timestamptz IS NULL OR coalesce(begun_at, planned_start, stored_at) < $8)
    AND ($4::text IS NULL OR stored_seq < (SELECT last.stored_seq FROM job_order AS last WHERE last.id = $4))
ORDER BY stored_seq DESC
LIMIT $5;

-- name: job_order
-- One job order, on the lists or not.
SELECT * FROM job_order WHERE id = $1;

-- name: history
-- What the event log says of one job order, after a given position.
SELECT seq, type, occurred_at, recorded_at, actor, correlation, payload FROM event_log
WHERE subject = $1 AND seq > $2 AND job_order = $1
    AND ($4::text[] IS NULL OR type = ANY($4)) AND type <> ALL($5::text[])
    AND ($6::timestamptz IS NULL OR occurred_at >= $6) AND ($7::timestamptz IS NULL OR occurred_at < $7)
ORDER BY seq
LIMIT $3;

-- name: counts
-- What was made of a job order in stretches of equal length from an instant on, by reason; counts before it are in the first.
SELECT stretch, scrap_reason, rework_reason, sum(good) AS good, sum(scrap) AS scrap, sum(rework) AS rework, count(*) AS reports
FROM (
    SELECT greatest(floor(extract(epoch FROM occurred_at - $2) / $3), 0)::int AS stretch,
        payload ->> 'scrap_reason' AS scrap_reason, payload ->> 'rework_reason' AS rework_reason,
        (payload ->> 'good')::numeric AS good, (payload ->> 'scrap')::numeric AS scrap,
        coalesce((payload ->> 'rework')::numeric, 0) AS rework
    FROM event_log
    WHERE subject = $1 AND job_order = $1 AND type = 'QuantityReported'
) AS counted
GROUP BY stretch, scrap_reason, rework_reason
ORDER BY stretch, scrap_reason NULLS FIRST, rework_reason NULLS FIRST
OFFSET $4;

-- name: page_of_work_requests
-- Work requests after a given one, with how far their job orders are.
SELECT request.*, progress.* FROM work_request AS request
CROSS JOIN LATERAL (
    SELECT count(*) AS job_orders,
        count(*) FILTER (WHERE removed = 'Cancelled') AS cancelled,
        count(*) FILTER (WHERE state IN ('Running', 'Interrupted')) AS active,
        count(*) FILTER (WHERE state = 'Ended') AS ended,
        count(*) FILTER (WHERE state = 'Aborted') AS aborted
    FROM job_order WHERE job_order.work_request = request.id
) AS progress
WHERE ($1::text IS NULL OR stored_seq > (SELECT last.stored_seq FROM work_request AS last WHERE last.id = $1))
ORDER BY stored_seq
LIMIT $2;

-- name: work_request
-- One work request, with how far its job orders are.
SELECT request.*, progress.* FROM work_request AS request
CROSS JOIN LATERAL (
    SELECT count(*) AS job_orders,
        count(*) FILTER (WHERE removed = 'Cancelled') AS cancelled,
        count(*) FILTER (WHERE state IN ('Running', 'Interrupted')) AS active,
        count(*) FILTER (WHERE state = 'Ended') AS ended,
        count(*) FILTER (WHERE state = 'Aborted') AS aborted
    FROM job_order WHERE job_order.work_request = request.id
) AS progress
WHERE id = $1;

-- name: responses
-- The newest answers to a work request, the last of them first.
SELECT seq, type, occurred_at, recorded_at, actor, correlation, payload FROM event_log
WHERE subject = $1 AND type = 'WorkResponse'
ORDER BY seq DESC
LIMIT $2;

-- name: page_of_labor
-- Stretches of labor after a given one, by job order as stored and within it by clock-on.
SELECT stored_seq, number, id AS job_order, place, work_request, work_master, person, started_at, finished_at
FROM job_order
CROSS JOIN LATERAL unnest(labor_person, labor_start, labor_end)
    WITH ORDINALITY AS labor (person, started_at, finished_at, number)
WHERE ($1::text IS NULL OR (labor_person @> ARRAY[$1] AND person = $1))
    AND ($2::text IS NULL OR place = $2 OR starts_with(place, $2 || '/'))
    AND ($3::text IS NULL OR id = $3)
    AND ($4::timestamptz IS NULL OR finished_at IS NULL OR finished_at > $4)
    AND ($5::timestamptz IS NULL OR started_at < $5)
    AND (stored_seq, number) > ($6::bigint, $7::bigint)
ORDER BY stored_seq, number
LIMIT $8;

-- name: page_of_listings
-- The job list of a work center as it was at an instant, in order of dispatch, what ran first.
SELECT * FROM job_listing
WHERE place = $1 AND valid_from <= $2 AND (valid_until IS NULL OR valid_until > $2)
ORDER BY state NOT IN ('Running', 'Interrupted'), rank, priority DESC, planned_start, stored_seq
OFFSET $3 LIMIT $4;

-- name: wip
-- The job orders of work centers and operations, those that were cancelled left out, by place and operation; of a work request all, else
-- those that are not cleared.
SELECT * FROM job_order
WHERE removed IS DISTINCT FROM 'Cancelled'
    AND ($1::text IS NULL OR place = $1 OR starts_with(place, $1 || '/'))
    AND (work_request = $2 OR ($2::text IS NULL AND removed IS NULL))
ORDER BY place, operation, stored_seq;
