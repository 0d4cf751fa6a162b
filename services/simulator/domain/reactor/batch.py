"""What really happened in a batch, kept aside for tests, and the lots that its material comes from."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple


class MaterialBalance(NamedTuple):
    """Where the material is that was charged, in kilograms: `charged == produced + lost + held`."""

    charged: float
    produced: float
    lost: float
    held: float


class Note(NamedTuple):
    """Something that happened to a batch: an alarm, an intervention.

    Attributes:
        at_ms: When, milliseconds since the epoch.
        text: What.
    """

    at_ms: int
    text: str


@dataclass
class BatchRecord:
    """One batch.

    Attributes:
        batch_id: Its id; also the id of the lot that it produces.
        recipe: The master recipe.
        started_ms: When charging began, milliseconds since the epoch.
        ended_ms: When the vessel was empty again; None as long as it is not.
        outcome: `running`, `complete` or `aborted`.
        in_spec: What the laboratory found; None before it did.
        charged: Material lot -> kilograms.
        produced_kg: What was discharged as a product, in or off spec.
        lost_kg: What evaporated, was dumped or rinsed away.
        notes: Alarms and interventions, in order of time.
    """

    batch_id: str
    recipe: str
    started_ms: int
    ended_ms: int | None = None
    outcome: str = "running"
    in_spec: bool | None = None
    charged: dict[str, float] = field(default_factory=dict)
    produced_kg: float = 0.0
    lost_kg: float = 0.0
    notes: list[Note] = field(default_factory=list)

    def document(self) -> dict[str, object]:
        """The batch as a JSON-able document, times in ms since the epoch, quantities in kilograms."""
        return {
            "batch_id": self.batch_id,
            "recipe": self.recipe,
            "start_ms": self.started_ms,
            "end_ms": self.ended_ms,
            "outcome": self.outcome,
            "in_spec": self.in_spec,
            "charged_kg": {lot: round(kg, 3) for lot, kg in self.charged.items()},
            "produced_kg": round(self.produced_kg, 3),
            "lost_kg": round(self.lost_kg, 3),
            "notes": [{"at_ms": note.at_ms, "text": note.text} for note in self.notes],
        }


class LotSupply:
    """Lots of one raw material, used up one after the other.

    Args:
        prefix: Begin of their ids.
        size_kg: How much is in each.
        first: Number of the first.
    """

    def __init__(self, prefix: str, size_kg: float, first: int) -> None:
        self._prefix = prefix
        self._size_kg = size_kg
        self._number = first
        self._left_kg = size_kg

    @property
    def lot(self) -> str:
        """The id of the lot in use."""
        return f"{self._prefix}-{self._number:05d}"

    def take(self, kg: float) -> dict[str, float]:
        """Take material; return how much of it came from which lot."""
        taken: dict[str, float] = {}
        while kg > self._left_kg:
            if self._left_kg:
                taken[self.lot] = self._left_kg
            kg -= self._left_kg
            self._number += 1
            self._left_kg = self._size_kg
        if kg:
            taken[self.lot] = kg
            self._left_kg -= kg
        return taken
