-- What machines say of their states: now, and as the intervals that oee makes of it.

CREATE TABLE machine_state (
    place text PRIMARY KEY,
    state text NOT NULL,
    at timestamptz NOT NULL
) WITH (fillfactor = 50);
COMMENT ON TABLE machine_state IS 'What the output unit of a work center said last.';

CREATE TABLE machine_interval (
    unit text NOT NULL,
    start_at timestamptz NOT NULL,
    end_at timestamptz NOT NULL,
    element text NOT NULL,
    job_order text,
    revision integer NOT NULL,
    PRIMARY KEY (unit, start_at)
);
COMMENT ON TABLE machine_interval IS 'Closed intervals of the output units of work centers (ISO 22400-2 elements), the newest revision of each.';
CREATE INDEX machine_interval_of_order ON machine_interval (job_order);

CREATE INDEX job_order_end ON job_order (place, ended_at);
