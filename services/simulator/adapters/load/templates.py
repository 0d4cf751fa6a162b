"""Payloads cast once and filled in by the thousand.

The namespace's own encoder writes every payload form once, with marks in the places of times and values; what lies between the marks is
constant. All edge nodes of a load share the same forms.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterable
from dataclasses import replace

from namespace.sparkplug import DataType, Metric, Payload, PropertySet, encode_payload
from services.simulator.domain.load import LoadPlan

_TIME_MARK = (1 << 42) - 1  # 2109: the last time of six varint bytes
_VALUE_MARK = -5.486124068793689e303
_MARKS = re.compile(
    re.escape(b"\xff\xff\xff\xff\xff\x7f") + b"|" + re.escape(struct.pack("<d", _VALUE_MARK)), re.DOTALL
)
_UNIT = PropertySet.of_strings({"engUnit": "C62"})  # UN/ECE Recommendation 20: one

SEQ = tuple(encode_payload(Payload(seq=number)) for number in range(256))
"""The end of a payload: its sequence number."""


def time_bytes(at_ms: int) -> bytes:
    """Return a time (milliseconds since the epoch, 2004 to 2109) as the six bytes of a varint."""
    return bytes(
        (
            at_ms & 0x7F | 0x80,
            at_ms >> 7 & 0x7F | 0x80,
            at_ms >> 14 & 0x7F | 0x80,
            at_ms >> 21 & 0x7F | 0x80,
            at_ms >> 28 & 0x7F | 0x80,
            at_ms >> 35 & 0x7F,
        )
    )


class _Form:
    """One payload form: constants, times and values in turn."""

    def __init__(self, data: bytes, *, opens_with_time: bool) -> None:
        constants = _MARKS.split(data)
        kinds = ["6s" if mark[-1:] == b"\x7f" else "d" for mark in _MARKS.findall(data)]
        pieces = [f"{len(constants[0])}s"]
        for kind, constant in zip(kinds, constants[1:], strict=True):
            pieces += [kind, f"{len(constant)}s"]
        self._pack = struct.Struct("<" + "".join(pieces)).pack
        self._start: tuple[bytes, ...] = (constants[0],)
        if opens_with_time:
            self._start, constants = (constants[0], constants[1]), constants[1:]
        self._opens_with_time = opens_with_time
        self._pairs = tuple(zip(constants[1::2], constants[2::2], strict=True))

    def fill(self, sent: bytes, taken: bytes, values: Iterable[float]) -> bytes:
        """Return the payload.

        Args:
            sent: The time of sending, where the form has one.
            taken: The source time of all its metrics.
            values: One for each metric.
        """
        start = self._start
        arguments: list[bytes | float] = [start[0], sent, start[1]] if self._opens_with_time else [start[0]]
        for (between, after), value in zip(self._pairs, values, strict=False):
            arguments += (taken, between, value, after)
        return self._pack(*arguments)


class BlockForms:
    """The forms of one block of one device.

    Args:
        plan: The load.
        place: Index of the device.
        block: Index of the block.
    """

    def __init__(self, plan: LoadPlan, place: int, block: int) -> None:
        indices = plan.block(block)
        first = place * plan.metrics + 1  # aliases begin at 1 and are unique over an edge node
        marked = Metric(timestamp=_TIME_MARK, datatype=DataType.Double, value=_VALUE_MARK)
        data = [replace(marked, alias=first + index) for index in indices]
        past = [replace(metric, is_historical=True) for metric in data]
        born = [
            replace(metric, name=plan.metric_names[index], properties=_UNIT)
            for index, metric in zip(indices, data, strict=True)
        ]
        self._birth = _Form(encode_payload(Payload(metrics=tuple(born))), opens_with_time=False)
        self._data = _Form(_sent(data), opens_with_time=True)
        self._past = _Form(_sent(past), opens_with_time=True)

    def birth(self, taken: bytes, values: Iterable[float]) -> bytes:
        """Return the block's part of a birth."""
        return self._birth.fill(b"", taken, values)

    def data(self, taken: bytes, values: Iterable[float]) -> bytes:
        """Return a data payload but for its sequence number."""
        return self._data.fill(taken, taken, values)

    def historical(self, sent: bytes, taken: bytes, values: Iterable[float]) -> bytes:
        """Return a payload with the past but for its sequence number."""
        return self._past.fill(sent, taken, values)


class LoadForms:
    """Every form of a load.

    Args:
        plan: The load.
    """

    def __init__(self, plan: LoadPlan) -> None:
        self.plan = plan
        self.blocks = tuple(
            tuple(BlockForms(plan, place, block) for block in range(plan.blocks))
            for place in range(plan.places_per_node)
        )
        step = int(plan.value(0, 0, 1, 0) - plan.value(0, 0, 0, 0))
        self._steps = tuple(tuple(step * index for index in plan.block(block)) for block in range(plan.blocks))

    def values(self, first: float, block: int, number: int) -> list[float]:
        """Return the values of a block.

        Args:
            first: What the device's first metric says in reading 0.
            block: Index of the block.
            number: Number of the readings.
        """
        start = first + number
        return [start + step for step in self._steps[block]]


def _sent(metrics: list[Metric]) -> bytes:
    payload = Payload(timestamp=_TIME_MARK, metrics=tuple(metrics))
    return encode_payload(payload, says_datatype=lambda _metric: False)


def birth_head(sent_ms: int) -> bytes:
    """Return the begin of a birth: when it was sent (milliseconds since the epoch)."""
    return encode_payload(Payload(timestamp=sent_ms))
