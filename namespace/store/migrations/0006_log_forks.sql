-- A restored database is noticed, what a restore took away is written down, and a fork is accepted by name.

ALTER TABLE log_head ADD COLUMN doubt_seq bigint, ADD COLUMN restored_from text;
COMMENT ON COLUMN log_head.doubt_seq IS 'Last row at the first start since which nobody could be asked whether the log was longer; null when all is known.';
COMMENT ON COLUMN log_head.restored_from IS 'Backup that this schema was restored from, until the next start opens an epoch for it.';

ALTER TABLE log_epoch
    ADD COLUMN reason text NOT NULL DEFAULT 'the log began',
    ADD COLUMN lost json NOT NULL DEFAULT '[]',
    DROP CONSTRAINT log_epoch_previous_epoch_fkey;
COMMENT ON COLUMN log_epoch.previous_epoch IS 'May be one that only others remember: a database that was lost altogether begins a log anew.';
COMMENT ON COLUMN log_epoch.lost IS 'What others had heard of the log and this database does not have: epoch, seq, hash.';

CREATE TABLE inbox_trail (
    producer text NOT NULL,
    seq bigint NOT NULL,
    hash text NOT NULL,
    event_id uuid NOT NULL,
    type text NOT NULL,
    subject text NOT NULL,
    occurred_at timestamptz NOT NULL,
    parked boolean NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (producer, seq)
);
COMMENT ON TABLE inbox_trail IS 'The last rows taken from each log: where a fork is, and what was applied beyond it, is read here.';

CREATE TABLE accepted_fork (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    producer text NOT NULL,
    accepted_at timestamptz NOT NULL DEFAULT now(),
    actor text NOT NULL,
    reason text NOT NULL,
    left_seq bigint NOT NULL,
    left_hash text NOT NULL,
    left_epoch uuid,
    fork_seq bigint NOT NULL,
    fork_hash text NOT NULL,
    epoch uuid NOT NULL,
    beyond json NOT NULL
);
COMMENT ON COLUMN accepted_fork.beyond IS 'What had been taken from the history that was left: seq, event, whether it was applied or only parked.';
