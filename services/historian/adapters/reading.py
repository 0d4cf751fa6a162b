"""Answers about the journal, read from its tables."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from namespace.contracts.historian import GapsArgs, HeadArgs, MissedArgs, SamplesArgs, TagsArgs
from namespace.contracts.historian_wire import MissedNote, MissedRow, MissedSample, row_to_json
from namespace.contracts.json_value import iso_ms, json_value
from namespace.runtime import Page, QueryFailed, fit_page
from namespace.sparkplug import DataType, RemoteProtocolError, Value, decode_payload
from namespace.store import Database, Queries
from services.historian.adapters.postgres import read_head

_MOST_MS = 2**63 - 1
_MOST_TAGS = 2_000
_LONGEST_TEXT = 8_192
_WINDOW, _WINDOW_GROWS, _LARGEST_WINDOW = 10_000, 4, 640_000
"""Positions that are looked through at once for what somebody missed; where nothing is found, the next look goes further."""
_WINDOWS = 10
_SETTLE_S = 1.5


class _Sql(Queries):
    tags_of: str
    samples_of: str
    gaps_of: str
    machine_tags: str
    by_position: str
    missed_samples: str
    missed_notes: str


_SQL = _Sql.load("services.historian.adapters", "reading.sql")


class Reading:
    """Answers the service's queries.

    Args:
        database: The service's schema.
        settled: Waits until everything heard by now is in the database; returns whether it is.
        is_joined: Whether nothing that was heard is held back: that could not be told as missed, and who asks would take the rest for all.
    """

    def __init__(
        self,
        database: Database,
        settled: Callable[[float], Awaitable[bool]],
        *,
        is_joined: Callable[[], bool] = lambda: True,
    ) -> None:
        self._database = database
        self._settled = settled
        self._is_joined = is_joined

    async def samples(self, arguments: SamplesArgs) -> Page:
        """Answer `samples`."""
        if not (arguments.place or arguments.edge_node):
            raise QueryFailed("BadArguments", "name a place or an edge node (`<group>/<edge node>`)")
        cursor = arguments.cursor or f"{-(2**63)}:0:-1"
        at_ms, tag, occurrence = map(int, cursor.split(":"))
        async with self._database.transaction() as tx:
            tags = await tx.fetch(
                _SQL.tags_of,
                *_where(arguments.place, arguments.edge_node),
                arguments.device_id,
                list(arguments.metrics),
                0,
                _MOST_TAGS + 1,
            )
            if len(tags) > _MOST_TAGS:
                raise QueryFailed(
                    "TooMuch", f"that is more than {_MOST_TAGS} metrics; ask for a place below, or metrics"
                )
            known = {record["id"]: record for record in tags}
            found = await tx.fetch(
                _SQL.samples_of,
                list(known),
                -(2**63) if arguments.since_ms is None else arguments.since_ms,
                _MOST_MS if arguments.until_ms is None else arguments.until_ms,
                max(at_ms, -(2**63)),
                tag,
                occurrence,
                arguments.limit + 1,
            )
        rows = [_sample_row(record, known[record["tag"]]) for record in found[: arguments.limit]]
        count = fit_page(rows) if rows else 0
        if count == len(found):
            return Page(rows)
        last = found[count - 1]
        return Page(rows[:count], f"{last['at_ms']}:{last['tag']}:{last['occurrence']}")

    async def tags(self, arguments: TagsArgs) -> Page:
        """Answer `tags`."""
        async with self._database.transaction() as tx:
            found = await tx.fetch(
                _SQL.tags_of,
                *_where(arguments.place, arguments.edge_node),
                None,
                [],
                int(arguments.cursor or 0),
                arguments.limit + 1,
            )
        rows = [{**_tag_row(record), "unit": record["unit"]} for record in found[: arguments.limit]]
        count = fit_page(rows) if rows else 0
        return Page(rows[:count], None if count == len(found) else str(found[count - 1]["id"]))

    async def gaps(self, arguments: GapsArgs) -> Page:
        """Answer `gaps`, those included that were noted when it was asked for."""
        if arguments.cursor is None:
            await self._settle()
        group, node = _node(arguments.edge_node)
        async with self._database.transaction() as tx:
            found = await tx.fetch(
                _SQL.gaps_of,
                int(arguments.cursor or _MOST_MS),
                -(2**63) if arguments.since_ms is None else arguments.since_ms,
                _MOST_MS if arguments.until_ms is None else arguments.until_ms,
                group,
                node,
                arguments.limit + 1,
            )
        rows = [_gap_row(record) for record in found[: arguments.limit]]
        count = fit_page(rows) if rows else 0
        return Page(rows[:count], None if count == len(found) else str(found[count - 1]["id"]))

    async def head(self, _: HeadArgs) -> Page:
        """Answer `head`."""
        head = await read_head(self._database)
        return Page({"journal": head.journal, "position": head.position})

    async def _settle(self) -> None:
        if not await self._settled(_SETTLE_S):
            raise QueryFailed("Behind", "what was heard last is not in the database yet; ask again")

    async def missed(self, arguments: MissedArgs) -> Page:
        """Answer `missed`: the first page fixes where it ends, after all that was heard when it was asked for."""
        if arguments.cursor is None:
            if not self._is_joined():
                raise QueryFailed("Behind", "what was heard last is held back until this service has joined; ask again")
            await self._settle()
        head = await read_head(self._database)
        if head.journal != arguments.journal or arguments.after > head.position:
            raise QueryFailed("OtherJournal", f"this is journal {head.journal}, which ends at {head.position}")
        after, until = (arguments.after, head.position) if arguments.cursor is None else _range(arguments.cursor)
        rows, after = await self._missed(after, until, arguments)
        return Page({"rows": rows, "position": after}, f"{after}:{until}" if after < until else None)

    async def _missed(self, after: int, until: int, arguments: MissedArgs) -> tuple[list[Any], int]:
        """Return rows after a position and the position up to which they are complete."""
        window = _WINDOW
        async with self._database.transaction() as tx:
            await tx.execute(_SQL.by_position)
            tags = {record["id"]: record for record in await tx.fetch(_SQL.machine_tags, list(arguments.metrics))}
            for _ in range(_WINDOWS):
                end = min(after + window, until)
                limit = arguments.limit
                samples = await tx.fetch(_SQL.missed_samples, after, end, list(tags), limit)
                notes = await tx.fetch(_SQL.missed_notes, after, end, limit)
                numbered: list[tuple[int, MissedRow]] = [
                    (record["position"], _missed_sample(record, tags[record["tag"]])) for record in samples
                ]
                numbered += [(record["position"], _missed_note(record)) for record in notes]
                numbered.sort(key=lambda item: item[0])
                rows = [row_to_json(row) for _, row in numbered[:limit]]
                count = fit_page(rows) if rows else 0
                if count < len(numbered) or max(len(samples), len(notes)) == limit:
                    return rows[:count], numbered[count - 1][0]
                if rows or end == until:
                    return rows, end
                after, window = end, min(window * _WINDOW_GROWS, _LARGEST_WINDOW)
        return [], after


def _range(cursor: str) -> tuple[int, int]:
    after, _, until = cursor.partition(":")
    return int(after), int(until)


def _node(edge_node: str | None) -> tuple[str | None, str | None]:
    if edge_node is None:
        return None, None
    group, _, node = edge_node.partition("/")
    return group, node


def _where(place: str | None, edge_node: str | None) -> Sequence[str | None]:
    return (place, *_node(edge_node))


def _tag_row(record: Any) -> dict[str, Any]:
    source = (record["group_id"], record["edge_node_id"], record["device_id"])
    return {
        "source": "/".join(part for part in source if part),
        "place": record["place"],
        "metric": record["canonical"],
        "name": record["metric"],
        "type": DataType(record["datatype"]).name,
    }


def _sample_row(record: Any, tag: Any) -> dict[str, Any]:
    datatype = DataType(tag["datatype"])
    return {
        **_tag_row(tag),
        "value": _shown(_value(record, datatype), datatype),
        "timestamp": iso_ms(record["at_ms"]),
        "timestamp_ms": record["at_ms"],
        "received": iso_ms(record["received_ms"]),
        "quality": record["quality"],
        "historical": bool(record["marks"] & 2),
    }


def _gap_row(record: Any) -> dict[str, Any]:
    until_ms = record["until_ms"]
    source = "/".join(part for part in (record["group_id"], record["edge_node_id"]) if part)
    return {
        "reason": record["reason"],
        "edge_node": source or None,
        "since": iso_ms(record["since_ms"]),
        "until": None if until_ms is None else iso_ms(until_ms),
        "lost": record["lost"],
    }


def _missed_sample(record: Any, tag: Any) -> MissedSample:
    datatype = DataType(tag["datatype"])
    return MissedSample(
        place=tag["place"],
        metric=tag["canonical"],
        datatype=datatype,
        value=_value(record, datatype),
        at_ms=record["at_ms"],
        received_ms=record["received_ms"],
        is_birth=bool(record["marks"] & 1),
        is_historical=bool(record["marks"] & 2),
    )


def _missed_note(record: Any) -> MissedNote:
    return MissedNote(
        edge_node=f"{record['group_id']}/{record['edge_node_id']}",
        device_id=record["device_id"] or None,
        bd_seq=record["bd_seq"],
        places=tuple(record["places"]),
        is_online=record["kind"] == "birth",
        at_ms=record["at_ms"],
        received_ms=record["received_ms"],
        reason=record["reason"],
    )


def _value(record: Any, datatype: DataType) -> Value:
    if record["data"] is not None:
        try:
            return decode_payload(record["data"]).metrics[0].value
        except (RemoteProtocolError, IndexError):
            return None
    if record["text"] is not None:
        return str(record["text"])
    if record["real"] is not None:
        return float(record["real"])
    whole: int | None = record["whole"]
    if whole is None:
        return None
    if datatype is DataType.Boolean:
        return bool(whole)
    return whole + 2**64 if whole < 0 and datatype in {DataType.UInt64, DataType.DateTime} else whole


def _shown(value: Value, datatype: DataType) -> Any:
    shown = json_value(value, datatype)
    if isinstance(shown, str) and len(shown) > _LONGEST_TEXT:
        return f"{shown[:_LONGEST_TEXT]}... ({len(shown)} characters)"
    if isinstance(shown, dict | list) and fit_page([shown, None], limit_bytes=_LONGEST_TEXT * 4) == 1:
        return f"({type(value).__name__}, too large for a page)"
    return shown
