-- The job list of every work center through time.

CREATE TABLE job_listing (
    job_order text NOT NULL,
    place text NOT NULL,
    valid_from timestamptz NOT NULL,
    valid_until timestamptz,
    rank integer,
    priority smallint NOT NULL,
    planned_start timestamptz,
    stored_seq bigint NOT NULL,
    state text NOT NULL,
    sub_state text,
    hold text,
    work_request text,
    work_master text,
    operation text,
    quantity numeric,
    unit text NOT NULL,
    due timestamptz
);
COMMENT ON TABLE job_listing IS 'What the job list said of a job order, half-open in business time; valid_until is null while it says so.';

CREATE INDEX job_listing_now ON job_listing (job_order) WHERE valid_until IS NULL;
CREATE INDEX job_listing_order ON job_listing (job_order, valid_until);
CREATE INDEX job_listing_place ON job_listing (place, valid_from);

INSERT INTO job_listing
SELECT id, place, coalesce(run_start[1], stored_at), NULL, rank, priority, planned_start, stored_seq, state, sub_state, hold,
    work_request, work_master, operation, quantity, unit, due
FROM job_order
WHERE removed IS NULL AND state IN ('NotAllowedToStart', 'AllowedToStart', 'Running', 'Interrupted');
