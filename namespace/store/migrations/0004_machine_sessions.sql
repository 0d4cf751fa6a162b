-- The last Sparkplug session of each machine's edge node that was used, so that a restart knows whether its counters went on or began anew.

CREATE TABLE machine_session (
    edge_node text PRIMARY KEY,
    bd_seq smallint,
    noted_at timestamptz NOT NULL DEFAULT now()
);
