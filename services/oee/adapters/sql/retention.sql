-- name: forget_window_samples
-- What final windows of a unit were judged from, of those that ended long ago.
UPDATE kpi_window SET samples = NULL
WHERE path = $1 AND start_ms < $2 AND end_ms <= $2 AND status = 'final' AND samples IS NOT NULL;

-- name: forget_intervals
-- The state log of a unit, as far as it ended long ago.
DELETE FROM state_interval WHERE path = $1 AND start_ms < $2 AND end_ms <= $2;

-- name: forget_marks
-- Beginnings and ends of job orders at a unit long ago, except the beginnings of those that still run.
DELETE FROM job_mark AS mark
WHERE path = $1 AND at_ms < $2 AND (
    NOT running OR EXISTS (
        SELECT FROM job_mark AS later
        WHERE later.path = mark.path AND later.job_order = mark.job_order
            AND (later.at_ms, later.ordinal) > (mark.at_ms, mark.ordinal)
    )
);
