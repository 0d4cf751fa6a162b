"""All work units of the site: samples in, results out, and what must be written down about it.

The state of a unit is kept in memory. Samples are written down before they are used, job order marks in the transaction of their event,
and the whole state now and then; so a restart goes on where the service stopped (`adapters`).
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from namespace.isa95 import EquipmentPath, SiteModel, WorkCalendar, WorkUnitSettings
from namespace.runtime import MachineBacklog, MachineNews, MachineOnline, MachineSample, MachineSilent, to_ms
from services.oee.domain.profile import UnitProfile
from services.oee.domain.sample import BEFORE_BIRTH, Channel, CounterName, JobMark, Reading, Sample, Signal
from services.oee.domain.state_log import StateInterval
from services.oee.domain.unit import Output, UnitState, WindowClosed, WindowResult, advance, begin, look

_BLOCKED = "Status/Blocked"
_STARVED = "Status/Starved"
_EARLIEST_MS = 7 * 86_400_000
"""How far back the first samples of a unit may begin its log: a value that did not change for years does not open years of shifts."""


@dataclass
class Unit:
    """One work unit and how it is judged.

    Attributes:
        path: Where.
        settings: Its part of the site file.
        profile: The same for the domain.
        calendar: Its work calendar.
        state: None until anything is known about it.
        emitted_until_ms: Intervals that ended by then were published.
        is_dirty: The state has changed since it was saved.
        is_saved: There is a row for it.
        unsaved: Samples taken in since it was saved; until it is saved with them, they are kept beside it.
        saved: Samples it was saved with.
        pending: Samples to be taken in with the next step.
        result: That of the present window, as of the last step; None when nothing is scheduled or known.
    """

    path: EquipmentPath
    settings: WorkUnitSettings
    profile: UnitProfile
    calendar: WorkCalendar
    state: UnitState | None = None
    emitted_until_ms: int = 0
    is_dirty: bool = False
    is_saved: bool = False
    unsaved: int = 0
    saved: int = 0
    pending: list[Sample] = field(default_factory=list)
    result: WindowResult | None = None
    _last: dict[Channel, Signal] = field(default_factory=dict)

    def ordered(self, at_ms: int, channel: Channel, value: int | None) -> Signal:
        """Return a signal, numbered among those of its channel with the same source time in the order in which they came."""
        last = self._last.get(channel)
        ordinal = last.ordinal + (last.value != value) if last is not None and last.at_ms == at_ms else 0
        signal = Signal(at_ms, channel, value, ordinal)
        self.remember(signal)
        return signal

    def remember(self, signal: Signal) -> None:
        """Note a signal that was numbered before, so that the next one of its channel is numbered behind it."""
        self._last[signal.channel] = signal

    def knows(self, sample: Sample) -> bool:
        """Return whether it changes nothing to take a sample in: it came before, and was written down then."""
        if self.state is None or not isinstance(sample, Signal | Reading):
            return False
        history = self.state.history
        if isinstance(sample, Signal):
            return history.has_signal(sample)
        return sample in (history.processed if sample.counter is CounterName.PROCESSED else history.defective)

    @property
    def has_outgrown_what_is_saved(self) -> bool:
        """Whether to save the whole again: at every quarter more, so that a shift is not written again and again as it grows."""
        return self.unsaved * 4 >= self.saved

    def saved_now(self) -> None:
        """Note that the state, as it is, is written down."""
        self.is_dirty, self.is_saved, self.unsaved = False, True, 0
        self.saved = 0 if self.state is None else len(self.state.history)

    @property
    def known_until_ms(self) -> int:
        """How far business time has surely come, ms since the epoch; 0 where nothing is known."""
        told = [sample.at_ms for sample in self.pending if isinstance(sample, (Signal, Reading))]
        return max([0 if self.state is None else self.state.now_ms, *told])

    def is_silent_since(self, at_ms: int) -> bool:
        """Return whether the unit was known to be silent by then, so that hearing of it again changes nothing."""
        last = self._last.get(Channel.ONLINE)
        return last is not None and last.value == 0 and last.at_ms >= at_ms


@dataclass(frozen=True)
class Closed:
    """An interval of a unit's state log that is over."""

    unit: Unit
    interval: StateInterval


@dataclass(frozen=True)
class Retold:
    """What a unit's intervals are by now, as far as they were told: late samples may have changed them.

    Attributes:
        unit: Whose.
        log: In order of time, cut where telling has stopped.
    """

    unit: Unit
    log: tuple[StateInterval, ...]


@dataclass(frozen=True)
class Said:
    """Something about a window of a unit."""

    unit: Unit
    output: Output


Telling = Closed | Retold | Said


