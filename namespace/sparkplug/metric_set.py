"""The metrics of an edge node or one of its devices, with their current values, as the sender keeps them."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from namespace.sparkplug.alias import AliasBook
from namespace.sparkplug.datatype import DataType
from namespace.sparkplug.definition import MetricDefinition, MetricUpdate
from namespace.sparkplug.encoder import encode_payload
from namespace.sparkplug.errors import LocalProtocolError
from namespace.sparkplug.metric import Metric, PropertySet, PropertyValue, Quality, Template, Value
from namespace.sparkplug.payload import Payload


@dataclass(slots=True)
class _Entry:
    definition: MetricDefinition
    alias: int | None
    value: Value
    timestamp: int | None
    properties: PropertySet | None


class MetricSet:
    """A fixed set of metrics: what a birth lists and what data may speak of.

    The set never changes; a device that gets other metrics gets another set, and a birth.
    """

    def __init__(
        self, device_id: str | None, definitions: Iterable[MetricDefinition], aliases: AliasBook | None
    ) -> None:
        self.device_id = device_id
        self._entries: dict[str, _Entry] = {}
        folded: dict[str, str] = {}
        for definition in definitions:
            if not definition.name or definition.name in self._entries:
                raise LocalProtocolError(f"metric {definition.name!r} is defined twice or has no name")
            check_case("metrics", definition.name, folded)
            _check_quality(definition.name, definition.properties)
            has_alias = aliases is not None and not definition.by_name
            alias = aliases.alias_of(device_id, definition.name) if has_alias and aliases is not None else None
            self._entries[definition.name] = _Entry(
                definition, alias, definition.value, definition.timestamp, definition.properties
            )
        encode_payload(Payload(metrics=self.birth(0)))
        self._names = {entry.alias: name for name, entry in self._entries.items() if entry.alias is not None}

    def birth(self, now_ms: int) -> tuple[Metric, ...]:
        """Return every metric with its name, alias, data type and current value.

        Args:
            now_ms: the time of values that were never updated, ms since the epoch.
        """
        return tuple(_as_born(name, entry, now_ms) for name, entry in self._entries.items())

    def born(self, name: str | None, alias: int | None) -> Metric | None:
        """Return a metric as births have it, by name or else by alias."""
        entry = self._entry(name, alias)
        return None if entry is None else _as_born(entry.definition.name, entry, 0)

    def find(self, name: str | None, alias: int | None) -> MetricDefinition | None:
        """Return the definition that a command speaks of, by name or else by alias."""
        entry = self._entry(name, alias)
        return None if entry is None else entry.definition

    def goes_by_name(self, metric: Metric) -> bool:
        """Whether a metric is one that says its name and data type in every message."""
        definition = self.find(metric.name, metric.alias)
        return definition is not None and definition.by_name

    def changes(self, updates: Iterable[MetricUpdate], now_ms: int, *, force: bool) -> list[MetricUpdate]:
        """Return the updates that say something new, each with its time; nothing is remembered.

        Args:
            updates: new values.
            now_ms: the time of those that bring none, ms since the epoch.
            force: also those that repeat the current value.

        Raises:
            LocalProtocolError: an update of a metric that is not defined.
        """
        changed: list[MetricUpdate] = []
        current: dict[str, tuple[Value, PropertySet | None]] = {}
        for update in updates:
            entry = self._entries.get(update.name)
            if entry is None:
                raise LocalProtocolError(
                    f"metric {update.name!r} is not defined on {self.device_id or 'the edge node'}"
                )
            _check_quality(update.name, update.properties)
            known = current.get(update.name, (entry.value, entry.properties))
            properties = _with_properties(known[1], update.properties)
            momentary = entry.definition.momentary or update.is_historical
            if not (force or momentary) and (update.value, properties) == known and entry.timestamp is not None:
                continue
            if not momentary:
                current[update.name] = (update.value, properties)
            changed.append(update if update.timestamp is not None else replace(update, timestamp=now_ms))
        return changed

    def draft(self, updates: Iterable[MetricUpdate], now_ms: int, *, force: bool) -> list[Metric]:
        """Return the updates that say something new as metrics to send; nothing is remembered yet.

        Raises:
            LocalProtocolError: an update of a metric that is not defined.
        """
        return [_as_metric(self._entries[u.name], u) for u in self.changes(updates, now_ms, force=force)]

    def commit(self, metrics: Iterable[Metric]) -> None:
        """Remember what was drafted as current, except history and momentary metrics."""
        for metric in metrics:
            entry = self._entries[metric.name or self._names[metric.alias or 0]]
            if metric.is_historical or entry.definition.momentary:
                continue
            entry.value = _merged(entry.value, metric.value)
            entry.timestamp = metric.timestamp
            entry.properties = _with_properties(entry.properties, metric.properties)

    def _entry(self, name: str | None, alias: int | None) -> _Entry | None:
        if not name and alias is not None:
            name = self._names.get(alias)
        return self._entries.get(name or "")


def _as_born(name: str, entry: _Entry, now_ms: int) -> Metric:
    return Metric(
        name=name,
        alias=entry.alias,
        timestamp=now_ms if entry.timestamp is None else entry.timestamp,
        datatype=entry.definition.datatype,
        value=entry.value,
        is_transient=entry.definition.is_transient,
        properties=entry.properties,
        metadata=entry.definition.metadata,
    )


def _as_metric(entry: _Entry, update: MetricUpdate) -> Metric:
    definition = entry.definition
    return Metric(
        name=definition.name if entry.alias is None else None,
        alias=entry.alias,
        timestamp=update.timestamp,
        datatype=definition.datatype,
        value=update.value,
        is_historical=update.is_historical,
        is_transient=definition.is_transient,
        properties=update.properties,
    )


def _merged(current: Value, new: Value) -> Value:
    if isinstance(current, Template) and isinstance(new, Template):
        return current.merged(new)
    return new


def _with_properties(current: PropertySet | None, new: PropertySet | None) -> PropertySet | None:
    if current is None or new is None:
        return current if new is None else new
    return current.merged(new)


def check_case(what: str, name: str, folded: dict[str, str]) -> None:
    """Note a name, and refuse one that differs from another in case alone.

    Args:
        what: what the names name, for the message.
        name: the new one.
        folded: those so far, by what they are without case.

    Raises:
        LocalProtocolError: they collide for whoever ignores case (tck-id-case-sensitivity-metric-names, -sparkplug-ids).
    """
    other = folded.setdefault(name.casefold(), name)
    if other != name:
        raise LocalProtocolError(f"{what} {other!r} and {name!r} differ in case alone; give one another name")


def _check_quality(name: str, properties: PropertySet | None) -> None:
    """Refuse a `Quality` that is none of Sparkplug's (tck-id-payloads-propertyset-quality-value-type, -value)."""
    quality = None if properties is None else properties.get("Quality")
    if quality is not None and quality not in _QUALITIES:
        raise LocalProtocolError(
            f"Quality of {name!r} is an Int32: 0 bad, 192 good or 500 stale, not {quality.value!r}"
        )


_QUALITIES = tuple(PropertyValue(DataType.Int32, int(quality)) for quality in Quality)


def in_time_order(metrics: Iterable[Metric]) -> tuple[Metric, ...]:
    """Return metrics by the time of their values.

    Sparkplug 3.0, tck-id-operational-behavior-data-publish-nbirth-order, -dbirth-order.
    """
    return tuple(sorted(metrics, key=lambda metric: metric.timestamp or 0))


def special(name: str, datatype: DataType, value: bool | int, now_ms: int) -> Metric:
    """Return one of the metrics that Sparkplug itself asks for: by name, without alias."""
    return Metric(name=name, timestamp=now_ms, datatype=datatype, value=value)
