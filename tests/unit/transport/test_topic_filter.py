"""Topic filters against the examples of MQTT 3.1.1, 4.7, and against a second opinion in regular expressions."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from namespace.transport import TopicFilterError, check_topic, check_topic_filter, topic_matches


@pytest.mark.parametrize(
    ("topic_filter", "topic"),
    [
        ("sport/tennis/player1/#", "sport/tennis/player1"),
        ("sport/tennis/player1/#", "sport/tennis/player1/ranking"),
        ("sport/tennis/player1/#", "sport/tennis/player1/score/wimbledon"),
        ("sport/#", "sport"),
        ("#", "sport/tennis"),
        ("sport/tennis/+", "sport/tennis/player1"),
        ("sport/+", "sport/"),
        ("+/+", "/finance"),
        ("/+", "/finance"),
        ("+/tennis/#", "sport/tennis/x"),
        ("$SYS/#", "$SYS/monitor"),
        ("$SYS/monitor/+", "$SYS/monitor/Clients"),
        ("spBv1.0/+/NDATA/#", "spBv1.0/Acme:Dallas/NDATA/mes-oee"),
        ("a//b", "a//b"),
        ("a/+/b", "a//b"),
    ],
)
def test_the_filter_covers_the_topic(topic_filter: str, topic: str) -> None:
    assert topic_matches(topic_filter, topic)


@pytest.mark.parametrize(
    ("topic_filter", "topic"),
    [
        ("sport/tennis/+", "sport/tennis/player1/ranking"),
        ("sport/+", "sport"),
        ("+", "/finance"),
        ("#", "$SYS/monitor"),
        ("+/monitor/Clients", "$SYS/monitor/Clients"),
        ("sport/#", "sports"),
        ("a/b", "a/b/"),
        ("A/b", "a/b"),
        ("a/+/c/#", "a/b"),
    ],
)
def test_the_filter_does_not_cover_the_topic(topic_filter: str, topic: str) -> None:
    assert not topic_matches(topic_filter, topic)


@pytest.mark.parametrize(
    "bad", ["", "sport/tennis#", "sport/tennis/#/ranking", "sport+", "a/b+/c", "##", "a\0", "é" * 32_768]
)
def test_an_invalid_filter_is_refused(bad: str) -> None:
    with pytest.raises(TopicFilterError):
        check_topic_filter(bad)


@pytest.mark.parametrize("good", ["#", "+", "+/tennis/#", "/", "/finance", "$SYS/#", "é" * 32_767])
def test_a_valid_filter_is_accepted(good: str) -> None:
    check_topic_filter(good)


@pytest.mark.parametrize("bad", ["", "a/+/b", "a/#", "a#", "a\0", "x" * 65_536])
def test_an_invalid_topic_is_refused_and_the_problem_named(bad: str) -> None:
    with pytest.raises(TopicFilterError) as refused:
        check_topic(bad)
    assert refused.value.problem in str(refused.value)
    assert len(str(refused.value)) < 200


def test_a_valid_topic_is_accepted() -> None:
    check_topic("spBv1.0/Acme:Dallas/NDATA/mes-oee")


_LEVEL = st.sampled_from(["", "a", "b", "$s"])
_TOPIC = st.lists(_LEVEL, min_size=1, max_size=4).map("/".join).filter(bool)
_FILTER = st.tuples(
    st.lists(st.one_of(_LEVEL, st.just("+")), min_size=1, max_size=4), st.sampled_from([[], ["#"]])
).map(lambda parts: "/".join(parts[0] + parts[1]))


def _second_opinion(topic_filter: str, topic: str) -> bool:
    if topic.startswith("$") and topic_filter[0] in "+#":
        return False
    pattern = re.escape(topic_filter).replace(r"\+", "[^/]*")
    pattern = ".*" if pattern == r"\#" else re.sub(r"/\\\#$", "(/.*)?", pattern)
    return re.fullmatch(pattern, topic) is not None


@settings(max_examples=200, derandomize=True)
@given(_FILTER.filter(bool), _TOPIC)
def test_matching_agrees_with_a_regular_expression(topic_filter: str, topic: str) -> None:
    check_topic_filter(topic_filter)
    assert topic_matches(topic_filter, topic) == _second_opinion(topic_filter, topic)
