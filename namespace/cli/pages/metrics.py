"""The reference page of the Prometheus metrics that every service serves under `/metrics`."""

from __future__ import annotations

from prometheus_client.metrics import MetricWrapperBase

from namespace.runtime.metrics import ServiceMetrics


def page() -> str:
    """Return the page in Markdown."""
    lines = [
        "# Metrics\n",
        "Every service serves these for Prometheus at `http://127.0.0.1:<health port>/metrics`; `uns status` shows the ports.",
        "The metrics of the namespace itself - what is published about machines, job orders, OEE - are in [topics](topics.md).\n",
        "| metric | kind | labels | meaning |",
        "| --- | --- | --- | --- |",
    ]
    for metric in vars(ServiceMetrics()).values():
        if isinstance(metric, MetricWrapperBase):
            labels = ", ".join(f"`{name}`" for name in metric._labelnames)  # noqa: SLF001 - the library has no other way to ask
            for family in metric.describe():
                name = f"{family.name}_total" if family.type == "counter" else family.name
                lines.append(f"| `{name}` | {family.type} | {labels} | {family.documentation} |")
    return "\n".join(lines) + "\n"
