"""Final windows restated: the order of arrival makes no difference to where they end up."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from fractions import Fraction
from random import Random

import pytest

from namespace.isa95 import AutomaticReason, Reason, ReasonTree
from services.oee.domain.losses import ledger
from services.oee.domain.profile import UnitProfile
from services.oee.domain.restatement import Archived, restate
from services.oee.domain.sample import (
    Channel,
    Classification,
    CounterName,
    CycleMark,
    JobMark,
    Reading,
    Sample,
    Signal,
)
from services.oee.domain.snapshot import from_document, history_document, history_from_document, to_document
from services.oee.domain.unit import TooLate, UnitState, WindowFinal, advance, begin
from tests.unit.oee.scenario import CALENDAR, HOUR_S, ms

TREE = ReasonTree(1, {"DRV": Reason("DRV", "Drive")}, (AutomaticReason("DRV", cause="failure"),))
PROFILE = UnitProfile(
    ideal_cycle_ms=Fraction(1000), microstop_threshold_ms=60_000, no_count_after_ms=900_000, reasons=TREE
)
BEGIN_MS = ms(6 * HOUR_S)
END_S = 3 * 24 * HOUR_S


@dataclass
class Service:
    """A unit with its archive, as the keeper keeps them."""

    state: UnitState = field(default_factory=lambda: begin(PROFILE, CALENDAR, BEGIN_MS))
    finals: dict[int, Archived] = field(default_factory=dict)

    def step(self, samples: list[Sample], now_ms: int) -> None:
        self.state, outputs = advance(self.state, samples, now_ms, PROFILE, CALENDAR)
        late = [output.sample for output in outputs if isinstance(output, TooLate)]
        for output in outputs:
            if isinstance(output, WindowFinal):
                result = output.result
                self.finals[result.window.start_ms] = Archived(
                    result.window,
                    result.revision,
                    result.evaluation.totals,
                    result.evaluation.fingerprint,
                    output.history,
                )
        for start_ms, item in self.finals.items():
            after, result = restate(item, late, PROFILE, CALENDAR)
            assert result is None or (result.revision, result.supersedes) == (item.revision + 1, item.revision)
            self.finals[start_ms] = after

    def restart(self) -> None:
        """Go on from what is written down, as after a crash."""
        self.state = from_document(json.loads(json.dumps(to_document(self.state))), PROFILE)
        for start_ms, item in self.finals.items():
            document = json.loads(json.dumps(history_document(item.history)))
            self.finals[start_ms] = replace(item, history=history_from_document(document, PROFILE))

    def said(self) -> list[tuple[object, ...]]:
        return [(item.window, item.totals, item.fingerprint) for item in self.finals.values()]


def three_days(dice: Random) -> list[Sample]:
    """States, counts, orders, words and ideal cycles of three days, in the order of their times."""
    samples: list[Sample] = [Signal(BEGIN_MS, Channel.STATE, 6), Reading(BEGIN_MS, CounterName.PROCESSED, 0)]
    at_ms, produced, scrapped, order = BEGIN_MS, 0, 0, 0
    while at_ms < ms(END_S):
        at_ms += dice.randint(20, 1500) * 1000
        kind = dice.random()
        if kind < 0.5:
            produced = (produced + dice.randint(0, 400)) % 65_536
            samples.append(Reading(at_ms, CounterName.PROCESSED, produced))
            if dice.random() < 0.3:
                scrapped += dice.randint(0, 5)
                samples.append(Reading(at_ms, CounterName.DEFECTIVE, scrapped))
        elif kind < 0.8:
            samples.append(Signal(at_ms, Channel.STATE, dice.choice([6, 6, 6, 9, 11, 5, 2])))
        elif kind < 0.9:
            samples.append(JobMark(at_ms, f"JO-{order}", running=False, material=f"M{order % 2}"))
            order += 1
            begins_ms = at_ms + dice.randint(0, 900) * 1000
            samples.append(JobMark(begins_ms, f"JO-{order}", running=True, material=f"M{order % 2}"))
        elif kind < 0.95:
            samples.append(Signal(at_ms, Channel.ONLINE, dice.choice([0, 1, 1])))
        elif kind < 0.98:
            samples.append(
                Classification(at_ms, at_ms + 900_000, dice.choice(["DRV", None]), "lead", at_ms, str(at_ms))
            )
        else:
            samples.append(CycleMark(at_ms, dice.choice([None, "M1"]), Fraction(dice.randint(500, 1500)), at_ms))
    return samples


@pytest.mark.parametrize("seed", range(4))
def test_any_order_of_arrival_and_any_restart_end_in_the_same_final_windows(seed: int) -> None:
    dice = Random(seed)
    samples = three_days(dice)
    in_time, shuffled = Service(), Service()
    for sample in samples:
        in_time.step([sample], sample.at_ms)
    any_order = [*samples, *dice.sample(samples, len(samples) // 4)]
    dice.shuffle(any_order)
    hours = END_S // HOUR_S
    for hour in range(6, hours):
        share = any_order[(hour - 6) * len(any_order) // (hours - 6) : (hour - 5) * len(any_order) // (hours - 6)]
        shuffled.step(share, ms(hour * HOUR_S))
        if dice.random() < 0.3:
            shuffled.restart()
    for service in (in_time, shuffled):
        service.step([], ms(END_S + 24 * HOUR_S))
    assert len(in_time.finals) >= 6
    assert shuffled.said() == in_time.said()
    assert max(item.revision for item in shuffled.finals.values()) > 1
    for item in shuffled.finals.values():
        _, again = restate(item, (), PROFILE, CALENDAR, why="to see the ledger")
        assert again is None, "nothing changes by judging once more"


def test_a_restated_window_still_accounts_for_all_of_its_busy_time() -> None:
    service = Service()
    service.step(three_days(Random(9)), ms(END_S))
    first = next(iter(service.finals.values()))
    late = [
        Signal(first.window.start_ms + 60_000, Channel.STATE, 9),
        Signal(first.window.start_ms + 90_000, Channel.STATE, 6),
    ]
    after, result = restate(first, late, PROFILE, CALENDAR)
    assert result is not None
    assert (result.revision, result.supersedes, result.why) == (2, 1, "late data")
    assert result.before == first.totals
    entries = ledger(result.evaluation, TREE, unknown_is_delay=True)
    assert entries.busy_ms == after.totals.elements.pbt
    assert entries.units == after.totals.produced.pq
