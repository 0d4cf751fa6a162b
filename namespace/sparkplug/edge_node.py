"""The edge-node side of a Sparkplug session: Will, births, data, deaths, and the answer to commands.

A state machine without I/O. The caller connects, subscribes, publishes what comes out in that order, and
hands in what arrives and the time. It owns no timer and no persistence: `bd_seq` is given with each
connection, and must be one more than the last (wrapping 255 to 0), over restarts too. Values are remembered
while there is no connection, and the next birth carries them; what happened in between is the caller's to
send again as history.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from namespace.sparkplug.alias import AliasBook
from namespace.sparkplug.command_inbox import read_command
from namespace.sparkplug.definition import BD_SEQ, REBIRTH, EdgeNodeConfig, MetricDefinition, MetricUpdate
from namespace.sparkplug.edge_action import (
    TRANSITIONS,
    Action,
    CommandRefused,
    EdgeNodeState,
    EdgeNodeTrigger,
    HostReturned,
    Leave,
    Send,
)
from namespace.sparkplug.edge_writer import EdgeWriter
from namespace.sparkplug.encoder import encode_payload
from namespace.sparkplug.errors import LocalProtocolError, Reason, RemoteProtocolError
from namespace.sparkplug.message import OutgoingMessage
from namespace.sparkplug.metric import Metric
from namespace.sparkplug.metric_set import MetricSet, check_case
from namespace.sparkplug.payload import DEFAULT_LIMITS, Limits, Payload
from namespace.sparkplug.state import PrimaryHostGate
from namespace.sparkplug.template_rules import check_born, check_sent, definitions_of
from namespace.sparkplug.topic import MessageType, check_id


@dataclass(slots=True)
class _Device:
    metrics: MetricSet
    alive: bool = True


class EdgeNodeSession:
    """One edge node and its devices.

    Args:
        config: who it is.
        node_metrics: its own metrics, template definitions among them. `bdSeq` and `Node Control/Rebirth` are
            added here and cannot be defined.
        devices: metrics by device id; devices start out alive.
        limits: how large a command may be.

    Attributes:
        values_at_birth: returns what metrics of the edge node itself say in the births that are about to go out, whatever caused them.

    Raises:
        LocalProtocolError: a definition breaks a rule of Sparkplug.
        TopicError: an id cannot stand in a topic.
    """

    def __init__(
        self,
        config: EdgeNodeConfig,
        node_metrics: Iterable[MetricDefinition] = (),
        devices: Mapping[str, Iterable[MetricDefinition]] | None = None,
        *,
        limits: Limits = DEFAULT_LIMITS,
    ) -> None:
        self._config = config
        self._limits = limits
        self._state = EdgeNodeState.OFFLINE
        self._aliases = AliasBook() if config.use_aliases else None
        self._writer = EdgeWriter(config)
        self._bd_seq = 0
        self._last_rebirth_ms: int | None = None
        self._gate = PrimaryHostGate(config.primary_host_id) if config.primary_host_id else None
        self._folded: dict[str, str] = {}
        self._node = MetricSet(None, node_metrics, self._aliases)
        if any(self._node.find(name, None) for name in (BD_SEQ, REBIRTH)):
            raise LocalProtocolError(f"{BD_SEQ} and {REBIRTH} are not for definition")
        births = self._node.birth(0)
        self._templates = definitions_of(births)
        check_born(births, self._templates, of_device=False)
        self._devices = {
            device_id: self._new_device(device_id, definitions) for device_id, definitions in (devices or {}).items()
        }
        self.values_at_birth: Callable[[], Iterable[MetricUpdate]] = tuple
        self._ncmd = str(self._writer.topic(MessageType.NCMD))
        self._dcmd = f"{self._writer.topic(MessageType.DCMD)}/"

    @property
    def state(self) -> EdgeNodeState:
        """Where the session stands."""
        return self._state

    @property
    def is_born(self) -> bool:
        """Whether births are out, so that updates are published."""
        return self._state is EdgeNodeState.ONLINE

    @property
    def bd_seq(self) -> int:
        """The number of the current or last connection."""
        return self._bd_seq

    @property
    def config(self) -> EdgeNodeConfig:
        """Who the edge node is."""
        return self._config

    def metrics(self, device_id: str | None = None) -> tuple[Metric, ...]:
        """Return what a birth of the edge node or a device would list now, without Sparkplug's own two.

        Raises:
            LocalProtocolError: no such device.
        """
        return self._set_of(device_id).birth(0)

    def is_alive(self, device_id: str) -> bool:
        """Whether a device takes part in births.

        Raises:
            LocalProtocolError: no such device.
        """
        return self._device(device_id).alive

    def has_device(self, device_id: str) -> bool:
        """Whether there is such a device, alive or not."""
        return device_id in self._devices

    def definition(self, device_id: str | None, name: str) -> MetricDefinition | None:
        """Return how a metric is defined; None where it is not.

        Raises:
            LocalProtocolError: no such device.
        """
        return self._set_of(device_id).find(name, None)

    def changes(self, device_id: str | None, updates: Iterable[MetricUpdate], now_ms: int) -> list[MetricUpdate]:
        """Return what `update` would send of these, each with its time, and remember nothing.

        Raises:
            LocalProtocolError: unknown device or metric.
        """
        return self._set_of(device_id).changes(updates, now_ms, force=False)

    def check(self, device_id: str | None, update: MetricUpdate) -> None:
        """Check that `update` would take a value.

        Raises:
            LocalProtocolError: it would not; see there.
        """
        for metric in self._set_of(device_id).draft([update], 0, force=True):
            check_sent(metric, self._templates)
            encode_payload(Payload(metrics=(metric,)))

    def connect(self, bd_seq: int, now_ms: int) -> OutgoingMessage:
        """Begin a connection.

        Args:
            bd_seq: 0..255, one more than at the last CONNECT (tck-id-topics-nbirth-bdseq-increment).
            now_ms: ms since the epoch, UTC.

        Returns:
            The Will to register: NDEATH, QoS 1, not retained (tck-id-payloads-ndeath-will-message).

        Raises:
            LocalProtocolError: still connected, or `bd_seq` out of range.
        """
        if not 0 <= bd_seq <= 255:
            raise LocalProtocolError(f"bdSeq is 0 to 255, not {bd_seq}")
        self._move(EdgeNodeTrigger.CONNECT)
        self._bd_seq = bd_seq
        self._last_rebirth_ms = None
        if self._gate is not None:
            self._gate.reset()
        return self._writer.node_death(bd_seq, now_ms)._replace(qos=1)

    def subscriptions(self) -> list[tuple[str, int]]:
        """Return filters and QoS to subscribe to before anything is published.

        Sparkplug 3.0, tck-id-message-flow-edge-node-ncmd-subscribe,
        tck-id-message-flow-device-dcmd-subscribe.
        """
        filters = [(self._ncmd, 1)]
        if self._config.device_commands:
            filters.append((f"{self._dcmd}+", 1))
        if self._gate is not None:
            filters.append((self._gate.topic, 1))
        return filters

    def subscribed(self, now_ms: int) -> list[OutgoingMessage]:
        """Note that the subscriptions stand.

        Returns:
            NBIRTH and a DBIRTH for each living device; nothing while the primary host is not online.

        Raises:
            LocalProtocolError: there was no `connect`.
        """
        self._move(EdgeNodeTrigger.SUBSCRIBED)
        return self._born_if_open(now_ms)

    def disconnect(self, now_ms: int) -> list[OutgoingMessage]:
        """Take leave.

        Returns:
            DDEATHs and the NDEATH to publish before DISCONNECT
            (tck-id-operational-behavior-edge-node-intentional-disconnect-ndeath); nothing without a
            connection.
        """
        messages = self._deaths(now_ms) if self._state is not EdgeNodeState.OFFLINE else []
        self._move(EdgeNodeTrigger.DISCONNECT)
        return messages

    def disconnected(self) -> None:
        """Note that the connection is gone; the broker publishes the Will."""
        self._move(EdgeNodeTrigger.LOST)

    def update(
        self,
        device_id: str | None,
        updates: Iterable[MetricUpdate],
        now_ms: int,
        *,
        force: bool = False,
    ) -> list[OutgoingMessage]:
        """Give metrics new values.

        Args:
            device_id: the device they belong to; None for the edge node itself.
            updates: new values; those that repeat the current one are left out
                (tck-id-principles-rbe-recommended).
            now_ms: ms since the epoch, UTC.
            force: publish repeated values too.

        Returns:
            One NDATA or DDATA, or nothing: no change, no birth yet, or a dead device. Values are remembered
            all the same, save history and momentary ones.

        Raises:
            LocalProtocolError: unknown device or metric, or a value that does not fit; nothing is remembered.
        """
        metric_set = self._set_of(device_id)
        drafted = metric_set.draft(updates, now_ms, force=force)
        if not drafted:
            return []
        for metric in drafted:
            check_sent(metric, self._templates)
        publishes = self.is_born and (device_id is None or self._devices[device_id].alive)
        messages = []
        if publishes:
            messages.append(self._writer.data(metric_set, drafted, now_ms))
        else:
            encode_payload(Payload(metrics=tuple(drafted)))
        metric_set.commit(drafted)
        return messages

    def device_birth(
        self, device_id: str, definitions: Iterable[MetricDefinition] | None, now_ms: int
    ) -> list[OutgoingMessage]:
        """Bring a device to life, a new one or one that was dead, or give one other metrics.

        Args:
            device_id: the device.
            definitions: its metrics; None keeps those it has.
            now_ms: ms since the epoch, UTC.

        Returns:
            A DBIRTH; nothing while the edge node itself is not born.

        Raises:
            LocalProtocolError: unknown device without definitions, or a definition that breaks a rule.
        """
        if definitions is not None:
            self._devices[device_id] = self._new_device(device_id, definitions)
        device = self._device(device_id)
        device.alive = True
        return [self._writer.device_birth(device.metrics, now_ms)] if self.is_born else []

    def device_death(self, device_id: str, now_ms: int) -> list[OutgoingMessage]:
        """Note that a device is out of reach.

        Returns:
            A DDEATH (tck-id-operational-behavior-device-ddeath); nothing if it was dead or nothing is born.

        Raises:
            LocalProtocolError: no such device.
        """
        device = self._device(device_id)
        was_alive, device.alive = device.alive, False
        return [self._writer.device_death(device_id, now_ms)] if was_alive and self.is_born else []

    def rebirth(self, now_ms: int) -> list[OutgoingMessage]:
        """Say everything again: NBIRTH with the same bdSeq and every DBIRTH, before any further data.

        Returns:
            The messages; nothing when not born (tck-id-operational-behavior-data-commands-rebirth-action-2,
            -3).
        """
        return self._births(now_ms) if self.is_born else []

    def receive(self, topic: str, payload: bytes, now_ms: int) -> list[Action]:
        """Take in a message from the broker.

        Args:
            topic: as it came.
            payload: as it came, from anybody.
            now_ms: ms since the epoch, UTC.

        Returns:
            What to do about it; never an exception, whatever the bytes are.
        """
        if self._gate is not None and topic == self._gate.topic:
            return self._receive_state(topic, payload, now_ms)
        if topic == self._ncmd:
            return self._receive_command(topic, None, payload, now_ms)
        if topic.startswith(self._dcmd):
            return self._receive_command(topic, topic.removeprefix(self._dcmd), payload, now_ms)
        return []

    def _receive_state(self, topic: str, payload: bytes, now_ms: int) -> list[Action]:
        assert self._gate is not None
        try:
            has_returned = self._gate.receive(payload)
        except RemoteProtocolError as error:
            return [CommandRefused(topic, error.reason, error.detail)]
        if self._gate.is_open:
            if has_returned and self.is_born:
                return [HostReturned()]
            births = self._born_if_open(now_ms)
            return [Send(tuple(births))] if births else []
        if self._state is not EdgeNodeState.ONLINE:
            return []
        deaths = self._deaths(now_ms)
        self._move(EdgeNodeTrigger.HOST_OFFLINE)
        return [Leave(tuple(deaths))]

    def _receive_command(self, topic: str, device_id: str | None, payload: bytes, now_ms: int) -> list[Action]:
        if device_id is not None and device_id not in self._devices:
            return [CommandRefused(topic, Reason.UNKNOWN_DEVICE, f"no device {device_id!r}")]
        command = read_command(topic, self._set_of(device_id), payload, self._limits)
        actions: list[Action] = [*command.actions]
        if command.asks_rebirth:
            actions.extend(self._answer_rebirth(now_ms))
        return actions

    def _answer_rebirth(self, now_ms: int) -> list[Action]:
        last = self._last_rebirth_ms
        if not self.is_born or (last is not None and 0 <= now_ms - last < self._config.rebirth_debounce_ms):
            return []
        self._last_rebirth_ms = now_ms
        return [Send(tuple(self._births(now_ms)))]

    def _move(self, trigger: EdgeNodeTrigger) -> None:
        target = TRANSITIONS.get((self._state, trigger))
        if target is None:
            raise LocalProtocolError(f"{trigger.value}: not while the session is {self._state.value}")
        self._state = target

    def _born_if_open(self, now_ms: int) -> list[OutgoingMessage]:
        if self._state is not EdgeNodeState.WAITING or (self._gate is not None and not self._gate.is_open):
            return []
        self._move(EdgeNodeTrigger.HOST_ONLINE)
        return self._births(now_ms)

    def _births(self, now_ms: int) -> list[OutgoingMessage]:
        self._node.commit(self._node.draft(self.values_at_birth(), now_ms, force=True))
        births = [self._writer.node_birth(self._node, self._bd_seq, now_ms)]
        living = (device for device in self._devices.values() if device.alive)
        births.extend(self._writer.device_birth(device.metrics, now_ms) for device in living)
        return births

    def _deaths(self, now_ms: int) -> list[OutgoingMessage]:
        living = [device_id for device_id, device in self._devices.items() if device.alive and self.is_born]
        deaths = [self._writer.device_death(device_id, now_ms) for device_id in living]
        return [*deaths, self._writer.node_death(self._bd_seq, now_ms)]

    def _set_of(self, device_id: str | None) -> MetricSet:
        return self._node if device_id is None else self._device(device_id).metrics

    def _device(self, device_id: str) -> _Device:
        device = self._devices.get(device_id)
        if device is None:
            raise LocalProtocolError(f"{self._config.edge_node} has no device {device_id!r}")
        return device

    def _new_device(self, device_id: str, definitions: Iterable[MetricDefinition]) -> _Device:
        check_case("devices", check_id("device_id", device_id), self._folded)
        metrics = MetricSet(device_id, definitions, self._aliases)
        check_born(metrics.birth(0), self._templates, of_device=True)
        return _Device(metrics)
