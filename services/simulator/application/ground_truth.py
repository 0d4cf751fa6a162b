"""Answering what really happened, for those who test what the MES makes of it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from services.simulator.domain import TruthInterval
from services.simulator.domain.reactor import BatchReactor
from services.simulator.domain.simulation import Simulation


class UnknownUnitError(LookupError):
    """No simulated unit has this name."""

    def __init__(self, name: str, known: Sequence[str]) -> None:
        super().__init__(f"there is no simulated unit {name!r}; there are {', '.join(known) or 'none'}")


def ground_truth(
    lines: Mapping[str, Simulation],
    unit: str,
    *,
    since_ms: int | None,
    until_ms: int | None,
    page_ms: int | None,
    limit: int,
) -> tuple[dict[str, object], int | None]:
    """Tell what really happened to a unit in a window of simulated time.

    Args:
        lines: Name of the work center -> what is simulated there.
        unit: `<work center>/<work unit>`, as the controller calls them.
        since_ms: Begin of the window, milliseconds since the epoch; None for the beginning.
        until_ms: End of the window, exclusive; None for the present.
        page_ms: Where this page of intervals begins; None for the begin of the window.
        limit: How many intervals at most.

    Returns:
        Exact counts of the window, its first intervals cut to it, of a reactor the batches that began in them (the first page: or were
        under way), the simulated time; and where the next page begins, None for nowhere.

    Raises:
        UnknownUnitError: No simulated unit has this name.
    """
    center, _, name = unit.partition("/")
    line = lines.get(center)
    if line is None or name not in line.units:
        known = [f"{center}/{unit_name}" for center, line in lines.items() for unit_name in line.units]
        raise UnknownUnitError(unit, known)
    truth = line.truth(name)
    first_ms = since_ms if page_ms is None else page_ms
    end_ms = line.now_ms if until_ms is None else min(until_ms, line.now_ms)
    within = [
        interval
        for interval in truth.intervals(line.now_ms)
        if interval.start_ms < end_ms and (first_ms is None or interval.end_ms > first_ms)
    ]
    counts = truth.counts(since_ms, until_ms)
    document: dict[str, object] = {
        "now_ms": line.now_ms,
        "good": counts.good,
        "scrap": counts.scrap,
        "intervals": [_cut(interval, first_ms, end_ms).document() for interval in within[:limit]],
    }
    next_ms = within[limit].start_ms if len(within) > limit else None
    if isinstance(line, BatchReactor):
        begin_ms = first_ms if first_ms is not None else 0
        document["batches"] = [
            batch.document()
            for batch in line.batches
            if batch.started_ms < (end_ms if next_ms is None else next_ms)
            and (batch.started_ms >= begin_ms or (page_ms is None and (batch.ended_ms or end_ms) > begin_ms))
        ]
    return document, next_ms


def _cut(interval: TruthInterval, since_ms: int | None, end_ms: int) -> TruthInterval:
    start_ms = interval.start_ms if since_ms is None else max(since_ms, interval.start_ms)
    return replace(interval, start_ms=start_ms, end_ms=min(end_ms, interval.end_ms))
