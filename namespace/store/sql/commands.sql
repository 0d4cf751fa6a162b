-- name: claim
-- Take a command that was never seen; waits for a transaction that is at it, null if it was carried out.
INSERT INTO command_response (command_id, digest) VALUES ($1, $2)
ON CONFLICT (command_id) DO NOTHING
RETURNING command_id;

-- name: stored_response
-- The answer that a command was given.
SELECT digest, response FROM command_response WHERE command_id = $1;

-- name: store_response
-- Keep the answer with the effect.
UPDATE command_response SET response = $2::text::json WHERE command_id = $1;
