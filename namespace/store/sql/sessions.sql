-- name: next_bd_seq
-- One more CONNECT of an edge node.
INSERT INTO sparkplug_session (edge_node, bd_seq) VALUES ($1, 0)
ON CONFLICT (edge_node) DO UPDATE SET bd_seq = (sparkplug_session.bd_seq + 1) % 256
RETURNING bd_seq;

-- name: machine_sessions
-- The last session of every machine's edge node that was used.
SELECT edge_node, bd_seq FROM machine_session;

-- name: note_machine_sessions
-- Sessions whose births have been used.
INSERT INTO machine_session (edge_node, bd_seq) SELECT * FROM unnest($1::text[], $2::smallint[])
ON CONFLICT (edge_node) DO UPDATE SET bd_seq = excluded.bd_seq, noted_at = now();
