-- name: find_user
-- One user.
SELECT user_id, display_name, role, password_hash, disabled FROM console_user WHERE user_id = $1;

-- name: all_users
-- Every user by id.
SELECT user_id, display_name, role, password_hash, disabled FROM console_user ORDER BY user_id;

-- name: put_user
-- Add a user or overwrite it.
INSERT INTO console_user (user_id, display_name, role, password_hash, disabled)
VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (user_id) DO UPDATE SET
    display_name = excluded.display_name,
    role = excluded.role,
    password_hash = excluded.password_hash,
    disabled = excluded.disabled,
    changed_at = now();

-- name: find_session
-- One session.
SELECT token_hash, user_id, csrf_token, started_at, last_seen_at FROM console_session WHERE token_hash = $1;

-- name: put_session
-- Add a session or note its last use.
INSERT INTO console_session (token_hash, user_id, csrf_token, started_at, last_seen_at)
VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (token_hash) DO UPDATE SET last_seen_at = excluded.last_seen_at;

-- name: remove_session
-- End one session.
DELETE FROM console_session WHERE token_hash = $1;

-- name: remove_sessions_of_user
-- End every session of a user.
DELETE FROM console_session WHERE user_id = $1;

-- name: remove_old_sessions
-- Remove sessions last used, or begun, before the given instants.
DELETE FROM console_session WHERE last_seen_at < $1 OR started_at < $2;
