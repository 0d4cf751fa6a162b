-- name: read_log_state
-- The log's epoch, last row and hand-over position.
SELECT h.epoch, e.previous_epoch, e.fork_seq, h.seq, h.hash, h.handed_over, e.system_identifier, e.timeline
FROM log_head h
JOIN log_epoch e USING (epoch);

-- name: lock_log
-- Let one transaction at a time open the log.
LOCK TABLE log_head IN SHARE ROW EXCLUSIVE MODE;

-- name: open_epoch
-- A new epoch, bound to this cluster; arguments are the epoch before it and the last shared seq, or nulls.
INSERT INTO log_epoch (epoch, previous_epoch, fork_seq, system_identifier, timeline)
SELECT gen_random_uuid(), $1::uuid, $2::bigint, s.system_identifier, c.timeline_id
FROM pg_control_system() s, pg_control_checkpoint() c
RETURNING epoch;

-- name: first_head
-- The empty log.
INSERT INTO log_head (epoch, hash) VALUES ($1, $2);

-- name: next_head
-- Go on in another epoch; what went to the broker before the fork need not be handed over again.
UPDATE log_head SET epoch = $1;
