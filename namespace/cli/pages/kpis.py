"""The reference page of key figures: which of ISO 22400-2 are computed, and why not the others."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from namespace.contracts.oee_kpis import KPIS, KpiContract


def page() -> str:
    """Return the page in Markdown."""
    standard = [kpi for kpi in KPIS if kpi.number is not None]
    computed = sum(not kpi.missing for kpi in standard)
    lines = [
        "# Key figures\n",
        f"Of the {len(standard)} key figures of ISO 22400-2, `oee` computes {computed}; the others need what is not in the namespace.",
        "Ask for them with the query `kpis` ([how they are computed](../explanations/oee.md)).\n",
        *_table(standard),
        "\n## Not in ISO 22400-2\n",
        *_table(kpi for kpi in KPIS if kpi.number is None),
    ]
    return "\n".join(lines) + "\n"


def _table(kpis: Iterable[KpiContract]) -> Iterator[str]:
    yield "| no. | key figure | formula | in answers | why not |"
    yield "| --- | --- | --- | --- | --- |"
    for kpi in kpis:
        name = "" if kpi.missing else f"`{kpi.id}`"
        yield f"| {kpi.number or ''} | {kpi.title} | {kpi.formula} | {name} | {kpi.missing} |"
