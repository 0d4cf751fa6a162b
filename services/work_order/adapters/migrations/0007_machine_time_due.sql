-- Job orders whose response is to be restated because of their machine's time, and when.

CREATE TABLE machine_time_due (
    job_order text PRIMARY KEY,
    due_at timestamptz NOT NULL,
    said_at timestamptz NOT NULL,
    cause uuid NOT NULL
);
COMMENT ON TABLE machine_time_due IS 'Over, and an interval of their machine became known since: small pieces of late news are gathered into one restatement.';
CREATE INDEX machine_time_due_time ON machine_time_due (due_at);
