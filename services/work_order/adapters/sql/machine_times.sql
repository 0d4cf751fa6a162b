-- name: put_interval
-- A closed interval of a work unit, new or restated, in the place of whatever it overlaps; the job orders whose time that concerns.
-- Nothing happens where a later revision of it is known.
WITH known AS (
    SELECT revision, job_order FROM machine_interval WHERE unit = $1 AND start_at = $2
), displaced AS (
    DELETE FROM machine_interval
    WHERE unit = $1 AND start_at < $3 AND end_at > $2 AND start_at <> $2
        AND NOT EXISTS (SELECT FROM known WHERE revision > $6)
    RETURNING job_order
), put AS (
    INSERT INTO machine_interval (unit, start_at, end_at, element, job_order, revision)
    SELECT $1, $2, $3, $4, $5::text, $6 WHERE NOT EXISTS (SELECT FROM known WHERE revision > $6)
    ON CONFLICT (unit, start_at) DO UPDATE SET
        end_at = excluded.end_at, element = excluded.element, job_order = excluded.job_order, revision = excluded.revision
    RETURNING job_order
)
SELECT job_order FROM put UNION SELECT job_order FROM displaced
UNION SELECT job_order FROM known WHERE revision <= $6;

-- name: lock_orders
-- Job orders, locked until the transaction ends.
SELECT * FROM job_order WHERE id = ANY ($1::text[]) ORDER BY id FOR UPDATE;

-- name: times
-- How long each of some job orders had the machine, by element. Asked once they are locked, in a statement of its own, whose view of the
-- intervals is as new as the lock.
SELECT
    job_order,
    coalesce(sum(end_at - start_at) FILTER (WHERE element = 'AUST'), interval '0') AS setup,
    coalesce(sum(end_at - start_at) FILTER (WHERE element = 'ADET'), interval '0') AS delay,
    coalesce(sum(end_at - start_at) FILTER (WHERE element = 'APT'), interval '0') AS production
FROM machine_interval WHERE job_order = ANY ($1::text[]) GROUP BY job_order;

-- name: put_due
-- The response of a job order is to be restated in some seconds at the latest.
INSERT INTO machine_time_due (job_order, due_at, said_at, cause) VALUES ($1, now() + $2::interval, $3, $4)
ON CONFLICT (job_order) DO UPDATE SET
    due_at = least(machine_time_due.due_at, excluded.due_at), said_at = excluded.said_at, cause = excluded.cause;

-- name: due
-- Job orders whose response is to be restated now, those that have waited longest first.
SELECT job_order FROM machine_time_due WHERE due_at <= now() ORDER BY due_at LIMIT $1;

-- name: take_due
-- What is done about a job order now.
DELETE FROM machine_time_due WHERE job_order = $1 AND due_at <= now() RETURNING said_at, cause;
