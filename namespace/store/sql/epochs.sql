-- name: read_log_state
-- The log's epoch, last row and hand-over position; and the cluster it is in, beside the one it was opened in.
SELECT h.epoch, e.previous_epoch, e.fork_seq, h.seq, h.hash, h.handed_over, l.hash AS handed_over_hash,
    h.doubt_seq, h.restored_from, e.system_identifier, e.timeline,
    s.system_identifier AS found_system_identifier,
    ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::integer AS found_timeline
FROM log_head h
JOIN log_epoch e USING (epoch)
LEFT JOIN event_log l ON l.seq = h.handed_over
CROSS JOIN pg_control_system() s;

-- name: lock_log
-- Let one transaction at a time open the log.
LOCK TABLE log_head IN SHARE ROW EXCLUSIVE MODE;

-- name: lock_head
-- Nobody moves the log until this transaction ends.
SELECT FROM log_head FOR UPDATE;

-- name: open_epoch
-- A new epoch, bound to this cluster; with the epoch before it and the last shared seq, or nulls, the reason and what is lost.
INSERT INTO log_epoch (epoch, previous_epoch, fork_seq, system_identifier, timeline, reason, lost)
SELECT gen_random_uuid(), $1::uuid, $2::bigint, s.system_identifier,
    ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::integer, $3, $4::text::json
FROM pg_control_system() s
RETURNING epoch;

-- name: first_head
-- The empty log.
INSERT INTO log_head (epoch, hash) VALUES ($1, $2);

-- name: next_head
-- Go on in another epoch; what went to the broker before the fork need not be handed over again.
UPDATE log_head SET epoch = $1, restored_from = NULL;

-- name: continue_lost_epoch
-- An empty log that nobody has heard of yet continues one that this database never had.
UPDATE log_epoch SET previous_epoch = $2, fork_seq = 0, reason = $3, lost = $4::text::json WHERE epoch = $1;

-- name: doubt
-- Remember from where on the log has not been compared with what others have heard.
UPDATE log_head SET doubt_seq = seq WHERE doubt_seq IS NULL;

-- name: settle_doubt
-- The log was compared.
UPDATE log_head SET doubt_seq = NULL WHERE doubt_seq IS NOT NULL;

-- name: epochs
-- Every epoch of the log that this database knows.
SELECT epoch, previous_epoch, fork_seq, opened_at, reason, lost FROM log_epoch ORDER BY opened_at, fork_seq NULLS FIRST;

-- name: hashes
-- The hashes of some rows.
SELECT seq, hash FROM event_log WHERE seq = ANY ($1::bigint[]);
