"""A birth that repeats the one before it is read quickly, and never otherwise than it would be by itself."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from namespace.sparkplug import DataType, MetricValue, RemoteProtocolError
from namespace.sparkplug._pb import sparkplug_b_pb2 as pb
from namespace.sparkplug.metric_table import MetricTable, Problem
from namespace.sparkplug.payload import DEFAULT_LIMITS, Limits

NOW_MS = 1_770_000_000_000


def _value(chance: random.Random, metric: pb.Payload.Metric) -> None:
    match metric.datatype:
        case DataType.Double:
            metric.double_value = chance.choice([0.0, -0.0, 1.5, 1e300])
        case DataType.Boolean:
            metric.boolean_value = chance.random() < 0.5
        case DataType.Int8 | DataType.UInt8:
            metric.int_value = chance.choice([0, 1, 200, 200, 70_000])  # the last is no UInt8
        case DataType.String:
            metric.string_value = chance.choice(["", "text"])
        case DataType.Int32Array:
            metric.bytes_value = bytes(4 * chance.randrange(3))


def _changed(chance: random.Random, message: pb.Payload) -> None:
    """Change something of a birth that is more than its values, more often than not."""
    metric = chance.choice(message.metrics)
    match chance.randrange(24):
        case 0:
            del message.metrics[chance.randrange(len(message.metrics))]
        case 1:
            message.metrics.add().CopyFrom(metric)
        case 2:
            metric.alias = chance.choice([0, 1, 77])
        case 3:
            metric.ClearField("alias")
        case 4:
            metric.datatype = chance.choice([DataType.Double, DataType.Int64, 99])
        case 5:
            metric.is_null = True
        case 6:
            metric.is_transient = True
        case 7:
            metric.is_historical = True
        case 8:
            metric.ClearField("value")
        case 9:
            _unit(metric, "H87")
        case 10:
            metric.ClearField("properties")
        case 11:
            metric.metadata.size = 3
        case 12:
            metric.name = chance.choice(["", "other", message.metrics[0].name])
        case 13:
            metric.ClearField("datatype")
        case 14:
            message.ClearField("timestamp")


def _unit(metric: pb.Payload.Metric, unit: str) -> None:
    metric.ClearField("properties")
    metric.properties.keys.append("engUnit")
    metric.properties.values.add(type=DataType.String, string_value=unit)


def _birth(chance: random.Random) -> pb.Payload:
    message = pb.Payload(timestamp=NOW_MS, seq=0)
    types = [DataType.Double, DataType.Boolean, DataType.Int8, DataType.UInt8, DataType.String]
    types += [DataType.Int32Array] if chance.random() < 0.2 else []
    for number in range(chance.randrange(2, 9)):
        metric = message.metrics.add(name=f"m{number}", datatype=chance.choice(types))
        if chance.random() < 0.8:
            metric.alias = number
        if chance.random() < 0.5:
            metric.timestamp = NOW_MS - chance.randrange(2)
        if chance.random() < 0.5:
            _unit(metric, chance.choice(["CEL", "KGM"]))
        _value(chance, metric)
    return message


def _read(
    message: pb.Payload, limits: Limits, before: MetricTable | None
) -> tuple[MetricTable, list[Problem]] | tuple[None, str]:
    try:
        return MetricTable.born(message, NOW_MS + 5, limits, before)
    except RemoteProtocolError as error:
        return None, str(error)


def _told(table: MetricTable, message: pb.Payload) -> tuple[tuple[MetricValue, ...], list[Problem], object]:
    columns, problems = table.data(message, NOW_MS + 9, DEFAULT_LIMITS)
    return columns.metrics(), problems, (table.values(), table.metrics(), table.value_of("m0"))


@pytest.mark.parametrize("seed", range(4))
def test_a_birth_is_read_the_same_whatever_birth_came_before_it(seed: int) -> None:
    chance, quick, full = random.Random(seed), 0, 0
    for _ in range(500):
        first = _birth(chance)
        second = pb.Payload.FromString(first.SerializeToString())
        _changed(chance, chance.choice([first, second]))
        before, _problems = _read(first, DEFAULT_LIMITS, None)
        if before is None:
            continue
        for metric in second.metrics if chance.random() < 0.5 else ():
            _value(chance, metric)
        limits = replace(DEFAULT_LIMITS, values=chance.choice([3, 8, 16, DEFAULT_LIMITS.values]))
        by_itself, expected = _read(second, limits, None)
        table, problems = _read(second, limits, before)
        assert problems == expected, second
        if table is None or by_itself is None:
            assert table is by_itself
            continue
        data = _birth(chance)
        assert _told(table, data) == _told(by_itself, data), second
        is_quick = before.again(second, NOW_MS + 5, limits) is not None
        quick, full = quick + is_quick, full + (not is_quick)
    assert min(quick, full) > 50
