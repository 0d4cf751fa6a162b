"""MQTT topic names, topic filters, QoS and size: what is valid and what matches.

Pure text, used by the in-memory broker and by whoever routes messages or checks access rights. It does not
know shared subscriptions (`$share/...`) and nothing of what the levels of a topic mean.
"""

from __future__ import annotations

MAX_TOPIC_BYTES = 65_535
MAX_PAYLOAD_BYTES = 268_435_455


class TopicFilterError(ValueError):
    """A topic name or topic filter that MQTT does not allow.

    Attributes:
        text: The offending text.
        problem: What is wrong with it.
    """

    def __init__(self, text: str, problem: str) -> None:
        super().__init__(f"{text!r}: {problem}")
        self.text = text
        self.problem = problem


def check_topic(topic: str) -> None:
    """Refuse a text that is no topic name to publish to (MQTT 3.1.1, 4.7.1 and 4.7.3).

    Raises:
        TopicFilterError: It is empty, too long, or has a wildcard or a NUL in it.
    """
    _check_text(topic)
    if "+" in topic or "#" in topic:
        raise TopicFilterError(topic, "a topic to publish to has no wildcards")


def check_topic_filter(topic_filter: str) -> None:
    """Refuse a text that is no topic filter to subscribe to (MQTT 3.1.1, 4.7.1 and 4.7.3).

    Raises:
        TopicFilterError: It is empty, too long, has a NUL in it, or a wildcard that does not stand alone in
            its level, or a `#` before the last level.
    """
    _check_text(topic_filter)
    levels = topic_filter.split("/")
    if "#" in levels[:-1]:
        raise TopicFilterError(topic_filter, "'#' is only allowed as the last level")
    for level in levels:
        if len(level) > 1 and ("+" in level or "#" in level):
            raise TopicFilterError(topic_filter, f"the wildcard in {level!r} must stand alone in its level")


def topic_matches(topic_filter: str, topic: str) -> bool:
    """Tell whether a valid topic filter covers a valid topic name.

    A leading wildcard does not cover topics that begin with `$` (MQTT 3.1.1, 4.7.2); `sport/#` covers `sport`
    (4.7.1.2).
    """
    if topic_filter == topic:
        return True
    if topic[:1] == "$" and topic_filter[:1] in ("+", "#"):
        return False
    wanted = topic_filter.split("/")
    given = topic.split("/")
    if wanted[-1] == "#":
        del wanted[-1]
        if len(given) < len(wanted):
            return False
    elif len(given) != len(wanted):
        return False
    return all(level in ("+", given[position]) for position, level in enumerate(wanted))


def check_payload(payload: bytes) -> None:
    """Refuse a payload that no MQTT packet can carry (MQTT 3.1.1, 2.2.3).

    Raises:
        ValueError: It is larger than 268,435,455 bytes.
    """
    if len(payload) > MAX_PAYLOAD_BYTES:
        raise ValueError(f"a payload of {len(payload)} bytes is too large for MQTT")


def check_qos(qos: int) -> None:
    """Refuse a quality of service that the transport does not offer: 2 adds a round trip that Sparkplug has no use for.

    Raises:
        ValueError: It is neither 0 nor 1.
    """
    if qos not in (0, 1):
        raise ValueError(f"QoS {qos}: the transport knows 0 and 1")


def _check_text(text: str) -> None:
    if not text:
        raise TopicFilterError(text, "it is empty")
    if "\0" in text:
        raise TopicFilterError(text, "it contains a NUL character")
    if len(text.encode("utf-8", "surrogatepass")) > MAX_TOPIC_BYTES:
        raise TopicFilterError(text[:80] + "...", f"it is longer than {MAX_TOPIC_BYTES} bytes")
