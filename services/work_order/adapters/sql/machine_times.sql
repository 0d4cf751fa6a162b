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
