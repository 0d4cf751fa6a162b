-- The producer's side: events wait in the outbox of their transaction; the relay moves them into the log.

CREATE TABLE outbox (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    event_id uuid NOT NULL,
    type text NOT NULL,
    schema text NOT NULL,
    occurred_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT date_trunc('milliseconds', clock_timestamp()),
    scope text NOT NULL,
    subject text NOT NULL,
    job_order text,
    lot text,
    actor text,
    correlation text,
    causation text,
    payload json NOT NULL,
    size integer NOT NULL
);
COMMENT ON COLUMN outbox.id IS 'Order of appending; rolled back transactions leave holes, so it is never shown.';

CREATE TABLE event_log (
    seq bigint PRIMARY KEY CHECK (seq > 0),
    event_id uuid NOT NULL,
    type text NOT NULL,
    schema text NOT NULL,
    occurred_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    scope text NOT NULL,
    subject text NOT NULL,
    job_order text,
    lot text,
    actor text,
    correlation text,
    causation text,
    payload json NOT NULL,
    size integer NOT NULL,
    hash text NOT NULL
);
CREATE INDEX event_log_subject ON event_log (subject, seq);
COMMENT ON COLUMN event_log.size IS 'Bytes as a row on the wire; pages and batches are cut by it.';

CREATE FUNCTION refuse_change_of_event_log() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the event log is append-only: % refused', TG_OP
        USING HINT = 'Correct by appending an event.', ERRCODE = 'insufficient_privilege';
END
$$;
CREATE TRIGGER event_log_is_append_only BEFORE UPDATE OR DELETE ON event_log
    FOR EACH ROW EXECUTE FUNCTION refuse_change_of_event_log();
CREATE TRIGGER event_log_is_never_emptied BEFORE TRUNCATE ON event_log
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_event_log();

CREATE TABLE log_epoch (
    epoch uuid PRIMARY KEY,
    opened_at timestamptz NOT NULL DEFAULT now(),
    previous_epoch uuid REFERENCES log_epoch,
    fork_seq bigint,
    system_identifier bigint NOT NULL,
    timeline integer NOT NULL,
    CHECK ((previous_epoch IS NULL) = (fork_seq IS NULL))
);
COMMENT ON COLUMN log_epoch.system_identifier IS 'Cluster that the epoch was opened in; another one means a restored copy.';

CREATE TABLE log_head (
    single boolean PRIMARY KEY DEFAULT true CHECK (single),
    epoch uuid NOT NULL REFERENCES log_epoch,
    seq bigint NOT NULL DEFAULT 0,
    hash text NOT NULL,
    handed_over bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 50);
COMMENT ON COLUMN log_head.handed_over IS 'Highest seq known to have gone to the broker; written lazily, so possibly too low.';
