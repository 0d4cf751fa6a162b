-- name: tags_of
-- Tags by place (with what is below), edge node, device and metric name.
SELECT id, group_id, edge_node_id, device_id, metric, datatype, place, canonical, unit FROM tag
WHERE id > $6
    AND ($1::text IS NULL OR place = $1 OR starts_with(place, $1 || '/'))
    AND ($2::text IS NULL OR (group_id = $2 AND edge_node_id = $3))
    AND ($4::text IS NULL OR device_id = $4)
    AND (cardinality($5::text[]) = 0 OR canonical = ANY ($5) OR metric = ANY ($5))
ORDER BY id LIMIT $7;

-- name: samples_of
-- Samples of tags in order of source time, from a position in that order on.
SELECT found.* FROM unnest($1::integer[]) AS wanted (tag) CROSS JOIN LATERAL (
    SELECT at_ms, tag, occurrence, received_ms, whole, real, text, data, quality, marks FROM sample
    WHERE sample.tag = wanted.tag AND at_ms >= $2 AND at_ms < $3 AND (at_ms, tag, occurrence) > ($4, $5, $6)
    ORDER BY at_ms, occurrence LIMIT $7
) AS found
ORDER BY at_ms, tag, occurrence LIMIT $7;

-- name: gaps_of
-- Gaps, the newest first.
SELECT id, reason, since_ms, until_ms, group_id, edge_node_id, lost FROM gap
WHERE id < $1 AND (until_ms IS NULL OR until_ms > $2) AND since_ms < $3
    AND ($4::text IS NULL OR group_id = '' OR (group_id = $4 AND edge_node_id = $5))
ORDER BY id DESC LIMIT $6;

-- name: machine_tags
-- Tags whose samples a service catches up on.
SELECT id, place, canonical, datatype FROM tag
WHERE is_machine AND (cardinality($1::text[]) = 0 OR canonical = ANY ($1));

-- name: by_position
-- For this transaction: look through the index by position, whatever the statistics of a partition that grows by thousands a second say.
SELECT set_config('enable_seqscan', 'off', true), set_config('max_parallel_workers_per_gather', '0', true);

-- name: missed_samples
-- Samples of tags between two positions; `tag + 0` keeps the planner from the index by tag, which knows no positions.
SELECT position, tag, at_ms, received_ms, whole, real, text, data, marks FROM sample
WHERE position > $1 AND position <= $2 AND tag + 0 = ANY ($3::integer[]) AND marks & 8 = 0
ORDER BY position LIMIT $4;

-- name: missed_notes
-- Births, deaths and losses of machines between two positions.
SELECT position, kind, group_id, edge_node_id, device_id, bd_seq, at_ms, received_ms, reason, places FROM note
WHERE position > $1 AND position <= $2 AND is_machine
ORDER BY position LIMIT $3;
