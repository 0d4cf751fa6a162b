"""The Prometheus metrics every service has. One registry per process part, so that tests and all-in-one runs do not collide."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram


class ServiceMetrics:
    """Counters of one service; names and units follow Prometheus's conventions.

    Args:
        registry: Where they are registered; a new one by default.
    """

    def __init__(self, registry: CollectorRegistry | None = None) -> None:
        self.registry = registry or CollectorRegistry()
        self.commands = Counter(
            "uns_commands_total", "Commands by how they ended.", ["name", "status"], registry=self.registry
        )
        self.command_seconds = Histogram(
            "uns_command_duration_seconds",
            "From receipt of a command to its committed answer.",
            buckets=(0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5),
            registry=self.registry,
        )
        self.queries = Counter(
            "uns_queries_total", "Queries by how they ended.", ["name", "status"], registry=self.registry
        )
        self.rejected = Counter(
            "uns_rejected_total",
            "Messages refused because of what they held.",
            ["kind", "reason"],
            registry=self.registry,
        )
        self.overflows = Counter(
            "uns_queue_overflows_total",
            "Work dropped because a bounded queue was full.",
            ["queue"],
            registry=self.registry,
        )
        self.events_applied = Gauge(
            "uns_log_cursor", "Last applied sequence number of a followed event log.", ["log"], registry=self.registry
        )
        self.parked = Gauge(
            "uns_log_parked_events",
            "Events of a followed log that wait to be re-driven.",
            ["log"],
            registry=self.registry,
        )
        self.forked = Gauge(
            "uns_log_forked",
            "1 while a followed event log is another one than was applied, and following it has stopped.",
            ["log"],
            registry=self.registry,
        )
        self.log_compared = Gauge(
            "uns_event_log_compared",
            "Whether the own event log was compared with what namespace_state has heard of it since the start.",
            registry=self.registry,
        )
        self.log_head = Gauge(
            "uns_event_log_head", "Highest sequence number handed to the broker.", registry=self.registry
        )
        self.news = Counter(
            "uns_machine_news_total", "Machine values, births and silences taken in.", registry=self.registry
        )
        self.quarantined = Gauge(
            "uns_quarantined_metrics",
            "Metrics of machines that are not used because another producer has their place.",
            registry=self.registry,
        )
        self.connects = Counter(
            "uns_broker_sessions_total", "Broker sessions built since the start.", registry=self.registry
        )
