"""One edge node of a load: a whole Sparkplug session on one MQTT connection, driven by callbacks, without a task of its own.

Will and bdSeq, births with aliases, sequence numbers, rebirth on command, keep-alive, the primary host's gate, and what was said in
doubtful times said again as history. When to connect and when to speak is the generator's business. It takes the transport's packets and
not its port: a session there has tasks and queues of its own, and a load has thousands.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

from namespace.sparkplug import (
    BD_SEQ,
    REBIRTH,
    DataType,
    MessageType,
    Metric,
    Payload,
    PrimaryHostGate,
    SparkplugError,
    Topic,
    decode_payload,
    encode_payload,
)
from namespace.transport import Will
from namespace.transport.mqtt_packets import (
    CONNACK,
    FAREWELL,
    PINGREQ,
    PINGRESP,
    SUBACK,
    MalformedPacket,
    connect,
    puback,
    publish,
    read_connack,
    subscribe,
)
from namespace.transport.packet_stream import PacketStream
from services.simulator.adapters.load.owed import Owed, Owing
from services.simulator.adapters.load.templates import SEQ, birth_head, time_bytes
from services.simulator.adapters.load.terms import NodeCounts, Phase, Terms

_DEBOUNCE_MS = 1000
_CONNECT_MS = 10_000
_LONGEST = 1 << 20
_SUBSCRIPTION = 1


class LoadNode(asyncio.Protocol):
    """One edge node.

    Args:
        terms: What it shares with the others.
        index: Its index in the plan.
        bd_seq: Number of its first connection.
    """

    def __init__(self, terms: Terms, index: int, bd_seq: int) -> None:
        plan = terms.forms.plan
        self._terms = terms
        self.index = index
        self.node_id = plan.node_ids[index]
        self.phase = Phase.AWAY
        self.wanted = True
        self.choked = False
        self.counts = NodeCounts()
        self._bd_seq = (bd_seq - 1) % 256
        self._seq = 0
        self._transport: asyncio.Transport | None = None
        self._stream = PacketStream(is_v5=False, max_packet_bytes=_LONGEST)
        self._owed = Owed(terms.resend_ms, self._taken_since)
        self._phase_since_ms = self._last_birth_ms = self._pinged_ms = 0
        self._awaits_pong = False
        self._firsts = tuple(plan.value(index, place, 0, 0) for place in range(plan.places_per_node))
        self._nbirth = self._topic(MessageType.NBIRTH, None)
        self._births = tuple(self._topic(MessageType.DBIRTH, device) for device in plan.device_ids)
        self._data = tuple(self._topic(MessageType.DDATA, device) for device in plan.device_ids)
        self._gate = PrimaryHostGate(terms.primary_host_id) if terms.primary_host_id else None

    def _topic(self, message_type: MessageType, device_id: str | None) -> bytes:
        group_id = self._terms.forms.plan.group_id
        if device_id is None and message_type.names_device:
            message_type = MessageType(f"N{message_type.value[1:]}")
        return str(Topic(group_id, message_type, self.node_id, device_id)).encode()

    # --- the connection

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Sign in with this connection's own Will."""
        assert isinstance(transport, asyncio.Transport)
        now_ms = self._terms.now_ms()
        self._transport = transport
        self._stream = PacketStream(is_v5=False, max_packet_bytes=_LONGEST)
        self._bd_seq = (self._bd_seq + 1) % 256
        self.choked = self._awaits_pong = False
        if self._gate is not None:
            self._gate.reset()
        self._enter(Phase.CONNECTING, now_ms)
        url = self._terms.url
        group_id = self._terms.forms.plan.group_id
        will = Will(str(Topic(group_id, MessageType.NDEATH, self.node_id)), self._death(now_ms))
        transport.write(
            connect(
                f"{group_id}-{self.node_id}",
                is_v5=False,
                keepalive_s=self._terms.keepalive_s,
                username=url.username,
                password=url.password,
                will=will,
            )
        )

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        """Remember from when on things may not have arrived."""
        if self.phase is Phase.BORN:
            self._owed.connection_lost(self._terms.now_ms())
        self._transport = None
        self._enter(Phase.AWAY, self._terms.now_ms())
        self._terms.owner.gone(self.index)

    def data_received(self, data: bytes) -> None:
        """Take in what the broker says; a broker that does not speak MQTT is left."""
        arrived = self._stream.take(data)
        try:
            for first, body in arrived.others:
                self._answered(first >> 4, body)
        except MalformedPacket as error:
            arrived.problem = str(error)
        for packet_id in arrived.to_acknowledge:
            self._write(puback(packet_id))
        for message in arrived.messages:
            self._hear(message.topic, message.payload)
        if arrived.problem is not None:
            self.cut()

    def pause_writing(self) -> None:
        """Stop speaking: the broker does not keep up."""
        self.choked = True

    def resume_writing(self) -> None:
        """Speak again."""
        self.choked = False

    def _answered(self, kind: int, body: bytes) -> None:
        if kind == CONNACK:
            self._signed_in(read_connack(body, is_v5=False).code)
        elif kind == SUBACK:
            self._enter(Phase.WAITING, self._terms.now_ms())
            self._born_if_open()
        elif kind == PINGRESP:
            self._awaits_pong = False

    def _signed_in(self, code: int) -> None:
        if code:
            self._terms.owner.refused(code)
            self.cut()
            return
        self.counts.connects += 1
        filters = [(self._command_topic, 1)]
        if self._gate is not None:
            filters.append((self._gate.topic, 1))
        self._write(subscribe(_SUBSCRIPTION, filters, is_v5=False))

    @property
    def _command_topic(self) -> str:
        return str(Topic(self._terms.forms.plan.group_id, MessageType.NCMD, self.node_id))

    def _write(self, packet: bytes) -> None:
        if self._transport is not None:
            self._transport.write(packet)

    def _enter(self, phase: Phase, now_ms: int) -> None:
        self.phase = phase
        self._phase_since_ms = now_ms

    def look_after(self, now_ms: int) -> None:
        """Keep the connection alive, and give it up when the broker has fallen silent."""
        if self.phase is Phase.CONNECTING and now_ms - self._phase_since_ms > _CONNECT_MS:
            self.cut()
        if self.phase not in (Phase.WAITING, Phase.BORN):
            return
        silent_ms = now_ms - self._pinged_ms
        if self._awaits_pong and silent_ms > self._terms.keepalive_s * 1000:
            self.cut()
        elif not self._awaits_pong and silent_ms > self._terms.keepalive_s * 500:
            self._pinged_ms = now_ms
            self._awaits_pong = True
            self._write(PINGREQ)

    def cut(self) -> None:
        """Break the connection without a DISCONNECT, so that the broker publishes the Will."""
        if self._transport is not None:
            self._transport.abort()

    def leave(self) -> None:
        """Say goodbye in order: NDEATH, then DISCONNECT (tck-id-operational-behavior-edge-node-intentional-disconnect-ndeath)."""
        if self._transport is None:
            return
        if self.phase is Phase.BORN:
            topic = self._topic(MessageType.NDEATH, None)
            self._publish(topic, self._death(self._terms.now_ms()))
        self._write(FAREWELL)
        self._transport.close()

    # --- what comes in

    def _hear(self, topic: str, payload: bytes) -> None:
        try:
            if self._gate is not None and topic == self._gate.topic:
                self._gate.receive(payload)
                self._born_if_open() if self._gate.is_open else self._host_is_offline()
            elif topic == self._command_topic:
                self._obey(payload)
        except SparkplugError:
            self.counts.refused_commands += 1

    def _obey(self, payload: bytes) -> None:
        metrics = decode_payload(payload).metrics
        if any(metric.name == REBIRTH and metric.value in (True, 1) for metric in metrics):
            self.counts.commands += 1
            if self._terms.now_ms() - self._last_birth_ms >= _DEBOUNCE_MS:
                self.rebirth()
        else:
            self.counts.refused_commands += 1

    def _host_is_offline(self) -> None:
        """tck-id-message-flow-edge-node-birth-publish-phid-offline: leave, connect again, and wait."""
        if self.phase is Phase.BORN:
            self.leave()

    # --- what goes out

    def _born_if_open(self) -> None:
        if self.phase is Phase.WAITING and (self._gate is None or self._gate.is_open):
            self._enter(Phase.BORN, self._terms.now_ms())
            self.rebirth()

    def rebirth(self) -> None:
        """Say everything: NBIRTH and every DBIRTH, with the latest readings under their own times."""
        if self.phase is not Phase.BORN:
            return
        now_ms = self._terms.now_ms()
        self._last_birth_ms = now_ms
        self._seq = 0
        self.counts.births += 1
        own = (
            Metric(name=BD_SEQ, timestamp=now_ms, datatype=DataType.Int64, value=self._bd_seq),
            Metric(name=REBIRTH, timestamp=now_ms, datatype=DataType.Boolean, value=False),
        )
        head, tail = birth_head(now_ms), encode_payload(Payload(metrics=own))
        if self._terms.forms.plan.devices == 0:
            self._say(self._nbirth, head + self._birth_of(0) + tail)
            return
        self._say(self._nbirth, head + tail)
        for place, topic in enumerate(self._births):
            self._say(topic, head + self._birth_of(place))

    def _birth_of(self, place: int) -> bytes:
        """Return a device's metrics in order of their times (tck-id-operational-behavior-data-publish-dbirth-order)."""
        forms = self._terms.forms
        latest = [
            (*self._terms.truth.last(self._slot(place, block))[::-1], block) for block in range(forms.plan.blocks)
        ]
        return b"".join(
            forms.blocks[place][block].birth(time_bytes(at_ms), forms.values(self._firsts[place], block, number))
            for at_ms, number, block in sorted(latest)
        )

    def speak(self, place: int, block: int, number: int, at_ms: int) -> None:
        """Publish the present readings of one block; only while born."""
        forms = self._terms.forms
        values = forms.values(self._firsts[place], block, number)
        self.counts.live += 1
        self._say(self._data[place], forms.blocks[place][block].data(time_bytes(at_ms), values))

    def _say(self, topic: bytes, payload: bytes) -> None:
        seq = self._seq
        self._seq = 0 if seq == 255 else seq + 1
        self._publish(topic, payload + SEQ[seq])

    def _publish(self, topic: bytes, payload: bytes) -> None:
        self._write(publish(topic, payload, is_v5=False, packet_id=0, retain=False))

    def _death(self, now_ms: int) -> bytes:
        metric = Metric(name=BD_SEQ, timestamp=now_ms, datatype=DataType.Int64, value=self._bd_seq)
        return encode_payload(Payload(timestamp=now_ms, metrics=(metric,)))

    def _slot(self, place: int, block: int) -> int:
        return self._terms.forms.plan.slot(self.index, place, block)

    # --- the past

    @property
    def is_settled(self) -> bool:
        """Whether it is born, owes nothing, and every byte is with the kernel."""
        unsent = self._transport is not None and self._transport.get_write_buffer_size() > 0
        return self.phase is Phase.BORN and not self.owes and not unsent

    @property
    def owes(self) -> bool:
        """Whether something is still to be said again."""
        return bool(self._owed)

    def missed(self, at_ms: int) -> None:
        """Take note of readings that could not be said when they were taken."""
        self._owed.reach(at_ms)

    def repeat(self, limit: int) -> int:
        """Say at most `limit` messages of the past, in order of time; return how many it were."""
        if self.phase is not Phase.BORN or self.choked:
            return 0
        now_ms, forms = self._terms.now_ms(), self._terms.forms
        owing = self._owed.take(limit, now_ms)
        for at_ms, slot, number in owing:
            place, block = divmod(slot - self._slot(0, 0), forms.plan.blocks)
            values = forms.values(self._firsts[place], block, number)
            form = forms.blocks[place][block]
            self._say(self._data[place], form.historical(time_bytes(now_ms), time_bytes(at_ms), values))
        self.counts.historical += len(owing)
        return len(owing)

    def _taken_since(self, since_ms: int) -> Iterator[Owing]:
        plan = self._terms.forms.plan
        first = self._slot(0, 0)
        for slot in range(first, first + plan.places_per_node * plan.blocks):
            for number, at_ms in self._terms.truth.since(slot, since_ms):
                yield Owing(at_ms, slot, number)
