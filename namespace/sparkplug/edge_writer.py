"""Writing the messages of an edge node: topics, sequence numbers, what each kind of message must carry."""

from collections.abc import Iterable

from namespace.sparkplug.datatype import DataType
from namespace.sparkplug.definition import BD_SEQ, REBIRTH, EdgeNodeConfig
from namespace.sparkplug.encoder import encode_payload
from namespace.sparkplug.message import OutgoingMessage, unretained
from namespace.sparkplug.metric import Metric
from namespace.sparkplug.metric_set import MetricSet, in_time_order, special
from namespace.sparkplug.payload import Payload
from namespace.sparkplug.sequence import SequenceCounter
from namespace.sparkplug.topic import MessageType, Topic

_ONE_MOMENT_MS = 1_000
"""A clock that lags behind the last birth by more than this was set back, which is not ours to hide."""


class EdgeWriter:
    """Numbers and writes messages in the order they will be published.

    A number is used up only by a message that could be written. A birth is later than the one before, and nothing that follows it is
    earlier: a host tells two births of one session, and what was sent before and after the second, by their times alone.
    """

    def __init__(self, config: EdgeNodeConfig) -> None:
        self._config = config
        self._seq = SequenceCounter()
        self._born_at_ms = -_ONE_MOMENT_MS

    def topic(self, message_type: MessageType, device_id: str | None = None) -> Topic:
        """Return a topic of this edge node."""
        return Topic(self._config.group_id, message_type, self._config.edge_node_id, device_id)

    def node_birth(self, metrics: MetricSet, bd_seq: int, now_ms: int) -> OutgoingMessage:
        """Write an NBIRTH, which starts the sequence again (tck-id-topics-nbirth-seq-num)."""
        self._seq.restart()
        if now_ms <= self._born_at_ms < now_ms + _ONE_MOMENT_MS:
            now_ms = self._born_at_ms + 1
        self._born_at_ms = now_ms
        listed = (
            special(BD_SEQ, DataType.Int64, bd_seq, now_ms),
            special(REBIRTH, DataType.Boolean, value=False, now_ms=now_ms),
            *metrics.birth(now_ms),
        )
        return self._numbered(MessageType.NBIRTH, None, listed, now_ms)

    def device_birth(self, metrics: MetricSet, now_ms: int) -> OutgoingMessage:
        """Write a DBIRTH (tck-id-topics-dbirth-metric-reqs)."""
        return self._numbered(MessageType.DBIRTH, metrics.device_id, metrics.birth(now_ms), now_ms)

    def data(self, metrics: MetricSet, drafted: Iterable[Metric], now_ms: int) -> OutgoingMessage:
        """Write an NDATA or DDATA (tck-id-topics-ndata-payload, tck-id-topics-ddata-payload)."""
        message_type = MessageType.NDATA if metrics.device_id is None else MessageType.DDATA
        return self._numbered(message_type, metrics.device_id, drafted, now_ms, metrics)

    def device_death(self, device_id: str, now_ms: int) -> OutgoingMessage:
        """Write a DDEATH (tck-id-payloads-ddeath-timestamp, -seq)."""
        return self._numbered(MessageType.DDEATH, device_id, (), now_ms)

    def node_death(self, bd_seq: int, now_ms: int) -> OutgoingMessage:
        """Write an NDEATH: bdSeq and no sequence number (tck-id-topics-ndeath-payload, -seq)."""
        metric = special(BD_SEQ, DataType.Int64, bd_seq, now_ms)
        payload = encode_payload(Payload(timestamp=now_ms, metrics=(metric,)))
        return unretained(self.topic(MessageType.NDEATH), payload)

    def _numbered(
        self,
        message_type: MessageType,
        device_id: str | None,
        metrics: Iterable[Metric],
        now_ms: int,
        known_by_birth: MetricSet | None = None,
    ) -> OutgoingMessage:
        if now_ms < self._born_at_ms < now_ms + _ONE_MOMENT_MS:
            now_ms = self._born_at_ms
        payload = Payload(timestamp=now_ms, metrics=in_time_order(metrics), seq=self._seq.upcoming)
        data = encode_payload(
            payload,
            says_datatype=lambda metric: known_by_birth is None or known_by_birth.goes_by_name(metric),
        )
        self._seq.advance()
        return unretained(self.topic(message_type, device_id), data)
