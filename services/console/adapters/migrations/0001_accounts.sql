-- People who may sign in at the console, and their sessions. Passwords as scrypt hashes, session tokens as SHA-256.

CREATE TABLE console_user (
    user_id text PRIMARY KEY,
    display_name text NOT NULL,
    role text NOT NULL CHECK (role IN ('viewer', 'operator', 'supervisor', 'engineer', 'admin')),
    password_hash text NOT NULL,
    disabled boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL DEFAULT now(),
    changed_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE console_session (
    token_hash text PRIMARY KEY,
    user_id text NOT NULL REFERENCES console_user ON DELETE CASCADE,
    csrf_token text NOT NULL,
    started_at timestamptz NOT NULL,
    last_seen_at timestamptz NOT NULL
);

CREATE INDEX console_session_of_user ON console_session (user_id);
