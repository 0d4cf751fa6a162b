"""The books of a reactor: which lot went into which batch, what came out of it, and what was lost; nothing vanishes."""

from __future__ import annotations

from collections import deque
from random import Random

from services.simulator.domain.counter import AccumulatingCounter
from services.simulator.domain.reactor.batch import BatchRecord, LotSupply, MaterialBalance, Note
from services.simulator.domain.reactor.profile import ReactorProfile
from services.simulator.domain.truth import UnitTruth

_KEPT = 100
_GOOD_ASSAY = 0.975
_GOOD_CONVERSION = 0.985
_HOT_S = 180


class Ledger:
    """Batches, lots and totalizers of one reactor.

    Args:
        profile: The reactor.
        random: Where its numbers begin.
        truth: Is told of every kilogram made.
    """

    def __init__(self, profile: ReactorProfile, random: Random, truth: UnitTruth) -> None:
        self._name = profile.name
        self._truth = truth
        self._number = random.randrange(100, 9000)
        self.lots_a = LotSupply("RA", profile.lot_a_kg, random.randrange(1000, 90_000))
        self.lots_b = LotSupply("RB", profile.lot_b_kg, random.randrange(1000, 90_000))
        self.total_a_kg = self.total_b_kg = 0.0
        self.out = AccumulatingCounter(32)
        """Whole kilograms of product, in and off spec."""
        self.off_spec = AccumulatingCounter(32)
        self._made_kg = {True: 0.0, False: 0.0}
        self._lost_kg = 0.0
        self.batches: deque[BatchRecord] = deque(maxlen=_KEPT)
        self.hot_s = 0
        """Seconds for which the running batch was too hot."""

    @property
    def batch(self) -> BatchRecord | None:
        """The batch under way."""
        return self.batches[-1] if self.batches and self.batches[-1].ended_ms is None else None

    def open(self, recipe: str, now_ms: int) -> None:
        """Begin a batch."""
        self._number += 1
        self.hot_s = 0
        self.batches.append(BatchRecord(f"{self._name}-{self._number:05d}", recipe, now_ms))

    def charge(self, a_kg: float, b_kg: float) -> None:
        """Book what goes into the vessel to the lots in use."""
        self.total_a_kg += a_kg
        self.total_b_kg += b_kg
        batch = self.batch
        for lots, kg in ((self.lots_a, a_kg), (self.lots_b, b_kg)):
            for lot, taken_kg in lots.take(kg).items():
                if batch is not None:
                    batch.charged[lot] = batch.charged.get(lot, 0.0) + taken_kg

    def examine(self, conversion: float, assay: float) -> None:
        """Decide whether the batch is in spec.

        Args:
            conversion: Share of B that has reacted.
            assay: Purity of its B.
        """
        if self.batch is not None:
            too_hot = self.hot_s > _HOT_S
            self.batch.in_spec = conversion >= _GOOD_CONVERSION and assay >= _GOOD_ASSAY and not too_hot

    def discharge(self, kg: float, now_ms: int) -> None:
        """Book what leaves as a product."""
        batch = self.batch
        if not kg or batch is None:
            return
        good = bool(batch.in_spec)
        batch.produced_kg += kg
        before = int(self._made_kg[good])
        self._made_kg[good] += kg
        whole = int(self._made_kg[good]) - before
        self.out.add(whole)
        if not good:
            self.off_spec.add(whole)
        for _ in range(whole):
            self._truth.count(now_ms, good=good)

    def lose(self, kg: float) -> None:
        """Book what is lost: vapour, dumped contents, rinsings."""
        self._lost_kg += kg
        if self.batch is not None:
            self.batch.lost_kg += kg

    def note(self, now_ms: int, text: str) -> None:
        """Note an alarm or an intervention."""
        if self.batch is not None:
            self.batch.notes.append(Note(now_ms, text))

    def close(self, outcome: str, now_ms: int) -> None:
        """End the batch."""
        if self.batch is not None:
            self.batch.outcome = outcome
            self.batch.ended_ms = now_ms

    def balance(self, held_kg: float) -> MaterialBalance:
        """Return where everything is that was ever charged.

        Args:
            held_kg: What is in the vessel.
        """
        made_kg = sum(self._made_kg.values())
        return MaterialBalance(self.total_a_kg + self.total_b_kg, made_kg, self._lost_kg, held_kg)
