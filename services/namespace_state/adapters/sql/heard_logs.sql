-- name: all_heard
-- Everything that is remembered of event logs.
SELECT producer, epoch, seq, hash, heard_at FROM log_heard ORDER BY producer, heard_at, seq;

-- name: forget
-- What is remembered of some logs, to be written anew.
DELETE FROM log_heard WHERE producer = ANY ($1::text[]);

-- name: remember
-- What is remembered of some logs.
INSERT INTO log_heard (producer, epoch, seq, hash, heard_at)
SELECT * FROM unnest($1::text[], $2::uuid[], $3::bigint[], $4::text[], $5::timestamptz[]);
