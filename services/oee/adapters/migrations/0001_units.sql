-- What is remembered about work units, and what was said about them.

CREATE TABLE work_unit (
    path text PRIMARY KEY,
    document jsonb NOT NULL,
    emitted_until_ms bigint NOT NULL,
    saved_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON COLUMN work_unit.document IS 'The unit''s state (services.oee.domain.snapshot).';

CREATE TABLE unit_sample (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    path text NOT NULL,
    at_ms bigint NOT NULL,
    channel text NOT NULL,
    value numeric(20),
    ordinal integer NOT NULL,
    baseline boolean NOT NULL
);
CREATE INDEX unit_sample_path ON unit_sample (path, id);
COMMENT ON TABLE unit_sample IS 'Samples taken in since the unit''s document was saved.';

CREATE TABLE job_mark (
    path text NOT NULL,
    event_id uuid NOT NULL,
    at_ms bigint NOT NULL,
    ordinal bigint NOT NULL,
    job_order text NOT NULL,
    running boolean NOT NULL,
    ideal_cycle_s numeric,
    PRIMARY KEY (path, event_id)
);
CREATE INDEX job_mark_time ON job_mark (path, at_ms);
COMMENT ON TABLE job_mark IS 'Where job orders began and ceased to run, written in the transaction that applies the event.';

CREATE TABLE state_interval (
    path text NOT NULL,
    start_ms bigint NOT NULL,
    end_ms bigint NOT NULL,
    element text NOT NULL,
    reason text NOT NULL,
    job_order text,
    shift text,
    PRIMARY KEY (path, start_ms),
    CHECK (end_ms > start_ms)
);

CREATE TABLE kpi_window (
    path text NOT NULL,
    start_ms bigint NOT NULL,
    end_ms bigint NOT NULL,
    shift text NOT NULL,
    revision integer NOT NULL,
    status text NOT NULL,
    event_id uuid NOT NULL,
    payload json NOT NULL,
    PRIMARY KEY (path, start_ms)
);
CREATE INDEX kpi_window_time ON kpi_window (start_ms DESC, path);
