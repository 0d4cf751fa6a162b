"""An edge node with one device and its host, for tests of the host session."""

from namespace.sparkplug import (
    BD_SEQ,
    Data,
    DataType,
    EdgeNodeConfig,
    EdgeNodeSession,
    HostEvent,
    HostSession,
    HostSettings,
    Metric,
    MetricDefinition,
    MetricUpdate,
    OutgoingMessage,
    Payload,
    encode_payload,
)

CONFIG = EdgeNodeConfig(group_id="g", edge_node_id="n")
NODE = CONFIG.edge_node
SETTINGS = HostSettings(reorder_timeout_ms=1_000, rebirth_interval_ms=5_000)
NOW = 1_700_000_000_000


class Line:
    """An edge node with one device, its host, and a clock that moves one ms with each message."""

    def __init__(self, settings: HostSettings = SETTINGS, config: EdgeNodeConfig = CONFIG) -> None:
        self.edge = EdgeNodeSession(
            config,
            [MetricDefinition(name="version", datatype=DataType.String, value="1")],
            {
                "d": [
                    MetricDefinition(name="count", datatype=DataType.Int32, value=0),
                    MetricDefinition(name="speed", datatype=DataType.Double),
                ]
            },
        )
        self.host = HostSession(settings)
        self.now = NOW
        self.will = self.edge.connect(0, self.now)

    def born(self) -> list[HostEvent]:
        return self.heard(*self.edge.subscribed(self.now))

    def heard(self, *messages: OutgoingMessage) -> list[HostEvent]:
        events: list[HostEvent] = []
        for message in messages:
            self.now += 1
            events += self.host.receive(message.topic, message.payload, self.now)
        return events

    def count(self, value: int, timestamp: int | None = None) -> OutgoingMessage:
        self.now += 1
        (message,) = self.edge.update("d", [MetricUpdate("count", value, timestamp)], self.now, force=True)
        return message

    def values(self, device_id: str | None = "d") -> dict[str, object]:
        return {metric.name: metric.value for metric in self.host.metrics(NODE, device_id)}


def born_line() -> Line:
    """Return a line whose births the host has heard."""
    line = Line()
    line.born()
    return line


def counts(events: list[HostEvent]) -> list[object]:
    """Return the values that data told, in order."""
    return [metric.value for event in events if isinstance(event, Data) for metric in event.metrics]


def of_kind(events: list[HostEvent], kind: type[HostEvent]) -> list[HostEvent]:
    """Return the events of one kind."""
    return [event for event in events if isinstance(event, kind)]


def raw(kind: str, metrics: tuple[Metric, ...], *, seq: int | None, at: int = NOW, device: str = "") -> OutgoingMessage:
    """Return a message of our edge node as no session of ours would write it."""
    payload = encode_payload(Payload(timestamp=at, seq=seq, metrics=metrics))
    return OutgoingMessage(f"spBv1.0/g/{kind}/n{device and '/' + device}", payload)


def bd_seq(number: int) -> Metric:
    """Return the metric bdSeq."""
    return Metric(name=BD_SEQ, datatype=DataType.Int64, value=number)
