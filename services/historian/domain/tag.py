"""A tag: one metric of one edge node or device, of one data type. What is journaled refers to it by number."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import md5
from typing import NamedTuple
from uuid import UUID


class Source(NamedTuple):
    """Who has tags: an edge node or a device of one.

    Attributes:
        group_id: Sparkplug group id.
        edge_node_id: The producer.
        device_id: Empty for the edge node itself.
    """

    group_id: str
    edge_node_id: str
    device_id: str


class TagKey(NamedTuple):
    """What makes a tag the same one, whoever numbers it. A metric that changes its data type is another tag.

    Attributes:
        group_id: Sparkplug group id.
        edge_node_id: The producer.
        device_id: Empty for the edge node itself.
        metric: The name under which it was born.
        datatype: Sparkplug data type, by number.
    """

    group_id: str
    edge_node_id: str
    device_id: str
    metric: str
    datatype: int

    @property
    def digest(self) -> UUID:
        """A short stand-in for the key: names may be longer than what a database index holds."""
        text = "\0".join(map(str, self))
        return UUID(bytes=md5(text.encode(), usedforsecurity=False).digest())


@dataclass(slots=True, eq=False)
class Tag:
    """One tag in this process.

    Attributes:
        source: Whose it is.
        metric: The name under which it was born.
        datatype: Sparkplug data type, by number.
        canonical: The metric's name at its place; its own name where unplaced.
        place: ISA-95 path by the site's mapping; None where unplaced.
        unit: UN/ECE Recommendation 20 code, if known.
        is_machine: Whether a mapping rule of the site gave it its place: it is a machine's, not an MES service's.
        newest_ms: Newest source time recorded by this process: what is later cannot have been recorded before.
        database_id: Its number in the database; None until it has one.
        is_stored: Whether the database knows it as it stands.
    """

    source: Source
    metric: str
    datatype: int
    canonical: str
    place: str | None = None
    unit: str | None = None
    is_machine: bool = False
    newest_ms: int = -(2**63)
    database_id: int | None = None
    is_stored: bool = False

    @property
    def key(self) -> TagKey:
        """What it is; made anew each time, because a hundred thousand of them take ten megabytes."""
        return TagKey(*self.source, self.metric, self.datatype)


class Tags:
    """Every tag this process has come across."""

    def __init__(self) -> None:
        self._by_source: dict[Source, dict[str, Tag]] = {}
        self._retyped: dict[TagKey, Tag] = {}

    def get(self, key: TagKey) -> Tag:
        """Return the tag of `key`, a new one where there is none."""
        return self.of(Source(*key[:3]), key.metric, key.datatype)

    def of(self, source: Source, metric: str, datatype: int) -> Tag:
        """Return the tag of a metric, a new one where there is none.

        Args:
            source: Whose it is; kept, so better the same object for all of its metrics.
            metric: The name under which it was born.
            datatype: Sparkplug data type, by number.
        """
        tags = self._by_source.get(source)
        if tags is None:
            tags = self._by_source[source] = {}
        tag = tags.get(metric)
        if tag is None:
            tag = tags[metric] = Tag(source, metric, datatype, metric)
        elif tag.datatype != datatype:
            key = TagKey(*source, metric, datatype)
            tag = self._retyped.get(key)
            if tag is None:
                tag = self._retyped[key] = Tag(source, metric, datatype, metric)
        return tag

    def describe(self, tag: Tag, place: str | None, canonical: str, is_machine: bool, unit: str | None) -> None:
        """Note where a tag stands now; what the database knows of it is out of date where that is news."""
        unit = unit or tag.unit
        if (tag.place, tag.canonical, tag.unit, tag.is_machine) != (place, canonical, unit, is_machine):
            tag.place, tag.canonical, tag.unit, tag.is_machine = place, canonical, unit, is_machine
            tag.is_stored = False
