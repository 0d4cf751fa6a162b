-- name: all_known
-- Every edge node that was ever born.
SELECT group_id, edge_node_id FROM known_node ORDER BY group_id, edge_node_id;

-- name: remember
-- Note births.
INSERT INTO known_node (group_id, edge_node_id)
SELECT * FROM unnest($1::text[], $2::text[])
ON CONFLICT (group_id, edge_node_id) DO UPDATE SET last_born = now();
