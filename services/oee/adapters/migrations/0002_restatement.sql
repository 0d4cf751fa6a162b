-- Reasons, sources and revisions of intervals; what final windows are restated by; the words of persons.

ALTER TABLE state_interval
    ADD COLUMN source text NOT NULL DEFAULT 'machine',
    ADD COLUMN reason_code text,
    ADD COLUMN stop_reason bigint,
    ADD COLUMN material text,
    ADD COLUMN minor_stop boolean NOT NULL DEFAULT false,
    ADD COLUMN revision integer NOT NULL DEFAULT 1;

ALTER TABLE job_mark ADD COLUMN material text;

ALTER TABLE kpi_window
    ADD COLUMN shift_date text NOT NULL DEFAULT '',
    ADD COLUMN parts jsonb NOT NULL DEFAULT '[]',
    ADD COLUMN samples jsonb,
    ADD COLUMN fingerprint text NOT NULL DEFAULT '';
COMMENT ON COLUMN kpi_window.parts IS 'Elements and counts by job order and ideal cycle, to be summed before any division.';
COMMENT ON COLUMN kpi_window.samples IS 'What a final window was judged from (services.oee.domain.snapshot), to restate it by.';

CREATE TABLE window_revision (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    path text NOT NULL,
    start_ms bigint NOT NULL,
    revision integer NOT NULL,
    status text NOT NULL,
    payload json NOT NULL,
    UNIQUE (path, start_ms, revision, status)
);
COMMENT ON TABLE window_revision IS 'Everything that was ever said about a window.';

CREATE TABLE word (
    id text PRIMARY KEY,
    path text NOT NULL,
    kind text NOT NULL,
    document jsonb NOT NULL,
    actor text NOT NULL,
    why text NOT NULL,
    said_ms bigint NOT NULL,
    is_taken boolean NOT NULL DEFAULT false
);
CREATE INDEX word_untaken ON word (path) WHERE NOT is_taken;
COMMENT ON TABLE word IS 'What persons said about a unit: classifications, ideal cycles, restatements; taken once the unit was judged with it.';
