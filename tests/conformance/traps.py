"""Twenty-five mistakes that implementations of Sparkplug make, each with a test that shows we do not."""

from __future__ import annotations

TRAPS = {
    1: "seq is one counter over the edge node and all its devices, given and published in one order",
    2: "NDEATH, NCMD, DCMD and STATE have no seq: absent, not 0",
    3: "bdSeq goes up with every CONNECT, not with births, wraps after 255, and is the same in Will, NBIRTH and NDEATH",
    4: "a client that reconnects by itself sends an old Will: each CONNECT has a new one",
    5: "the Will of a node is QoS 1 and not retained, that of a host QoS 1 and retained",
    6: "everything else is QoS 0 and not retained, births too; commands are subscribed to with QoS 1",
    7: "subscribe, wait for the SUBACK, then say the birth, and nothing before it",
    8: "STATE is JSON under spBv1.0, with an integer time: the forms of 2.2 are refused",
    9: "STATE birth has the time of the Will, a published death the time of leaving; each server its own",
    10: "an offline on one's own STATE topic is contradicted with the time of the connection",
    11: "the primary host gate goes by id, online and time; the first STATE counts, an older offline does not",
    12: "several servers: connected to one, waiting there, then on to the next",
    13: "NBIRTH has Node Control/Rebirth, false, without an alias, and every metric with type, value and time",
    14: "rebirth is NBIRTH with seq 0 and the same bdSeq, every DBIRTH, and no data in between",
    15: "requests for rebirth are debounced on both sides and spread at the host",
    16: "aliases are unique over node and devices and die with the next NBIRTH; 0 is an alias",
    17: "the data type comes from the birth, by alias or by name; the unknown is asked for, not guessed",
    18: "signed integers ride in unsigned fields; small ones come sign-extended or masked, both are read",
    19: "null has a data type and no value; an empty cell of a data set is null",
    20: "history never replaces what is current; values stand in the order of their times; transient ones say so",
    21: "template definitions stand in NBIRTH alone; instances are whole in births and may be partial in data",
    22: "data sets have as many types as columns, property sets as many keys as values; Quality is 0, 192 or 500",
    23: "arrays are packed, little-endian, booleans from the highest bit, strings ended by NUL",
    24: "out of order is put in order; NDEATH does not wait and counts by bdSeq; our own loss makes everything stale",
    25: "sessions are clean at every connect, who leaves says so, and compressed payloads are read up to a limit",
}
