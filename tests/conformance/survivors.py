"""Changes to the library that no test can notice, each with the reason: what the page of the mutation run says of a survivor.

A survivor that is not here is a missing test. A reason that fits no change any more is refused by a test.
"""

from __future__ import annotations

from typing import Final

_DEFAULT = "A default that was chosen by magnitude. That the setting holds exactly is shown with values that tests set."
_DEFAULTS = frozenset({("payload.py", "Limits"), ("host_settings.py", "HostSettings")})

_NOT_YET = "Stands there before the first connection or birth, which replaces it; nothing is said before that."
_UNSEEN = "The times are not looked at: what is drafted here is compared or written to nowhere."
_SLOWER = (
    "It shuts the short way in one more case; the long way does the same, slower, which the benchmarks would show."
)
_EQUAL_LONG = "The lengths are compared before; this says so to whoever reads, and guards against a later mistake."
_EXCERPT = "How much of a text an error repeats."
_CACHE = "The size of a cache: what it holds is what would be read anew."
_EQUIVALENT = "No input tells the two apart: "

EXPLAINED: Final[dict[tuple[str, str, str, str], str]] = {
    ("sequence.py", "SequenceWindow.accept", "8", "(9)"): (
        "The memory of sending times is made longer than the 256 places that are ever used; nothing reads the rest."
    ),
    ("sequence.py", "SequenceWindow.__init__", "0", "(1)"): _NOT_YET,
    ("sequence.py", "SequenceWindow.restart", "0", "(1)"): (
        "What was sent in the first millisecond of 1970 would count as known from a snapshot."
    ),
    ("state.py", "HostState.__init__", "0", "(1)"): _NOT_YET,
    ("edge_node.py", "EdgeNodeSession.__init__", "0", "(1)"): _NOT_YET,
    ("host_node.py", "HostNode.sent_at", "0", "(1)"): _NOT_YET,
    ("host_node.py", "HostNode.born_at", "0", "(1)"): _NOT_YET,
    ("host_node.py", "HostNode.born_here_at", "0", "(1)"): _NOT_YET,
    ("host_node.py", "HostNode.held_bytes", "0", "(1)"): _NOT_YET,
    ("returning.py", "Returning.__init__", "0", "(1)"): _NOT_YET,
    ("returning.py", "Returning.one_is_back", "0", "(1)"): "A quiet time that is shorter by a millisecond.",
    ("returning.py", "Returning.connected", "0", "(1)"): "A quiet time that is shorter by a millisecond.",
    ("edge_node.py", "EdgeNodeSession.check", "0", "(1)"): _UNSEEN,
    ("edge_node.py", "EdgeNodeSession._new_device", "0", "(1)"): _UNSEEN,
    ("metric_set.py", "MetricSet.born", "0", "(1)"): _UNSEEN,
    (
        "metric_set.py",
        "MetricSet.commit",
        "0",
        "(1)",
    ): "Stands in where a metric has neither name nor alias, and none is drafted so.",
    ("metric_set.py", "in_time_order", "0", "(1)"): (
        "Stands in where a value has no time, and every value has one before it is sent."
    ),
    ("host_message.py", "take_next", "sent_at < node.born_at", "(sent_at <= node.born_at)"): _SLOWER,
    (
        "host_message.py",
        "take_next",
        'seq or message.HasField("seq")',
        '((seq) and (message.HasField("seq")))',
    ): _SLOWER,
    ("host_application.py", "HostSession.tick", "False", "True"): (
        "Who was asked as often as may be without fresh evidence is looked at no more, whatever this says."
    ),
    ("host_application.py", "HostSession.tick", "self._attention.discard(node)", "(0)"): (
        "Nodes that need no attention would be looked at several times a second, and nothing be found."
    ),
    ("host_message.py", "is_news", "snapshot.born_at > node.born_at", "(snapshot.born_at >= node.born_at)"): (
        _EQUIVALENT + "the line before has told equal times apart."
    ),
    ("host_message.py", "apply_snapshot", "node.drop_held()", "(0)"): (
        _EQUIVALENT + "only a node that is not online is restored, and what it held was dropped when it ceased to be."
    ),
    ("datatype.py", "_fields_of", "32", "(33)"): _EQUIVALENT + "integers have 8, 16, 32 or 64 bits.",
    ("rebirth_wish.py", "RebirthWish._interval", "16", "(17)"): (
        _EQUIVALENT + "the longest interval is reached long before the shift is bounded."
    ),
    ("rebirth_budget.py", "RebirthBudget.__init__", "0", "(1)"): (
        "A millisecond of 1970: the budget is full at the start in any case."
    ),
    ("metric_columns.py", "Columns.metrics", "True", "False"): _EQUAL_LONG,
    ("decoder.py", "MetricReader.read_properties", "True", "False"): _EQUAL_LONG,
    ("decoder.py", "_row", "True", "False"): _EQUAL_LONG,
    ("encoder.py", "_write_dataset", "True", "False"): _EQUAL_LONG,
    (
        "decoder.py",
        "MetricReader._property",
        "datatype is DataType.PropertySet or datatype is DataType.PropertySetList",
        "((datatype is DataType.PropertySet) and (datatype is DataType.PropertySetList))",
    ): "What is not refused here is refused by the next line, with the same words.",
    ("topic.py", "_shown", "len(text) <= 120", "(len(text) < 120)"): _EXCERPT,
    ("topic.py", "_shown", "120", "(121)"): _EXCERPT,
    ("topic.py", "_shown", "117", "(118)"): _EXCERPT,
    ("host_application.py", "_SHOWN", "200", "(201)"): _EXCERPT,
    ("decoder.py", "", "1_024", "(1025)"): _CACHE,
    ("decoder.py", "", "200", "(201)"): _CACHE,
}
"""By module, class and function, what stood there and what stood there instead."""


def reason(module: str, where: str, was: str, became: str) -> str | None:
    """Why no test can notice a change; None when a test is missing."""
    if (module, where.partition(".")[0]) in _DEFAULTS and was.replace("_", "").isdecimal():
        return _DEFAULT
    return EXPLAINED.get((module, where, was, became))