class Units:
    """Every work unit of the site.

    Args:
        site: The site.
    """

    def __init__(self, site: SiteModel) -> None:
        self._site = site
        self.by_path: dict[EquipmentPath, Unit] = {
            equipment.path: Unit(
                equipment.path,
                site.work_unit(equipment.path),
                UnitProfile.of(site.work_unit(equipment.path), site.staleness, site.reasons),
                site.calendar(equipment.path),
            )
            for center in site.equipment.work_centers()
            for equipment in site.equipment.work_units(center.path)
        }
        self._channels: Mapping[EquipmentPath, Mapping[str, Channel | CounterName]] = {
            unit.path: _channels(unit.settings) for unit in self.by_path.values()
        }

    @property
    def metrics(self) -> frozenset[str]:
        """The canonical names of all metrics that any unit is judged by."""
        return frozenset(metric for channels in self._channels.values() for metric in channels)

    def metrics_of(self, path: EquipmentPath) -> frozenset[str]:
        """Return the canonical names of the metrics that one unit is judged by."""
        return frozenset(self._channels[path])

    def at(self, work_center: EquipmentPath) -> list[Unit]:
        """Return the units of a work center."""
        return [unit for path, unit in self.by_path.items() if path.is_within(work_center)]

    def samples(self, news: Iterable[MachineNews]) -> list[tuple[Unit, Sample]]:
        """Return what of the machines' news concerns a unit, as samples; nothing is taken in by this."""
        found = []
        for item in news:
            unit = self.by_path.get(item.place)
            sample = None if unit is None else self._sample(unit, item)
            if unit is not None and sample is not None:
                found.append((unit, sample))
        return found

    def mark(self, path: EquipmentPath, mark: JobMark) -> None:
        """Keep the beginning or end of a job order for the next step."""
        unit = self.by_path.get(path)
        if unit is not None:
            unit.pending.append(mark)

    def step(self, unit: Unit, now: datetime) -> list[Telling]:
        """Take the pending samples in and let business time move on to `now` (UTC); return what is to be said."""
        now_ms = to_ms(now)
        if unit.state is None:
            observed = [sample.at_ms for sample in unit.pending if isinstance(sample, (Signal, Reading))]
            if not observed:
                return []
            unit.state = begin(unit.profile, unit.calendar, max(min(observed), now_ms - _EARLIEST_MS, 0))
        samples, unit.pending = unit.pending, []
        unit.unsaved += len(samples)
        told_until_ms = unit.emitted_until_ms
        unit.state, outputs = advance(unit.state, samples, now_ms, unit.profile, unit.calendar)
        said: list[Telling] = []
        for output in outputs:
            if isinstance(output, WindowClosed):
                said += self._closed(unit, output.result, output.result.window.end_ms)
            said.append(Said(unit, output))
        unit.state, unit.result = look(unit.state, unit.profile, unit.calendar)
        if unit.result is not None:
            said += self._closed(unit, unit.result, unit.state.now_ms - unit.profile.settled_after_ms)
            late_ms = [sample.at_ms for sample in samples if sample.at_ms < told_until_ms]
            if late_ms:
                said += _retold(unit, unit.result, min(late_ms) - unit.profile.reach_ms)
        unit.is_dirty = unit.is_dirty or bool(samples or said)
        return said

    def _closed(self, unit: Unit, result: WindowResult, settled_ms: int) -> list[Closed]:
        """Return the intervals that ended since the last time and can no longer merge with what follows."""
        log = result.evaluation.log
        last_end_ms = log[-1].end_ms if log else 0
        closed = []
        told = bisect_right(log, unit.emitted_until_ms, key=lambda interval: interval.end_ms)
        for interval in log[told:]:
            is_over = interval.end_ms < last_end_ms or interval.end_ms == result.window.end_ms
            if is_over and interval.end_ms <= settled_ms:
                start_ms = max(
                    interval.start_ms, unit.emitted_until_ms
                )  # late data may have moved it into what was told
                closed.append(Closed(unit, replace(interval, start_ms=start_ms)))
                unit.emitted_until_ms = interval.end_ms
        return closed

    def _sample(self, unit: Unit, item: MachineNews) -> Sample | None:
        match item:
            case MachineOnline(since=since):
                return unit.ordered(to_ms(since), Channel.ONLINE, 1)
            case MachineSilent(since=since) if unit.is_silent_since(to_ms(since)):
                return None
            case MachineSilent(since=since):
                return unit.ordered(to_ms(since), Channel.ONLINE, 0)
            case MachineBacklog():  # whenever history arrives, it is put in its place
                return None
            case MachineSample(metric=metric):
                return _value(unit, self._channels[unit.path].get(metric), item)


def _retold(unit: Unit, result: WindowResult, since_ms: int) -> Iterator[Retold]:
    """What was told of the time from `since_ms` on, as it is now: late data changes nothing that ended before."""
    until_ms, whole = unit.emitted_until_ms, result.evaluation.log
    first = bisect_left(whole, since_ms, key=lambda interval: interval.end_ms)
    log = tuple(
        replace(interval, end_ms=min(interval.end_ms, until_ms))
        for interval in whole[first:]
        if interval.start_ms < until_ms
    )
    if log:
        yield Retold(unit, log)


def _value(unit: Unit, channel: Channel | CounterName | None, item: MachineSample) -> Sample | None:
    value, at_ms = item.value, to_ms(item.source_time)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if channel is None or not (value is None or isinstance(value, int)):
        return None
    if isinstance(channel, Channel):
        return unit.ordered(at_ms, channel, None if value is None else int(value))
    rule = unit.profile.processed if channel is CounterName.PROCESSED else unit.profile.defective
    count = None if value is None or rule is None else rule.unsigned(int(value))
    if count is None:
        return None
    return Reading(at_ms, channel, count, baseline=item.is_birth, ordinal=BEFORE_BIRTH if item.is_historical else 0)


def _channels(settings: WorkUnitSettings) -> dict[str, Channel | CounterName]:
    channels: dict[str, Channel | CounterName] = {
        settings.state_metric: Channel.STATE,
        settings.mode_metric: Channel.MODE,
        settings.stop_reason_metric: Channel.STOP_REASON,
        _BLOCKED: Channel.BLOCKED,
        _STARVED: Channel.STARVED,
        settings.processed.metric: CounterName.PROCESSED,
    }
    if settings.defective is not None:
        channels[settings.defective.metric] = CounterName.DEFECTIVE
    return channels
