-- Work masters; what work requests and job orders say of routes, due dates, holds and rework; holds and availability of places.

CREATE TABLE work_master (
    id text NOT NULL,
    version integer NOT NULL,
    state text NOT NULL,
    material text,
    effective_from timestamptz,
    effective_until timestamptz,
    document jsonb NOT NULL,
    stored_at timestamptz NOT NULL,
    PRIMARY KEY (id, version)
);
COMMENT ON TABLE work_master IS 'A version never changes but for its state.';

ALTER TABLE work_request
    ADD COLUMN due timestamptz,
    ADD COLUMN work_master text,
    ADD COLUMN quantity numeric,
    ADD COLUMN unit text;

ALTER TABLE job_order
    ADD COLUMN work_master_version integer,
    ADD COLUMN operation text,
    ADD COLUMN due timestamptz,
    ADD COLUMN customer_reference text,
    ADD COLUMN operator_declares boolean NOT NULL DEFAULT false,
    ADD COLUMN under_tolerance numeric,
    ADD COLUMN setup_s numeric,
    ADD COLUMN begins_by text NOT NULL DEFAULT 'command',
    ADD COLUMN completes_by text,
    ADD COLUMN predecessors jsonb NOT NULL DEFAULT '[]',
    ADD COLUMN split_from text,
    ADD COLUMN rework_of text,
    ADD COLUMN hold text,
    ADD COLUMN rework numeric NOT NULL DEFAULT 0,
    ADD COLUMN rework_ordered numeric NOT NULL DEFAULT 0,
    ADD COLUMN declared_good numeric NOT NULL DEFAULT 0,
    ADD COLUMN declared_scrap numeric NOT NULL DEFAULT 0,
    ADD COLUMN scrap_reasons jsonb NOT NULL DEFAULT '{}',
    ADD COLUMN rank integer,
    ADD COLUMN machine_setup interval,
    ADD COLUMN machine_delay interval,
    ADD COLUMN machine_production interval;
COMMENT ON COLUMN job_order.rank IS 'Place in the explicit sequence of its work center; orders without one come after those with one, by rule.';

CREATE INDEX job_order_sequence ON job_order (place, rank, priority DESC, planned_start, stored_seq)
    WHERE state IN ('NotAllowedToStart', 'AllowedToStart') AND removed IS NULL;
DROP INDEX job_order_queue;
CREATE INDEX job_order_of_operation ON job_order (work_request, operation);

CREATE TABLE hold (
    id text PRIMARY KEY,
    targets text[] NOT NULL,
    reason text NOT NULL,
    placed_at timestamptz,
    released_at timestamptz
);
COMMENT ON TABLE hold IS 'Holds that others placed on materials, lots, job orders or places; in force while placed and not released since.';
CREATE INDEX hold_in_force ON hold USING gin (targets)
    WHERE placed_at IS NOT NULL AND (released_at IS NULL OR released_at < placed_at);

CREATE TABLE equipment (
    place text PRIMARY KEY,
    version integer NOT NULL,
    unavailable text,
    changed_at timestamptz NOT NULL
);
COMMENT ON TABLE equipment IS 'Places whose availability or sequence was ever changed; version counts these changes.';
COMMENT ON COLUMN equipment.unavailable IS 'Why the place cannot be used; null where it can.';
