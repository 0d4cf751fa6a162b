"""The projection becomes the live picture: values, vanished topics, events, unplaced nodes, a lost broker."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from namespace.transport import Message
from services.console.adapters.projection import Projection
from services.console.application.live import LiveNamespace
from services.console.ports import Site

ROOT = "uns/v1/Acme/Dallas"
FILLER = "Acme/Dallas/Packaging/Line1/Filler"
START = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)


class StoppedClock:
    def now(self) -> datetime:
        return START


@pytest.fixture
def live() -> LiveNamespace:
    return LiveNamespace(Site("Acme/Dallas", "America/Chicago", ()))


@pytest.fixture
def projection(live: LiveNamespace) -> Projection:
    return Projection(live, StoppedClock(), grace_s=0.01)


def message(topic: str, document: object) -> Message:
    payload = document if isinstance(document, bytes) else json.dumps(document).encode()
    return Message(f"{ROOT}/{topic}", payload, 0, True)


def value(metric: str = "Process/Flow", *, place: str | None = FILLER, **more: Any) -> dict[str, Any]:
    return {
        "value": 14.2,
        "unit": "MQH",
        "quality": 192,
        "timestamp": "2026-03-02T06:00:00.000Z",
        "source": "Bottling/Line1-PLC/Filler",
        "place": place,
        "metric": metric,
        **more,
    }


TOPIC = "Packaging/Line1/Filler/Process/Flow"


def test_a_value_is_at_its_place(live: LiveNamespace, projection: Projection) -> None:
    projection.take(message(TOPIC, value()))
    metric = live.metrics.get((FILLER, "Process/Flow"))
    assert metric is not None
    assert (metric.value, metric.unit, metric.quality, metric.source) == (14.2, "MQH", 192, "Bottling/Line1-PLC/Filler")


def test_a_value_without_a_place_hangs_under_its_source(live: LiveNamespace, projection: Projection) -> None:
    projection.take(message("_unplaced/Legacy/edge-07/Temp", value("Temp", place=None, source="Legacy/edge-07")))
    assert live.metrics.get(("_unplaced/Legacy/edge-07", "Temp")) is not None


def test_an_empty_payload_takes_the_value_away(live: LiveNamespace, projection: Projection) -> None:
    projection.take(message(TOPIC, value()))
    projection.take(message(TOPIC, b""))
    projection.take(message("Packaging/Line1/Filler/Never/Heard", b""))
    assert live.metrics_of(FILLER) == []


def test_a_repetition_changes_nothing(live: LiveNamespace, projection: Projection) -> None:
    projection.take(message(TOPIC, value()))
    before = live.revision.current
    projection.take(message(TOPIC, value()))
    assert live.revision.current == before


@pytest.mark.parametrize(
    "payload",
    [
        b"{",
        b"[]",
        b"\xff\xfe",
        b"null",
        {"value": 1},
        value(quality="good"),
        value() | {"metric": 3},
        value(source=None),
    ],
)
def test_what_is_no_document_is_counted_and_changes_nothing(
    live: LiveNamespace, projection: Projection, payload: object
) -> None:
    projection.take(message(TOPIC, payload))
    assert projection.unreadable == 1
    assert len(live.metrics) == 0


def test_an_event_is_shown_with_its_producer_from_the_contracts(live: LiveNamespace, projection: Projection) -> None:
    row = {
        "event_id": "0190",
        "type": "JobOrderStateChanged",
        "scope": "Acme/Dallas/Packaging/Line1",
        "subject": "JO-1",
        "job_order": "JO-1",
        "actor": "olga",
        "occurred_at": "2026-03-02T06:00:00.000Z",
        "payload": {"from": "AllowedToStart", "to": "Running"},
    }
    projection.take(message("Packaging/Line1/_event/JobOrderStateChanged", row))
    projection.take(message("Packaging/Line1/_event/JobOrderStateChanged", {"event_id": "x"}))
    [event] = live.events_since(0, lambda _: True)
    assert (event.producer, event.job_order, event.payload["to"]) == ("work_order", "JO-1", "Running")
    assert projection.unreadable == 1


async def test_what_does_not_come_again_after_a_reconnect_has_vanished(
    live: LiveNamespace, projection: Projection
) -> None:
    projection.take(message(TOPIC, value()))
    projection.take(message("Packaging/Line1/Filler/Process/Gone", value("Process/Gone")))
    sweeping = asyncio.create_task(projection.sweep())
    await projection.connected()
    projection.take(message(TOPIC, value()))
    async with asyncio.timeout(5):
        while live.metrics.get((FILLER, "Process/Gone")) is not None:
            await asyncio.sleep(0.005)
    assert live.metrics.get((FILLER, "Process/Flow")) is not None
    sweeping.cancel()
    await asyncio.gather(sweeping, return_exceptions=True)


async def test_without_the_broker_the_picture_says_so(live: LiveNamespace, projection: Projection) -> None:
    await projection.connected()
    assert live.upstream.connected
    projection.disconnected()
    assert (live.upstream.connected, live.upstream.since) == (False, START)
    assert "broker" in live.upstream.detail
