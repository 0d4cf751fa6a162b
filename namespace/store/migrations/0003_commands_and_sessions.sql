-- Commands are answered once; Sparkplug sessions are numbered across restarts.

CREATE TABLE command_response (
    command_id uuid PRIMARY KEY,
    digest text,
    received_at timestamptz NOT NULL DEFAULT now(),
    response json
);
COMMENT ON COLUMN command_response.response IS 'Null only inside the transaction that carries the command out.';

CREATE TABLE sparkplug_session (
    edge_node text PRIMARY KEY,
    bd_seq smallint NOT NULL CHECK (bd_seq BETWEEN 0 AND 255)
);
