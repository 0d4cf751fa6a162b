-- name: next_bd_seq
-- One more CONNECT of an edge node.
INSERT INTO sparkplug_session (edge_node, bd_seq) VALUES ($1, 0)
ON CONFLICT (edge_node) DO UPDATE SET bd_seq = (sparkplug_session.bd_seq + 1) % 256
RETURNING bd_seq;
