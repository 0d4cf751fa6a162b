-- name: interval
-- What is known of an interval.
SELECT revision, job_order FROM machine_interval WHERE unit = $1 AND start_at = $2;

-- name: put_interval
-- A closed interval of a work unit, new or restated.
INSERT INTO machine_interval (unit, start_at, end_at, element, job_order, revision) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (unit, start_at) DO UPDATE SET
    end_at = excluded.end_at, element = excluded.element, job_order = excluded.job_order, revision = excluded.revision;

-- name: displace_intervals
-- What an interval takes the place of, whole or in part.
DELETE FROM machine_interval WHERE unit = $1 AND start_at < $3 AND end_at > $2 AND start_at <> $2
RETURNING job_order;

-- name: times_of_order
-- How long a job order had the machine, by element.
SELECT element, sum(end_at - start_at) AS total FROM machine_interval WHERE job_order = $1 GROUP BY element;

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
