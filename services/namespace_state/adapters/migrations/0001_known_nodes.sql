-- Every edge node that was ever heard, so that a restart knows whom to ask: births are not retained.

CREATE TABLE known_node (
    group_id text NOT NULL,
    edge_node_id text NOT NULL,
    first_seen timestamptz NOT NULL DEFAULT now(),
    last_born timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (group_id, edge_node_id)
);
