"""The rules of Sparkplug 3.0 for host applications, and those for MQTT servers."""

from __future__ import annotations

from tests.conformance.rules import UNNUMBERED, Chapter, not_ours, rule

CHAPTERS = (
    Chapter(
        "Host application: STATE",
        (
            rule(
                "A host application says by STATE whether it is there, at any time.",
                "intro-sparkplug-host-state",
                "components-ph-state",
                "conformance-primary-host",
            ),
            rule(
                "On MQTT 3.1.1 every CONNECT asks for a clean session.", "message-flow-phid-sparkplug-clean-session-311"
            ),
            rule(
                "On MQTT 5 every CONNECT asks for a clean start, and for a session that ends with the connection.",
                "message-flow-phid-sparkplug-clean-session-50",
            ),
            rule(
                "Every CONNECT carries a Will.",
                "host-topic-phid-death-required",
                "operational-behavior-host-application-connect-will",
            ),
            rule(
                "The Will goes to the STATE topic of the host.",
                "host-topic-phid-death-topic",
                "operational-behavior-host-application-connect-will-topic",
                "payloads-state-will-message",
            ),
            rule(
                "The Will has QoS 1.",
                "host-topic-phid-death-qos",
                "operational-behavior-host-application-connect-will-qos",
                "payloads-state-will-message-qos",
            ),
            rule(
                "The Will is retained.",
                "host-topic-phid-death-retain",
                "operational-behavior-host-application-connect-will-retained",
                "payloads-state-will-message-retain",
            ),
            rule(
                "The Will is JSON: online is false, timestamp is a number of ms since the epoch in UTC.",
                "host-topic-phid-death-payload",
                "operational-behavior-host-application-connect-will-payload",
                "payloads-state-will-message-payload",
            ),
            rule(
                "The time in the Will is that of the CONNECT.",
                "host-topic-phid-death-payload-timestamp-connect",
            ),
            rule(
                "The host subscribes to its STATE topic and to what it wants to hear, before it publishes anything.",
                "host-topic-phid-birth-sub-required",
                "message-flow-phid-sparkplug-subscription",
                "payloads-state-subscribe",
            ),
            rule(
                "Then it publishes its STATE birth, at once and before anything else.",
                "principles-birth-certificates-order",
                "host-topic-phid-birth-message",
                "host-topic-phid-birth-required",
                "message-flow-phid-sparkplug-state-publish",
                "operational-behavior-host-application-connect-birth",
            ),
            rule(
                "STATE birth goes to the STATE topic of the host, retained and with QoS 1.",
                "host-topic-phid-birth-topic",
                "host-topic-phid-birth-qos",
                "host-topic-phid-birth-retain",
                "operational-behavior-host-application-connect-birth-topic",
                "operational-behavior-host-application-connect-birth-qos",
                "operational-behavior-host-application-connect-birth-retained",
                "payloads-state-birth",
            ),
            rule(
                "STATE birth is JSON: online is true, and timestamp is that of the connection's Will.",
                "host-topic-phid-birth-payload",
                "host-topic-phid-birth-payload-timestamp",
                "message-flow-phid-sparkplug-state-publish-payload",
                "message-flow-phid-sparkplug-state-publish-payload-timestamp",
                "operational-behavior-host-application-connect-birth-payload",
                "payloads-state-birth-payload",
            ),
            rule(
                "An offline on the host's own STATE topic is contradicted at once, with the time of the connection.",
                "message-flow-hid-sparkplug-state-message-delivered",
            ),
            rule(
                "Who leaves on purpose says offline first, with the time of leaving.",
                "host-topic-phid-death-payload-timestamp-disconnect-clean",
                "host-topic-phid-death-payload-timestamp-disconnect-with-no-disconnect-packet",
                "operational-behavior-host-application-termination",
            ),
            rule(
                "STATE death goes to the STATE topic of the host, retained and with QoS 1.",
                "operational-behavior-host-application-death-topic",
                "operational-behavior-host-application-death-qos",
                "operational-behavior-host-application-death-retained",
            ),
            rule(
                "STATE death is JSON: online is false, timestamp is a number of ms since the epoch in UTC.",
                "operational-behavior-host-application-death-payload",
            ),
            rule("A DISCONNECT may follow it.", "operational-behavior-host-application-disconnect-intentional"),
            rule(
                "At each of several servers, in every session, STATE birth is the first message.",
                "operational-behavior-primary-application-state-with-multiple-servers-state",
                "operational-behavior-primary-application-state-with-multiple-servers-state-subs",
            ),
            rule(
                "Each server has a STATE timestamp of its own.",
                "operational-behavior-host-application-multi-server-timestamp",
            ),
            rule(
                "A host id is used once in an infrastructure.",
                "operational-behavior-host-application-host-id",
            ),
        ),
    ),
    Chapter(
        "Host application: what is true, and since when",
        (
            rule(
                "NDEATH takes the edge node offline, by the host's clock.",
                "operational-behavior-edge-node-termination-host-action-ndeath-node-offline",
            ),
            rule(
                "With it go stale all metrics of its NBIRTH, by the host's clock.",
                "operational-behavior-edge-node-termination-host-action-ndeath-node-tags-stale",
            ),
            rule(
                "With it go offline all its devices, by the host's clock.",
                "operational-behavior-edge-node-termination-host-action-ndeath-devices-offline",
            ),
            rule(
                "And stale all metrics of their DBIRTHs, by the host's clock.",
                "operational-behavior-edge-node-termination-host-action-ndeath-devices-tags-stale",
            ),
            rule(
                "DDEATH takes the device offline, by the time in the DDEATH.",
                "operational-behavior-edge-node-termination-host-action-ddeath-devices-offline",
            ),
            rule(
                "With it go stale all metrics of its DBIRTH, by the time in the DDEATH.",
                "operational-behavior-edge-node-termination-host-action-ddeath-devices-tags-stale",
            ),
            rule(
                "A host that loses its connection to a server takes for stale all that it learned through it (5.3, without an id).",
                UNNUMBERED,
            ),
        ),
    ),
    Chapter(
        "Host application: order of messages",
        (
            rule(
                "How long to wait for a missing message can be set (a recommendation).",
                "operational-behavior-host-reordering-param",
            ),
            rule(
                "A message out of order starts that time.",
                "operational-behavior-host-reordering-start",
            ),
            rule(
                "If the missing one does not come in time, the edge node is asked for a rebirth.",
                "operational-behavior-host-reordering-rebirth",
            ),
            rule(
                "If it comes in time, everything goes on as if nothing had been.",
                "operational-behavior-host-reordering-success",
            ),
        ),
    ),
    Chapter(
        "Host application: commands",
        (
            rule(
                "NCMD goes to the NCMD topic of the edge node.",
                "topics-ncmd-topic",
                "operational-behavior-data-commands-ncmd-verb",
            ),
            rule(
                "DCMD goes to the DCMD topic of the device.",
                "topics-dcmd-topic",
                "operational-behavior-data-commands-dcmd-verb",
            ),
            rule(
                "NCMD has QoS 0 and is not retained.", "topics-ncmd-mqtt", "payloads-ncmd-qos", "payloads-ncmd-retain"
            ),
            rule(
                "DCMD has QoS 0 and is not retained.", "topics-dcmd-mqtt", "payloads-dcmd-qos", "payloads-dcmd-retain"
            ),
            rule("NCMD says when it was sent.", "topics-ncmd-timestamp", "payloads-ncmd-timestamp"),
            rule("DCMD says when it was sent.", "topics-dcmd-timestamp", "payloads-dcmd-timestamp"),
            rule("NCMD has no sequence number.", "payloads-ncmd-seq"),
            rule("DCMD has no sequence number.", "payloads-dcmd-seq"),
            rule("NCMD holds the metrics to be written.", "topics-ncmd-payload"),
            rule("DCMD holds the metrics to be written.", "topics-dcmd-payload"),
            rule(
                "A command names a metric that was born (a recommendation).",
                "operational-behavior-data-commands-ncmd-metric-name",
                "operational-behavior-data-commands-dcmd-metric-name",
            ),
            rule(
                "Its value fits the metric.",
                "operational-behavior-data-commands-ncmd-metric-value",
                "operational-behavior-data-commands-dcmd-metric-value",
            ),
            rule(
                "A rebirth is asked for by an NCMD with Node Control/Rebirth, true.",
                "operational-behavior-data-commands-ncmd-rebirth-verb",
                "operational-behavior-data-commands-ncmd-rebirth-name",
                "operational-behavior-data-commands-ncmd-rebirth-value",
            ),
            rule("A metric in a command may have a time.", "payloads-name-cmd-requirement"),
        ),
    ),
    Chapter(
        "MQTT servers",
        (
            not_ours(
                "A server serves QoS 0 and 1, Wills, and retained messages.",
                "conformance-mqtt-qos0",
                "conformance-mqtt-qos1",
                "conformance-mqtt-will-messages",
                "conformance-mqtt-retained",
                asked_of="the MQTT server; a service needs all of it and says so when a part is refused",
            ),
            not_ours(
                "A Sparkplug-aware server does that, keeps births, and publishes them as certificates, retained.",
                "conformance-mqtt-aware-basic",
                "conformance-mqtt-aware-store",
                "conformance-mqtt-aware-nbirth-mqtt-topic",
                "conformance-mqtt-aware-nbirth-mqtt-retain",
                "conformance-mqtt-aware-dbirth-mqtt-topic",
                "conformance-mqtt-aware-dbirth-mqtt-retain",
                asked_of="a Sparkplug-aware MQTT server; ours is plain, and namespace_state answers late hosts instead",
            ),
            not_ours(
                "A Sparkplug-aware server may put the time of delivery into an NDEATH.",
                "conformance-mqtt-aware-ndeath-timestamp",
                asked_of="a Sparkplug-aware MQTT server; a host takes its own clock for NDEATH either way",
            ),
        ),
    ),
)
