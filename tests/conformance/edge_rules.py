"""The rules of Sparkplug 3.0 for edge nodes and their devices."""

from __future__ import annotations

from tests.conformance.rules import Chapter, rule

CHAPTERS = (
    Chapter(
        "Edge node: connecting",
        (
            rule("On MQTT 3.1.1 every CONNECT asks for a clean session.", "principles-persistence-clean-session-311"),
            rule(
                "On MQTT 5 every CONNECT asks for a clean start, and for a session that ends with the connection.",
                "principles-persistence-clean-session-50",
            ),
            rule(
                "Every CONNECT carries a Will, and that Will is the edge node's NDEATH.",
                "message-flow-edge-node-birth-publish-will-message",
                "payloads-ndeath-will-message",
            ),
            rule(
                "The Will goes to the NDEATH topic of the edge node.",
                "message-flow-edge-node-birth-publish-will-message-topic",
                "topics-ndeath-topic",
            ),
            rule(
                "The Will has QoS 1.",
                "message-flow-edge-node-birth-publish-will-message-qos",
                "payloads-ndeath-will-message-qos",
            ),
            rule(
                "The Will is not retained.",
                "message-flow-edge-node-birth-publish-will-message-will-retained",
                "payloads-ndeath-will-message-retain",
            ),
            rule(
                "The Will is a Sparkplug payload with one metric, bdSeq.",
                "message-flow-edge-node-birth-publish-will-message-payload",
                "topics-ndeath-payload",
            ),
            rule("NDEATH has no sequence number.", "topics-ndeath-seq", "payloads-ndeath-seq"),
            rule(
                "bdSeq is an Int64 that begins at 0, goes up by one with every CONNECT, and comes back to 0 after 255.",
                "message-flow-edge-node-birth-publish-will-message-payload-bdSeq",
                "topics-nbirth-bdseq-increment",
            ),
            rule(
                "Commands to the edge node are subscribed to with QoS 1.",
                "message-flow-edge-node-ncmd-subscribe",
            ),
            rule(
                "Commands to devices that take any are subscribed to with QoS 1.",
                "message-flow-device-dcmd-subscribe",
            ),
        ),
    ),
    Chapter(
        "Edge node: births",
        (
            rule(
                "A birth is the first thing that is published on a connection; nothing is published before there is one.",
                "principles-birth-certificates-order",
                "message-flow-edge-node-birth-publish-connect",
            ),
            rule(
                "NBIRTH goes to the NBIRTH topic of the edge node.",
                "topics-nbirth-topic",
                "message-flow-edge-node-birth-publish-nbirth-topic",
            ),
            rule(
                "NBIRTH has QoS 0 and is not retained.",
                "topics-nbirth-mqtt",
                "payloads-nbirth-qos",
                "payloads-nbirth-retain",
                "message-flow-edge-node-birth-publish-nbirth-qos",
                "message-flow-edge-node-birth-publish-nbirth-retained",
            ),
            rule("NBIRTH is a Sparkplug payload.", "message-flow-edge-node-birth-publish-nbirth-payload"),
            rule(
                "NBIRTH has a sequence number, and it is 0 (three of these allow any from 0 to 255; a host takes any).",
                "topics-nbirth-seq-num",
                "payloads-nbirth-seq",
                "payloads-sequence-num-req-nbirth",
                "message-flow-edge-node-birth-publish-nbirth-payload-seq",
            ),
            rule("NBIRTH says when it was sent.", "topics-nbirth-timestamp", "payloads-nbirth-timestamp"),
            rule(
                "NBIRTH lists every metric that the edge node will speak of.",
                "topics-nbirth-metric-reqs",
                "operational-behavior-data-publish-nbirth",
            ),
            rule("Each metric in NBIRTH has name, data type and current value.", "topics-nbirth-metrics"),
            rule(
                "A value in NBIRTH is the current one; where there is none, is_null says so and no value is there.",
                "operational-behavior-data-publish-nbirth-values",
            ),
            rule("NBIRTH holds the definition of every template in use.", "topics-nbirth-templates"),
            rule(
                "NBIRTH holds the bdSeq of its connection's Will, as Int64.",
                "topics-nbirth-bdseq-included",
                "topics-nbirth-bdseq-matching",
                "payloads-nbirth-bdseq",
                "payloads-nbirth-bdseq-repeat",
                "message-flow-edge-node-birth-publish-nbirth-payload-bdSeq",
            ),
            rule(
                "NBIRTH holds Node Control/Rebirth, a Boolean that is false.",
                "topics-nbirth-rebirth-metric",
                "payloads-nbirth-rebirth-req",
                "operational-behavior-data-commands-rebirth-name",
                "operational-behavior-data-commands-rebirth-datatype",
                "operational-behavior-data-commands-rebirth-value",
            ),
            rule(
                "Node Control/Rebirth has no alias, also where all others have one.",
                "operational-behavior-data-commands-rebirth-name-aliases",
            ),
        ),
    ),
    Chapter(
        "Devices: births",
        (
            rule("No DBIRTH before the NBIRTH of the connection.", "message-flow-device-birth-publish-nbirth-wait"),
            rule(
                "Every DBIRTH follows its NBIRTH at once, before any data.",
                "payloads-dbirth-order",
            ),
            rule(
                "DBIRTH goes to the DBIRTH topic of the device.",
                "topics-dbirth-topic",
                "message-flow-device-birth-publish-dbirth-topic",
            ),
            rule(
                "Group and edge node in the topic are those of the NBIRTH.",
                "message-flow-device-birth-publish-dbirth-match-edge-node-topic",
            ),
            rule(
                "DBIRTH has QoS 0 and is not retained.",
                "topics-dbirth-mqtt",
                "payloads-dbirth-qos",
                "payloads-dbirth-retain",
                "message-flow-device-birth-publish-dbirth-qos",
                "message-flow-device-birth-publish-dbirth-retained",
            ),
            rule("DBIRTH is a Sparkplug payload.", "message-flow-device-birth-publish-dbirth-payload"),
            rule(
                "DBIRTH has the next sequence number of its edge node.",
                "topics-dbirth-seq",
                "payloads-dbirth-seq",
                "payloads-dbirth-seq-inc",
                "message-flow-device-birth-publish-dbirth-payload-seq",
            ),
            rule("DBIRTH says when it was sent.", "topics-dbirth-timestamp", "payloads-dbirth-timestamp"),
            rule(
                "DBIRTH lists every metric that the device will speak of.",
                "topics-dbirth-metric-reqs",
                "operational-behavior-data-publish-dbirth",
            ),
            rule("Each metric in DBIRTH has name, data type and current value.", "topics-dbirth-metrics"),
            rule(
                "A value in DBIRTH is the current one; where there is none, is_null says so and no value is there.",
                "operational-behavior-data-publish-dbirth-values",
            ),
        ),
    ),
    Chapter(
        "Edge node: data",
        (
            rule("NDATA goes to the NDATA topic of the edge node.", "topics-ndata-topic"),
            rule("DDATA goes to the DDATA topic of the device.", "topics-ddata-topic"),
            rule(
                "NDATA has QoS 0 and is not retained.",
                "topics-ndata-mqtt",
                "payloads-ndata-qos",
                "payloads-ndata-retain",
            ),
            rule(
                "DDATA has QoS 0 and is not retained.",
                "topics-ddata-mqtt",
                "payloads-ddata-qos",
                "payloads-ddata-retain",
            ),
            rule(
                "NDATA has the next sequence number.",
                "topics-ndata-seq-num",
                "payloads-ndata-seq",
                "payloads-ndata-seq-inc",
            ),
            rule(
                "DDATA has the next sequence number.",
                "topics-ddata-seq-num",
                "payloads-ddata-seq",
                "payloads-ddata-seq-inc",
            ),
            rule("NDATA says when it was sent.", "topics-ndata-timestamp", "payloads-ndata-timestamp"),
            rule("DDATA says when it was sent.", "topics-ddata-timestamp", "payloads-ddata-timestamp"),
            rule("NDATA holds what has changed at the edge node.", "topics-ndata-payload"),
            rule("DDATA holds what has changed at the device.", "topics-ddata-payload"),
            rule("No data before NBIRTH and every DBIRTH.", "payloads-ndata-order", "payloads-ddata-order"),
            rule(
                "What has not changed is not sent (a recommendation).",
                "principles-rbe-recommended",
                "operational-behavior-data-publish-nbirth-change",
                "operational-behavior-data-publish-dbirth-change",
            ),
            rule(
                "Values in one payload that are not history stand in the order of their times.",
                "operational-behavior-data-publish-nbirth-order",
                "operational-behavior-data-publish-dbirth-order",
            ),
            rule(
                "One sequence runs over the edge node and its devices: each message but NDEATH has the number after the last, 0 after 255.",
                "payloads-sequence-num-always-included",
                "payloads-sequence-num-incrementing",
            ),
        ),
    ),
    Chapter(
        "Edge node: rebirth",
        (
            rule("A request for rebirth stops data at once.", "operational-behavior-data-commands-rebirth-action-1"),
            rule("It is answered with NBIRTH and every DBIRTH.", "operational-behavior-data-commands-rebirth-action-2"),
            rule(
                "That NBIRTH has the bdSeq of the connection, not a new one.",
                "operational-behavior-data-commands-rebirth-action-3",
            ),
        ),
    ),
    Chapter(
        "Edge node: leaving, and devices that leave",
        (
            rule(
                "Who leaves on purpose says NDEATH first (one of these recommends it, two demand it).",
                "operational-behavior-edge-node-intentional-disconnect-ndeath",
                "payloads-ndeath-will-message-publisher",
                "payloads-ndeath-will-message-publisher-disconnect-mqtt311",
            ),
            rule(
                "A DISCONNECT may follow that NDEATH.",
                "operational-behavior-edge-node-intentional-disconnect-packet",
            ),
            rule(
                "A DISCONNECT of MQTT 5 asks the broker to publish the Will all the same.",
                "payloads-ndeath-will-message-publisher-disconnect-mqtt50",
            ),
            rule("NDEATH has the bdSeq of the NBIRTH that it ends.", "payloads-ndeath-bdseq"),
            rule("A device that is out of reach is told by a DDEATH.", "operational-behavior-device-ddeath"),
            rule("DDEATH goes to the DDEATH topic of the device.", "topics-ddeath-topic"),
            rule("DDEATH has QoS 0 and is not retained.", "topics-ddeath-mqtt"),
            rule(
                "DDEATH has the next sequence number, so that a host can keep the order.",
                "topics-ddeath-seq-num",
                "payloads-ddeath-seq",
                "payloads-ddeath-seq-inc",
                "payloads-ddeath-seq-number",
            ),
            rule("DDEATH says when it was sent.", "payloads-ddeath-timestamp"),
        ),
    ),
    Chapter(
        "Edge node: the primary host, and several servers",
        (
            rule(
                "With a primary host configured, births wait until its STATE says that it is online.",
                "message-flow-edge-node-birth-publish-phid-wait",
                "message-flow-edge-node-birth-publish-phid-wait-online",
                "operational-behavior-edge-node-birth-sequence-wait",
            ),
            rule(
                "Only the STATE of the configured host id counts.", "message-flow-edge-node-birth-publish-phid-wait-id"
            ),
            rule(
                "The first STATE counts whatever its time; after it, one that is older than the last does not.",
                "message-flow-edge-node-birth-publish-phid-wait-timestamp",
                "operational-behavior-edge-node-termination-host-offline-timestamp",
            ),
            rule(
                "An offline of the primary host that is not older than its online ends the session: NDEATH, disconnect, start over.",
                "message-flow-edge-node-birth-publish-phid-offline",
                "operational-behavior-edge-node-termination-host-offline",
            ),
            rule(
                "The next connection goes to the next server of the list.",
                "operational-behavior-edge-node-termination-host-offline-reconnect",
                "operational-behavior-primary-application-state-with-multiple-servers-walk",
            ),
            rule(
                "One server at a time.",
                "operational-behavior-primary-application-state-with-multiple-servers-single-server",
            ),
            rule(
                "With several servers the host says STATE at each, and edge nodes that wait for it subscribe to it.",
                "operational-behavior-primary-application-state-with-multiple-servers-state-subs",
            ),
        ),
    ),
)
