"""A unit's state as a JSON document and back, so that a restart goes on where the service stopped.

Times and values of readings are written as differences, because neighbours differ little, and of their tags
only those that are not 0, each after its place. A document of another
version is
refused: the service then begins anew from the samples it can still get.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import accumulate, pairwise
from typing import Any, Final

from services.oee.domain.counter import CounterTrack
from services.oee.domain.history import History
from services.oee.domain.kpi import Elements, Produced, ProductKey, Totals
from services.oee.domain.plan import Window
from services.oee.domain.profile import UnitProfile
from services.oee.domain.sample import Channel, Classification, CycleMark, JobMark, Signal
from services.oee.domain.unit import ProvisionalWindow, UnitState

VERSION: Final = 2
"""Of the form of the document."""


class SnapshotError(ValueError):
    """A document is no snapshot of a unit's state, or of another version."""


def to_document(state: UnitState) -> dict[str, Any]:
    """The state as a JSON document: dicts, lists, strings, numbers, Booleans and None only."""
    return {
        "version": VERSION,
        "now_ms": state.now_ms,
        "final_until_ms": state.final_until_ms,
        **_history_out(state.history),
        "provisional": [_window_out(item) for item in state.provisional],
    }


def history_document(history: History) -> dict[str, Any]:
    """The samples of a window that is final as a JSON document."""
    return {"version": VERSION, **_history_out(history)}


def history_from_document(document: Mapping[str, Any], profile: UnitProfile) -> History:
    """The samples out of a document of `history_document`.

    Raises:
        SnapshotError: the document has another version or form.
    """
    _check_version(document)
    try:
        return _history_in(document, profile)
    except _MALFORMED as error:
        raise SnapshotError(f"not the samples of a window: {error}") from error


def from_document(document: Mapping[str, Any], profile: UnitProfile) -> UnitState:
    """The state out of a document of `to_document`.

    Args:
        document: as it was read.
        profile: how the unit is judged now; its rules for the counters apply to the readings again.

    Raises:
        SnapshotError: the document has another version or form.
    """
    _check_version(document)
    try:
        history = _history_in(document, profile)
        provisional = tuple(_window_in(item) for item in document["provisional"])
        return UnitState(history, document["now_ms"], provisional, document["final_until_ms"], is_restored=True)
    except _MALFORMED as error:
        raise SnapshotError(f"not a snapshot of a unit's state: {error}") from error


_MALFORMED = (KeyError, IndexError, TypeError, ValueError, OverflowError)


def _check_version(document: Mapping[str, Any]) -> None:
    if document.get("version") != VERSION:
        raise SnapshotError(f"a snapshot of version {document.get('version')!r}; this service reads {VERSION}")


def _history_out(history: History) -> dict[str, Any]:
    return {
        "horizon_ms": history.horizon_ms,
        "signals": [[item.at_ms, item.channel.value, item.value, item.ordinal] for item in history.signals],
        "marks": [_mark_out(mark) for mark in history.marks],
        "processed": _track_out(history.processed),
        "defective": _track_out(history.defective),
        "cycles": [[item.at_ms, item.material, str(item.ideal_cycle_ms), item.ordinal] for item in history.cycles],
        "words": [[word.at_ms, word.end_ms, word.reason, word.actor, word.said_ms, word.id] for word in history.words],
    }


def _history_in(document: Mapping[str, Any], profile: UnitProfile) -> History:
    empty = History.empty(document["horizon_ms"], profile)
    return History(
        empty.horizon_ms,
        tuple(Signal(at, Channel(channel), value, nth) for at, channel, value, nth in document["signals"]),
        tuple(_mark_in(item) for item in document["marks"]),
        _track_in(empty.processed, document["processed"]),
        _track_in(empty.defective, document["defective"]),
        tuple(CycleMark(at, material, Fraction(ideal), nth) for at, material, ideal, nth in document["cycles"]),
        tuple(Classification(*word) for word in document["words"]),
    )


def _mark_out(mark: JobMark) -> list[Any]:
    ideal = _text(mark.ideal_cycle_ms)
    return [mark.at_ms, mark.job_order, mark.running, mark.setup, mark.material, ideal, mark.ordinal]


def _mark_in(item: Sequence[Any]) -> JobMark:
    at_ms, job_order, running, setup, material, ideal, ordinal = item
    return JobMark(at_ms, job_order, running, setup, material, _fraction(ideal), ordinal)


def _track_out(track: CounterTrack) -> dict[str, list[int]]:
    entries = list(track.entries())
    return {
        "at_ms": list(_differences(entry[0] for entry in entries)),
        "tags": [number for nth, entry in enumerate(entries) if entry[1] for number in (nth, entry[1])],
        "values": list(_differences(entry[2] for entry in entries)),
    }


def _track_in(empty: CounterTrack, document: Mapping[str, Sequence[int]]) -> CounterTrack:
    times, values = accumulate(document["at_ms"]), accumulate(document["values"])
    tags = [0] * len(document["at_ms"])
    for nth, tag in zip(document["tags"][::2], document["tags"][1::2], strict=True):
        tags[nth] = tag
    return CounterTrack.of(empty.rule, list(zip(times, tags, values, strict=True)))


def _differences(numbers: Iterable[int]) -> Iterator[int]:
    return (after - before for before, after in pairwise((0, *numbers)))


def totals_document(totals: Totals) -> dict[str, Any]:
    """Elements and counts as a JSON document."""
    return {
        "elements": {name: getattr(totals.elements, name) for name in Elements.__slots__},
        "products": [
            [key.job_order, key.material, _text(key.ideal_cycle_ms), units.pq, units.sq, units.rq, units.startup]
            for key, units in totals.products
        ],
    }


def totals_from_document(item: Mapping[str, Any]) -> Totals:
    """Elements and counts out of a document of `totals_document`."""
    products = tuple(
        (ProductKey(job_order, material, _fraction(ideal)), Produced(pq, sq, rq, startup))
        for job_order, material, ideal, pq, sq, rq, startup in item["products"]
    )
    return Totals(Elements(**item["elements"]), products)


def _window_out(item: ProvisionalWindow) -> dict[str, Any]:
    window = item.window
    return {
        "window": [window.name, window.date, window.start_ms, window.end_ms],
        "revision": item.revision,
        "fingerprint": item.fingerprint,
        **totals_document(item.totals),
    }


def _window_in(item: Mapping[str, Any]) -> ProvisionalWindow:
    return ProvisionalWindow(Window(*item["window"]), item["revision"], totals_from_document(item), item["fingerprint"])


def _text(value: Fraction | None) -> str | None:
    return None if value is None else str(value)


def _fraction(text: str | None) -> Fraction | None:
    return None if text is None else Fraction(text)
