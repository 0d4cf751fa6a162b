-- Work requests, job orders with their stretches of running and labor, and the positions of counters.

CREATE TABLE work_request (
    id text PRIMARY KEY,
    stored_seq bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
    version integer NOT NULL,
    description text NOT NULL,
    customer_reference text,
    priority smallint NOT NULL,
    planned_start timestamptz,
    planned_end timestamptz,
    stored_at timestamptz NOT NULL
);

CREATE TABLE job_order (
    id text PRIMARY KEY,
    stored_seq bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
    version integer NOT NULL,
    place text NOT NULL,
    work_request text REFERENCES work_request,
    work_master text,
    description text NOT NULL,
    quantity numeric,
    unit text NOT NULL,
    priority smallint NOT NULL,
    planned_start timestamptz,
    planned_end timestamptz,
    quantity_source text NOT NULL,
    over_tolerance numeric NOT NULL,
    ideal_cycle_s numeric,
    parameters jsonb NOT NULL,
    state text NOT NULL,
    sub_state text,
    good numeric NOT NULL,
    scrap numeric NOT NULL,
    run_start timestamptz[] NOT NULL,
    run_end timestamptz[] NOT NULL,
    labor_person text[] NOT NULL,
    labor_start timestamptz[] NOT NULL,
    labor_end timestamptz[] NOT NULL,
    stored_at timestamptz NOT NULL,
    begun_at timestamptz,
    ended_at timestamptz,
    responses integer NOT NULL,
    removed text,
    CHECK (cardinality(run_start) = cardinality(run_end)),
    CHECK (cardinality(labor_person) = cardinality(labor_start) AND cardinality(labor_start) = cardinality(labor_end))
) WITH (fillfactor = 80);
COMMENT ON COLUMN job_order.run_end IS 'Ends of the stretches in run_start, null while one lasts; an order and its stretches are one row, read and locked as one.';
COMMENT ON COLUMN job_order.begun_at IS 'The first of run_start, for the indexes.';

CREATE INDEX job_order_queue ON job_order (place, priority DESC, planned_start, stored_seq)
    WHERE state IN ('NotAllowedToStart', 'AllowedToStart') AND removed IS NULL;
CREATE INDEX job_order_active ON job_order (place)
    WHERE state IN ('Running', 'Interrupted') AND removed IS NULL;
CREATE INDEX job_order_counted ON job_order (place, ended_at)
    WHERE quantity_source = 'counter' AND begun_at IS NOT NULL AND removed IS NULL;
CREATE INDEX job_order_of_request ON job_order (work_request, stored_seq);
CREATE INDEX job_order_labor ON job_order USING gin (labor_person);

CREATE TABLE counter_position (
    place text NOT NULL,
    counter text NOT NULL,
    value numeric NOT NULL,
    at timestamptz NOT NULL,
    unattributed numeric NOT NULL,
    PRIMARY KEY (place, counter)
) WITH (fillfactor = 50);
COMMENT ON COLUMN counter_position.unattributed IS 'Units counted while no order, or more than one, ran there.';
