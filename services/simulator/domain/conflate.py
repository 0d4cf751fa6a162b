"""Fewer messages for the same knowledge.

At many times real speed a controller would report its counters and sensors more often than anybody can use. Scans that only move
counters and sensors are folded into the newest one; whatever tells a change of state, mode, speed or reason keeps its own report and its
place in the order.
"""

from collections.abc import Callable, Iterable

from services.simulator.domain.line import Report


def conflate(reports: Iterable[Report], is_measured: Callable[[str], bool]) -> list[Report]:
    """Fold consecutive scans of each unit into one.

    Args:
        reports: In order of time.
        is_measured: Tells counters and sensors from the other tags.

    Returns:
        Reports in order of time; each unit ends at the same values, with the same changes of state in between.
    """
    folded: list[Report] = []
    open_scan: dict[str, int] = {}
    for report in reports:
        index = open_scan.get(report.unit)
        if not all(is_measured(tag) for tag in report.tags):
            open_scan.pop(report.unit, None)
            folded.append(report)
        elif index is None:
            open_scan[report.unit] = len(folded)
            folded.append(report)
        else:
            folded[index] = Report(report.at_ms, report.unit, {**folded[index].tags, **report.tags})
    return sorted(folded, key=lambda report: report.at_ms)
