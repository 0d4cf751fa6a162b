-- How far each event log was heard, so that a producer whose database was restored can be told.

CREATE TABLE log_heard (
    producer text NOT NULL,
    epoch uuid NOT NULL,
    seq bigint NOT NULL,
    hash text,
    heard_at timestamptz NOT NULL,
    PRIMARY KEY (producer, epoch, seq)
);
COMMENT ON TABLE log_heard IS 'More than one row an epoch where what was heard in between was not, so that nothing later proves the earlier one.';
