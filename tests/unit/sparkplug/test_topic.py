"""Topics: how they are written, and what is refused."""

import pytest

from namespace.sparkplug import EdgeNodeDescriptor, MessageType, StateTopic, Topic, TopicError, parse_topic


@pytest.mark.tck(
    "topic-structure",
    "topic-structure-namespace-a",
    "host-topic-phid-birth-topic",
    "intro-group-id-string",
    "intro-edge-node-id-string",
    "intro-device-id-string",
)
@pytest.mark.trap(8)
@pytest.mark.parametrize(
    ("text", "topic"),
    [
        ("spBv1.0/Acme:Dallas/NBIRTH/mes-oee", Topic("Acme:Dallas", MessageType.NBIRTH, "mes-oee")),
        ("spBv1.0/g/DDATA/n/Packaging:Line1", Topic("g", MessageType.DDATA, "n", "Packaging:Line1")),
        ("spBv1.0/STATE/scada", StateTopic("scada")),
        ("spBv1.0/STATE/NDATA/n", Topic("STATE", MessageType.NDATA, "n")),
        ("spBv1.0/größe/NCMD/ß", Topic("größe", MessageType.NCMD, "ß")),
    ],
)
def test_a_topic_reads_and_writes_the_same(text: str, topic: Topic | StateTopic) -> None:
    assert parse_topic(text) == topic
    assert str(topic) == text


@pytest.mark.tck(
    "topic-structure",
    "topic-structure-namespace-a",
    "intro-group-id-chars",
    "intro-edge-node-id-chars",
    "intro-device-id-chars",
    "topic-structure-namespace-valid-group-id",
    "topic-structure-namespace-valid-edge-node-id",
    "topic-structure-namespace-valid-device-id",
    "topic-structure-namespace-device-id-associated-message-types",
    "topic-structure-namespace-device-id-non-associated-message-types",
)
@pytest.mark.parametrize(
    "text",
    [
        "",
        "spBv1.0",
        "spAv1.0/g/NBIRTH/n",
        "STATE/scada",
        "spBv1.0/g/NBIRTH",
        "spBv1.0/g/NBIRTH/n/d",
        "spBv1.0/g/DBIRTH/n",
        "spBv1.0/g/DDATA/n/d/e",
        "spBv1.0/g/XDATA/n",
        "spBv1.0/g/ndata/n",
        "spBv1.0//NDATA/n",
        "spBv1.0/g/NDATA/",
        "spBv1.0/g/NDATA/+",
        "spBv1.0/#/NDATA/n",
        "spBv1.0/g/NDATA/n\0",
        "spBv1.0/STATE/",
        "spBv1.0/g/NDATA/\ud800",
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(TopicError) as caught:
        parse_topic(text)
    assert caught.value.reason == "topic"


@pytest.mark.tck("intro-edge-node-id-uniqueness")
def test_an_edge_node_is_written_group_slash_node() -> None:
    """The pair is what names it."""
    node = EdgeNodeDescriptor("Acme:Dallas", "mes-oee")

    assert str(node) == "Acme:Dallas/mes-oee"
    assert EdgeNodeDescriptor.parse("Acme:Dallas/mes-oee") == node
    with pytest.raises(TopicError):
        EdgeNodeDescriptor.parse("Acme:Dallas")


@pytest.mark.tck(
    "topic-structure-namespace-device-id-associated-message-types",
    "topic-structure-namespace-device-id-non-associated-message-types",
)
def test_only_device_types_name_a_device_and_only_commands_are_commands() -> None:
    assert {kind for kind in MessageType if kind.names_device} == {
        MessageType.DBIRTH,
        MessageType.DDEATH,
        MessageType.DDATA,
        MessageType.DCMD,
    }
    assert {kind for kind in MessageType if kind.is_command} == {MessageType.NCMD, MessageType.DCMD}
