-- The journal: samples in one partition a day of source time, births and deaths, gaps, and the dictionary of tags.

CREATE TABLE journal (
    single boolean PRIMARY KEY DEFAULT true CHECK (single),
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    position bigint NOT NULL DEFAULT 0,
    alive_ms bigint
) WITH (fillfactor = 50);
COMMENT ON COLUMN journal.position IS 'Position of the last row; moved in the transaction that writes the rows, by one writer at a time.';
COMMENT ON COLUMN journal.alive_ms IS 'When the historian last heard the site, ms since the epoch.';
INSERT INTO journal DEFAULT VALUES;

CREATE TABLE tag (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    digest uuid NOT NULL UNIQUE,
    group_id text NOT NULL,
    edge_node_id text NOT NULL,
    device_id text NOT NULL,
    metric text NOT NULL,
    datatype smallint NOT NULL,
    place text,
    canonical text NOT NULL,
    unit text,
    is_machine boolean NOT NULL,
    first_seen timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX tag_place ON tag (place text_pattern_ops) WHERE place IS NOT NULL;
CREATE INDEX tag_source ON tag (left(group_id, 200), left(edge_node_id, 200));
COMMENT ON COLUMN tag.digest IS 'Of group, edge node, device, metric and data type, which may be too long for an index.';
COMMENT ON COLUMN tag.is_machine IS 'Placed by a mapping rule of the site, so it belongs to what a service catches up on.';

CREATE TABLE sample (
    position bigint NOT NULL,
    at_ms bigint NOT NULL,
    received_ms bigint NOT NULL,
    whole bigint,
    real double precision,
    text text,
    data bytea,
    tag integer NOT NULL,
    occurrence integer NOT NULL,
    quality smallint NOT NULL,
    marks smallint NOT NULL
) PARTITION BY RANGE (at_ms);
CREATE UNIQUE INDEX sample_identity ON sample (tag, at_ms, occurrence);
CREATE INDEX sample_by_time ON sample USING brin (at_ms) WITH (pages_per_range = 32, autosummarize = on);
CREATE INDEX sample_by_position ON sample USING brin (position) WITH (pages_per_range = 32, autosummarize = on);
COMMENT ON COLUMN sample.data IS 'A Sparkplug payload of one metric, for values without a plainer form.';
COMMENT ON COLUMN sample.occurrence IS 'Made of the value: tells samples of one tag with one source time apart, so that one that is resent is the same.';
COMMENT ON COLUMN sample.marks IS '1 first birth of a session, 2 historical, 4 in a birth, 8 from a snapshot.';

CREATE TABLE sample_elsewhen PARTITION OF sample DEFAULT;
COMMENT ON TABLE sample_elsewhen IS 'Source times so far from the present that no partition is made for them.';

CREATE TABLE note (
    position bigint PRIMARY KEY,
    kind text NOT NULL,
    group_id text NOT NULL,
    edge_node_id text NOT NULL,
    device_id text NOT NULL,
    at_ms bigint NOT NULL,
    received_ms bigint NOT NULL,
    bd_seq integer,
    reason text NOT NULL,
    places text[] NOT NULL,
    is_machine boolean NOT NULL
);
CREATE UNIQUE INDEX note_identity
    ON note (md5(group_id || chr(1) || edge_node_id || chr(1) || device_id), kind, at_ms, received_ms);

CREATE TABLE gap (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    reason text NOT NULL,
    since_ms bigint NOT NULL,
    until_ms bigint,
    group_id text NOT NULL,
    edge_node_id text NOT NULL,
    lost bigint NOT NULL
);
CREATE UNIQUE INDEX gap_identity ON gap (reason, since_ms, md5(group_id || chr(1) || edge_node_id));

CREATE FUNCTION make_partition(day date) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    name text := 'sample_' || to_char(day, 'YYYYMMDD');
    first_ms bigint := extract(epoch FROM day)::bigint * 1000;
    next_ms bigint := first_ms + 86400000;
BEGIN
    IF to_regclass(name) IS NOT NULL THEN
        RETURN false;
    END IF;
    EXECUTE format('CREATE TABLE %I (LIKE sample INCLUDING DEFAULTS)', name);
    EXECUTE format(
        'WITH moved AS (DELETE FROM sample_elsewhen WHERE at_ms >= %s AND at_ms < %s RETURNING *) INSERT INTO %I SELECT * FROM moved',
        first_ms, next_ms, name
    );
    EXECUTE format('ALTER TABLE sample ATTACH PARTITION %I FOR VALUES FROM (%s) TO (%s)', name, first_ms, next_ms);
    RETURN true;
END
$$;
COMMENT ON FUNCTION make_partition IS 'Makes the partition of a day of source time (UTC); takes over what had been put elsewhere. False where it is there.';
