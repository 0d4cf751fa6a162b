-- The consumer's side: how far each log was applied, and what could not be.

CREATE TABLE inbox_cursor (
    producer text PRIMARY KEY,
    epoch uuid,
    seq bigint NOT NULL DEFAULT 0,
    hash text NOT NULL,
    parked integer NOT NULL DEFAULT 0 CHECK (parked >= 0),
    moved_at timestamptz NOT NULL DEFAULT now()
) WITH (fillfactor = 50);
COMMENT ON COLUMN inbox_cursor.parked IS 'Rows of parked_event: read with the lock, so that most events need no look there.';

CREATE TABLE parked_event (
    producer text NOT NULL REFERENCES inbox_cursor,
    seq bigint NOT NULL,
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
    hash text NOT NULL,
    reason text NOT NULL,
    attempts integer NOT NULL,
    parked_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (producer, seq)
);
CREATE INDEX parked_event_subject ON parked_event (producer, subject, seq);
COMMENT ON COLUMN parked_event.attempts IS '0 for an event that waits behind another one of its subject.';
