"""A batch as bytes, for the spool.

A frame describes the tags it is the first of its file to use; everything else refers to them by number. Columns are written as they are.
The form is read by the version that wrote it or a later one: it begins with a version number.
"""

from __future__ import annotations

import json
from array import array
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from struct import Struct
from struct import error as StructError  # noqa: N812 - a class under a function's name

from services.historian.domain.batch import Batch, Cell, Columns, Gap, Note, NoteKind
from services.historian.domain.tag import Tag, TagKey, Tags

VERSION = 1
_HEAD = Struct("<BIIII")
_LENGTH = Struct("<I")
_NULL, _FALSE, _TRUE, _INT, _REAL, _TEXT, _BYTES = range(7)


class FrameError(Exception):
    """The bytes are no frame, or one of a later version."""


def encode(batch: Batch, known: dict[Tag, int]) -> bytes:
    """Return `batch` as bytes.

    Args:
        batch: What to write.
        known: Numbers in the file of the tags that its earlier frames describe; grows by those described here.
    """
    described = []
    for columns in (batch.fresh, batch.doubtful):
        for tag in columns.tags:
            if tag not in known:
                known[tag] = len(known)
                described.append([known[tag], *tag.key, tag.place, tag.canonical, tag.unit, tag.is_machine])
    rest = json.dumps(
        {
            "tags": described,
            "notes": [asdict(note) for note in batch.notes],
            "gaps": [asdict(gap) for gap in batch.gaps],
        },
        separators=(",", ":"),
    ).encode()
    head = _HEAD.pack(VERSION, batch.size, len(batch.fresh), len(batch.doubtful), len(rest))
    return b"".join([head, rest, *_columns(batch.fresh, known), *_columns(batch.doubtful, known)])


def decode(data: bytes, tags: Tags, known: dict[int, Tag]) -> Batch:
    """Return the batch that `data` holds.

    Args:
        data: As `encode` made it.
        tags: The tags of this process.
        known: Tag by its number in the file; grows by those described here.

    Raises:
        FrameError: It is none, or not of this version.
    """
    try:
        version, size, fresh, doubtful, rest = _HEAD.unpack_from(data)
        if version != VERSION:
            raise FrameError(f"a frame of version {version}; this software reads {VERSION}")
        position = _HEAD.size
        document = json.loads(data[position : position + rest])
        for number, *parts in document["tags"]:
            tag = known[number] = tags.get(TagKey(*parts[:5]))
            if not tag.is_stored and tag.place is None:
                place, canonical, unit, is_machine = parts[5:]
                tags.describe(tag, place, canonical, is_machine, unit)
        reader = _Reader(data, position + rest)
        batch = Batch(reader.columns(fresh, known), reader.columns(doubtful, known), size=size)
        batch.notes = [
            Note(**{**note, "kind": NoteKind(note["kind"]), "places": tuple(note["places"])})
            for note in document["notes"]
        ]
        batch.gaps = [Gap(**gap) for gap in document["gaps"]]
    except (StructError, ValueError, KeyError, TypeError, IndexError, StopIteration) as error:
        raise FrameError(f"no frame: {error!r}") from error
    return batch


def _columns(columns: Columns, numbers: Mapping[Tag, int]) -> Iterable[bytes]:
    yield array("I", columns.order).tobytes()
    yield array("I", [numbers[tag] for tag in columns.tags]).tobytes()
    yield array("q", columns.at_ms).tobytes()
    yield array("q", columns.received_ms).tobytes()
    yield array("h", columns.quality).tobytes()
    yield array("b", columns.marks).tobytes()
    kinds, wholes, reals, texts = array("b"), array("q"), array("d"), []
    for cell in columns.cells:
        match cell:
            case None:
                kinds.append(_NULL)
            case bool():
                kinds.append(_TRUE if cell else _FALSE)
            case int():
                kinds.append(_INT)
                wholes.append(cell)
            case float():
                kinds.append(_REAL)
                reals.append(cell)
            case str():
                kinds.append(_TEXT)
                texts.append(cell.encode())
            case bytes():
                kinds.append(_BYTES)
                texts.append(cell)
    lengths = array("I", map(len, texts))
    for part in (kinds, wholes, reals, lengths):
        yield _LENGTH.pack(len(part))
        yield part.tobytes()
    yield from texts


class _Reader:
    """Reads columns from a position on."""

    def __init__(self, data: bytes, position: int) -> None:
        self._data = data
        self._position = position

    def _array(self, kind: str, count: int) -> array[int]:
        column: array[int] = array(kind)
        length = count * column.itemsize
        column.frombytes(self._bytes(length))
        return column

    def _bytes(self, length: int) -> bytes:
        part = self._data[self._position : self._position + length]
        if len(part) != length:
            raise FrameError("the frame ends too early")
        self._position += length
        return part

    def _counted(self, kind: str) -> array[int]:
        (count,) = _LENGTH.unpack(self._bytes(_LENGTH.size))
        return self._array(kind, count)

    def columns(self, count: int, known: dict[int, Tag]) -> Columns:
        order, numbers = self._array("I", count), self._array("I", count)
        at_ms, received_ms = self._array("q", count), self._array("q", count)
        quality, marks = self._array("h", count), self._array("b", count)
        cells = self._cells()
        if len(cells) != count:
            raise FrameError(f"{len(cells)} values for {count} samples")
        return Columns(
            list(order),
            [known[number] for number in numbers],
            list(at_ms),
            list(received_ms),
            cells,
            list(quality),
            list(marks),
        )

    def _cells(self) -> list[Cell]:
        kinds, numbers = self._counted("b"), iter(self._counted("q"))
        reals, lengths = iter(self._counted("d")), iter(self._counted("I"))
        cells: list[Cell] = []
        for kind in kinds:
            match kind:
                case 0:
                    cells.append(None)
                case 1 | 2:
                    cells.append(kind == _TRUE)
                case 3:
                    cells.append(next(numbers))
                case 4:
                    cells.append(next(reals))
                case 5:
                    cells.append(self._bytes(next(lengths)).decode())
                case 6:
                    cells.append(self._bytes(next(lengths)))
                case _:
                    raise FrameError(f"a value of kind {kind}")
        return cells
