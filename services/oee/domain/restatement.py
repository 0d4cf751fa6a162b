"""Restating a window that is final: what was said about it is kept, and superseded by a revision that says why.

A final window keeps the samples it was judged from. Whatever comes later - late or corrected data, a person's word, a
changed ideal cycle or site file - is judged with them as if it had been there in time, so the order of arrival makes no
difference to where a window ends up.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from namespace.isa95 import WorkCalendar
from services.oee.domain.evaluation import evaluate
from services.oee.domain.history import MARGIN_MS, History
from services.oee.domain.kpi import Totals
from services.oee.domain.plan import Window
from services.oee.domain.profile import UnitProfile
from services.oee.domain.sample import Classification, CycleMark, JobMark, Sample
from services.oee.domain.unit import WindowResult, WindowStatus


@dataclass(frozen=True)
class Archived:
    """A final window: what was last said about it, and the samples it was judged from."""

    window: Window
    revision: int
    totals: Totals
    fingerprint: str
    history: History


def concerns(sample: Sample, archived: Archived) -> bool:
    """Whether a sample can change a final window: it is early enough; whether it does is seen by judging again."""
    return sample.at_ms < archived.window.end_ms + MARGIN_MS


def restate(
    archived: Archived, samples: Iterable[Sample], profile: UnitProfile, calendar: WorkCalendar, *, why: str = ""
) -> tuple[Archived, WindowResult | None]:
    """Judge a final window again.

    Args:
        archived: the window as it stands.
        samples: what has come since; samples known already change nothing.
        profile: how the unit is judged.
        calendar: its work calendar; the window keeps its bounds, what the calendar no longer schedules in them is not
            scheduled.
        why: the reason, in words; where it is empty, what kind of samples came, and without new samples nothing is judged.

    Returns:
        The window as it stands now, and the new revision to be said; None where nothing changes.
    """
    history, new = archived.history.with_samples(sample for sample in samples if concerns(sample, archived))
    if not new and not why:
        return archived, None
    window = archived.window
    evaluation = evaluate(
        history,
        profile,
        calendar,
        start_ms=max(window.start_ms, history.horizon_ms),
        end_ms=window.end_ms,
        now_ms=window.end_ms + MARGIN_MS,
    )
    kept = replace(archived, history=history)
    if (evaluation.totals, evaluation.fingerprint) == (archived.totals, archived.fingerprint):
        return kept, None
    result = WindowResult(
        window,
        WindowStatus.FINAL,
        archived.revision + 1,
        archived.revision,
        evaluation,
        archived.totals,
        why or _because_of(new),
    )
    return (
        replace(kept, revision=result.revision, totals=evaluation.totals, fingerprint=evaluation.fingerprint),
        result,
    )


def _because_of(samples: Iterable[Sample]) -> str:
    kinds = dict.fromkeys(_KINDS.get(type(sample), "late data") for sample in samples)
    return ", ".join(kinds) or "judged again"


_KINDS = {JobMark: "late job order", CycleMark: "changed ideal cycle", Classification: "classified by a person"}
