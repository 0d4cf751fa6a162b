"""From metrics to the one word a screen shows: running, idle, setup, planned stop, unplanned stop, blocked,
unknown.

The word comes from ``OEE/State`` when the OEE service speaks for the place, else from the machine's PackML
state. Nothing is computed from it here; it colours a dot. Sources: ISO 22400-2 time elements; ISA-
TR88.00.02 states.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

GOOD = 192
STALE = 500

JsonValue = str | int | float | bool | None | list["JsonValue"] | dict[str, "JsonValue"]


class ShownState(StrEnum):
    """The fixed set of states, the same on every page."""

    RUNNING = "running"
    IDLE = "idle"
    SETUP = "setup"
    PLANNED_STOP = "planned_stop"
    UNPLANNED_STOP = "unplanned_stop"
    BLOCKED = "blocked"
    UNKNOWN = "unknown"


# Worst first: what a rolled-up dot shows when the places below differ.
SEVERITY: tuple[ShownState, ...] = (
    ShownState.UNPLANNED_STOP,
    ShownState.BLOCKED,
    ShownState.UNKNOWN,
    ShownState.SETUP,
    ShownState.RUNNING,
    ShownState.IDLE,
    ShownState.PLANNED_STOP,
)

# PackML state number -> (name on screen, shown state); ISA-TR88.00.02, numbers of the OPC UA nodeset.
PACKML: Mapping[int, tuple[str, ShownState]] = MappingProxyType(
    {
        0: ("Undefined", ShownState.UNKNOWN),
        1: ("Clearing", ShownState.UNPLANNED_STOP),
        2: ("Stopped", ShownState.IDLE),
        3: ("Starting", ShownState.RUNNING),
        4: ("Idle", ShownState.IDLE),
        5: ("Suspended", ShownState.BLOCKED),
        6: ("Execute", ShownState.RUNNING),
        7: ("Stopping", ShownState.IDLE),
        8: ("Aborting", ShownState.UNPLANNED_STOP),
        9: ("Aborted", ShownState.UNPLANNED_STOP),
        10: ("Holding", ShownState.UNPLANNED_STOP),
        11: ("Held", ShownState.UNPLANNED_STOP),
        12: ("Unholding", ShownState.UNPLANNED_STOP),
        13: ("Suspending", ShownState.BLOCKED),
        14: ("Unsuspending", ShownState.BLOCKED),
        15: ("Resetting", ShownState.IDLE),
        16: ("Completing", ShownState.RUNNING),
        17: ("Complete", ShownState.IDLE),
    }
)

# ISO 22400-2 time element (as the OEE service names the state of a work unit) -> shown state.
TIME_ELEMENTS: Mapping[str, ShownState] = MappingProxyType(
    {
        "APT": ShownState.RUNNING,
        "AUST": ShownState.SETUP,
        "ADET": ShownState.UNPLANNED_STOP,
        "ADOT": ShownState.IDLE,
        "PDOT": ShownState.PLANNED_STOP,
        "NOT_SCHEDULED": ShownState.PLANNED_STOP,
        "UNKNOWN": ShownState.UNKNOWN,
    }
)

PACKML_STATE = "Status/StateCurrent"
UNIT_MODE = "Status/UnitModeCurrent"
OEE_STATE = "OEE/State"
OEE_STATE_REASON = "OEE/StateReason"
OEE_STATE_SINCE = "OEE/StateSince"
STOP_REASON = "Admin/StopReason"
BLOCKED = "Status/Blocked"
STARVED = "Status/Starved"
STATE_METRICS = frozenset(
    {PACKML_STATE, UNIT_MODE, OEE_STATE, OEE_STATE_REASON, OEE_STATE_SINCE, STOP_REASON, BLOCKED, STARVED}
)
_MAINTENANCE_MODES = frozenset({2, 3})


@dataclass(frozen=True, slots=True)
class MetricValue:
    """One metric of one place, as the projection says it."""

    place: str
    metric: str
    value: JsonValue
    unit: str | None
    quality: int
    timestamp: str | None
    source: str

    @property
    def is_good(self) -> bool:
        """True when the value may be read as true now."""
        return self.quality == GOOD


@dataclass(frozen=True, slots=True)
class PlaceState:
    """What a place shows: a state, the machine's own word for it, the reason if one is known, and since
    when.
    """

    state: ShownState
    detail: str | None
    reason: str | None
    since: str | None
    stale: bool


def classify(
    metrics: Mapping[str, MetricValue], before: PlaceState | None = None, *, now: str | None = None
) -> PlaceState | None:
    """Return the state the metrics of one place speak of, or None when none of them does.

    Args:
        metrics: The place's metrics by name; only ``STATE_METRICS`` are read.
        before: The state shown so far; while the state stays the same, so does its ``since``.
        now: The instant at which a signal that is lost now was lost, ISO 8601; its last value's time says nothing of it.

    Returns:
        The state. A stale or bad state metric gives ``UNKNOWN`` with ``stale`` set, whatever its last value
        said.
    """
    packml, oee = metrics.get(PACKML_STATE), metrics.get(OEE_STATE)
    speaker = packml if oee is None or not isinstance(oee.value, str) else oee
    if speaker is None:
        return None
    if any(metric is not None and not metric.is_good for metric in (packml, speaker)):
        return _with_since(PlaceState(ShownState.UNKNOWN, None, None, now, stale=True), before)
    state, detail = _state_of(metrics, packml, oee)
    changed_at = _text(metrics.get(OEE_STATE_SINCE)) if speaker is oee else None
    changed_at = changed_at or speaker.timestamp
    return _with_since(PlaceState(state, detail, _reason(metrics, state), changed_at, stale=False), before)


def worst(states: Iterable[ShownState]) -> ShownState | None:
    """Return the state that needs attention first, or None for no states at all."""
    return min(states, key=SEVERITY.index, default=None)


def _state_of(
    metrics: Mapping[str, MetricValue], packml: MetricValue | None, oee: MetricValue | None
) -> tuple[ShownState, str | None]:
    detail, machine_state = None, ShownState.UNKNOWN
    if packml is not None and isinstance(packml.value, int):
        detail, machine_state = PACKML.get(packml.value, (f"State {packml.value}", ShownState.UNKNOWN))
    if oee is None or not isinstance(oee.value, str):
        mode = metrics.get(UNIT_MODE)
        if mode is not None and mode.value in _MAINTENANCE_MODES and machine_state is not ShownState.UNPLANNED_STOP:
            return ShownState.SETUP, detail
        return machine_state, detail
    state = TIME_ELEMENTS.get(oee.value, ShownState.UNKNOWN)
    if state is ShownState.UNPLANNED_STOP and machine_state is ShownState.BLOCKED:
        state = ShownState.BLOCKED
    return state, detail or oee.value


def _reason(metrics: Mapping[str, MetricValue], state: ShownState) -> str | None:
    if state is ShownState.BLOCKED:
        for name, word in ((BLOCKED, "blocked"), (STARVED, "starved")):
            metric = metrics.get(name)
            if metric is not None and metric.value is True:
                return word
    if state in {ShownState.UNPLANNED_STOP, ShownState.BLOCKED}:
        return _text(metrics.get(OEE_STATE_REASON)) or _text(metrics.get(STOP_REASON))
    return None


def _text(metric: MetricValue | None) -> str | None:
    if metric is None or not isinstance(metric.value, str | int) or metric.value in {0, ""}:
        return None
    return str(metric.value)


def _with_since(now: PlaceState, before: PlaceState | None) -> PlaceState:
    if before is None or (before.state, before.detail, before.stale) != (now.state, now.detail, now.stale):
        return now
    return PlaceState(now.state, now.detail, now.reason, before.since, now.stale)
