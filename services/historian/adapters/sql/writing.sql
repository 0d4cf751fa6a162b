-- name: make_partition
-- The partition of a day.
SELECT make_partition($1::date);

-- name: wait_briefly
-- For this transaction: do not wait for those who look after the tables.
SELECT set_config('lock_timeout', '100ms', true);

-- name: summarize
-- Let the index by position know what stands in the pages that have been filled; what it does not know of is read for each question.
SELECT sum(brin_summarize_new_values(inhrelid::regclass)) FROM pg_inherits JOIN pg_index ON indexrelid = inhrelid
WHERE inhparent = 'sample_by_position'::regclass AND indrelid = $1::text::regclass;

-- name: put_tags
-- Tags as they stand now, with their numbers.
INSERT INTO tag (digest, group_id, edge_node_id, device_id, metric, datatype, place, canonical, unit, is_machine)
SELECT * FROM unnest(
    $1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::smallint[], $7::text[], $8::text[], $9::text[], $10::boolean[]
)
ON CONFLICT (digest) DO UPDATE SET
    place = excluded.place, canonical = excluded.canonical, unit = excluded.unit, is_machine = excluded.is_machine
RETURNING digest, id;

-- name: take_positions
-- The position before the next $1 rows; whoever else writes waits until this transaction is over.
UPDATE journal SET position = position + $1, alive_ms = greatest(alive_ms, $2) RETURNING position - $1;

-- name: add_doubtful
-- Samples that may be there already.
INSERT INTO sample (position, at_ms, received_ms, whole, real, text, data, tag, occurrence, quality, marks)
SELECT * FROM unnest(
    $1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::double precision[], $6::text[], $7::bytea[], $8::integer[],
    $9::integer[], $10::smallint[], $11::smallint[]
)
ON CONFLICT DO NOTHING;

-- name: tell_again
-- What was taken for a beginning (1) or came with a snapshot (8) and is told again as history was measured before that: it is history,
-- and stands where history came, so that whoever has used the journal up to there is told. $5 and $6 bound the source times.
UPDATE sample SET position = told.position, marks = sample.marks & ~9 | 2
FROM unnest($1::bigint[], $2::bigint[], $3::integer[], $4::integer[]) AS told (position, at_ms, tag, occurrence)
WHERE sample.tag = told.tag AND sample.at_ms = told.at_ms AND sample.occurrence = told.occurrence
    AND sample.at_ms BETWEEN $5 AND $6 AND sample.marks & 9 <> 0;

-- name: add_notes
-- Births, deaths and losses of sources.
INSERT INTO note (position, kind, group_id, edge_node_id, device_id, at_ms, received_ms, bd_seq, reason, places, is_machine)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
ON CONFLICT DO NOTHING;

-- name: put_gap
-- A gap that began or ended.
INSERT INTO gap (reason, since_ms, until_ms, group_id, edge_node_id, lost) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (reason, since_ms, md5(group_id || chr(1) || edge_node_id)) DO UPDATE SET
    until_ms = coalesce(excluded.until_ms, gap.until_ms), lost = greatest(excluded.lost, gap.lost);

-- name: close_gaps
-- Whoever noted when these began is gone: they ended by now, or whoever hears of them notes them anew.
UPDATE gap SET until_ms = $1 WHERE until_ms IS NULL;

-- name: journal
-- The journal's id, the position of its last row, and when it was last alive.
SELECT id, position, alive_ms FROM journal;

-- name: alive
-- The historian hears the site.
UPDATE journal SET alive_ms = greatest(alive_ms, $1);
