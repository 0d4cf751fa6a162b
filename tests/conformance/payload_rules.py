"""The rules of Sparkplug 3.0 for ids, topics and payloads, whoever sends them."""

from __future__ import annotations

from tests.conformance.rules import Chapter, divergence, rule

CHAPTERS = (
    Chapter(
        "Ids and topics",
        (
            rule(
                "A group id is text that a topic level can hold.",
                "intro-group-id-string",
                "intro-group-id-chars",
                "topic-structure-namespace-valid-group-id",
            ),
            rule(
                "An edge node id is text that a topic level can hold.",
                "intro-edge-node-id-string",
                "intro-edge-node-id-chars",
                "topic-structure-namespace-valid-edge-node-id",
            ),
            rule(
                "A device id is text that a topic level can hold.",
                "intro-device-id-string",
                "intro-device-id-chars",
                "topic-structure-namespace-valid-device-id",
            ),
            rule(
                "A group id and an edge node id together name one edge node in an infrastructure.",
                "intro-edge-node-id-uniqueness",
                "topic-structure-namespace-unique-edge-node-descriptor",
                "payloads-nbirth-edge-node-descriptor",
            ),
            rule("A device id is used once at an edge node.", "topic-structure-namespace-unique-device-id"),
            rule(
                "Edge nodes may have devices of the same id.",
                "topic-structure-namespace-duplicate-device-id-across-edge-node",
            ),
            rule(
                "A topic is namespace, group, message type, edge node and, for some types, device.",
                "topic-structure",
            ),
            rule("The namespace is spBv1.0.", "topic-structure-namespace-a"),
            rule(
                "Device messages name a device.",
                "topic-structure-namespace-device-id-associated-message-types",
            ),
            rule(
                "Edge node messages and STATE name none.",
                "topic-structure-namespace-device-id-non-associated-message-types",
            ),
            rule(
                "Ids do not differ in case alone (a recommendation).",
                "case-sensitivity-sparkplug-ids",
            ),
            rule(
                "Metric names do not differ in case alone (a recommendation).",
                "case-sensitivity-metric-names",
            ),
        ),
    ),
    Chapter(
        "Metrics",
        (
            rule("The time of a payload is UTC.", "payloads-timestamp-in-UTC"),
            rule("The time of a metric is UTC.", "payloads-metric-timestamp-in-UTC"),
            rule("A metric has a name where it has no alias.", "payloads-name-requirement"),
            rule("An alias stands for one metric of the edge node and all its devices.", "payloads-alias-uniqueness"),
            rule("With aliases in use, births give name and alias.", "payloads-alias-birth-requirement"),
            divergence(
                "With aliases in use, data and commands give the alias and no name.",
                "payloads-alias-data-cmd-requirement",
                reason="Data does. Commands go by name unless their caller says otherwise: other statements ask for the name in a request "
                "for rebirth and recommend it in commands, and peers look for it. A receiver takes either.",
            ),
            rule("Every metric in births and data has a time.", "payloads-name-birth-data-requirement"),
            rule(
                "A data type is an unsigned number of 32 bits, one of those listed.",
                "payloads-metric-datatype-value-type",
                "payloads-metric-datatype-value",
            ),
            rule("Every metric in a birth has a data type.", "payloads-metric-datatype-req"),
            divergence(
                "Data and commands do not repeat the data type (a recommendation).",
                "payloads-metric-datatype-not-req",
                reason="Data does not. Commands say it unless set otherwise, because several hosts and edge nodes read no command without; "
                "so do the few metrics that can be read without a birth, such as the rows of an event log.",
            ),
        ),
    ),
    Chapter(
        "Property sets",
        (
            rule(
                "There are as many keys as values.",
                "payloads-propertyset-keys-array-size",
                "payloads-propertyset-values-array-size",
            ),
            rule(
                "The type of a property is always there: an unsigned number of 32 bits, a basic type or one of those for property sets.",
                "payloads-metric-propertyvalue-type-type",
                "payloads-metric-propertyvalue-type-value",
                "payloads-metric-propertyvalue-type-req",
            ),
            rule(
                "Quality is an Int32 in int_value: 0, 192 or 500.",
                "payloads-propertyset-quality-value-type",
                "payloads-propertyset-quality-value-value",
            ),
        ),
    ),
    Chapter(
        "Data sets",
        (
            rule("num_of_columns is the number of columns, unsigned, of 64 bits.", "payloads-dataset-column-size"),
            rule(
                "There are as many types as columns, always.",
                "payloads-dataset-column-num-headers",
                "payloads-dataset-types-num",
                "payloads-dataset-parameter-type-req",
            ),
            rule(
                "Types are unsigned numbers of 32 bits, basic ones.",
                "payloads-dataset-types-def",
                "payloads-dataset-types-type",
                "payloads-dataset-types-value",
            ),
            rule("A cell is a number, a truth or a text.", "payloads-template-dataset-value"),
        ),
    ),
    Chapter(
        "Templates",
        (
            rule(
                "A definition says so, and names no other.",
                "payloads-template-definition-is-definition",
                "payloads-template-is-definition",
                "payloads-template-is-definition-definition",
                "payloads-template-definition-ref",
                "payloads-template-ref-definition",
            ),
            rule("Definitions stand in NBIRTH alone.", "payloads-template-definition-nbirth-only"),
            rule(
                "There is one for every instance in NBIRTH and DBIRTHs.",
                "payloads-template-definition-nbirth",
            ),
            rule(
                "It has all members that an instance will ever have.",
                "payloads-template-definition-members",
                "payloads-template-instance-members",
            ),
            rule(
                "It has all parameters that an instance uses.",
                "payloads-template-definition-parameters",
            ),
            rule("It may give parameters a value.", "payloads-template-definition-parameters-default"),
            rule(
                "An instance says that it is none, and names its definition.",
                "payloads-template-instance-is-definition",
                "payloads-template-is-definition-instance",
                "payloads-template-instance-ref",
                "payloads-template-ref-instance",
            ),
            rule("In births an instance has all members.", "payloads-template-instance-members-birth"),
            rule("In data it may have some of them.", "payloads-template-instance-members-data"),
            rule("It may give parameters a value of its own.", "payloads-template-instance-parameters"),
            rule("A version, if there is one, is text.", "payloads-template-version"),
            rule(
                "A parameter has a name, which is text.",
                "payloads-template-parameter-name-required",
                "payloads-template-parameter-name-type",
            ),
            rule(
                "A parameter has a type: an unsigned number of 32 bits, a basic type, always there.",
                "payloads-template-parameter-value-type",
                "payloads-template-parameter-type-value",
                "payloads-template-parameter-type-req",
            ),
            rule("Its value is a number, a truth or a text.", "payloads-template-parameter-value"),
        ),
    ),
)
