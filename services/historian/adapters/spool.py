"""Batches on disk while the database cannot take them: append-only files, every frame with its length and checksum.

A frame is on the disk (fsync) before `put` returns. A file is removed when all of it has been written to the database, so that a crash in
the middle of draining writes some batches twice, which the journal does not mind. What cannot be read - a tail that a crash cut off, a
damaged frame, one of a later version - ends its file there; the rest is put aside, never deleted, and said.
"""

from __future__ import annotations

import asyncio
import os
import shutil
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from struct import Struct
from typing import BinaryIO
from zlib import crc32

from namespace.runtime import Logger
from services.historian.domain.batch import Batch
from services.historian.domain.frame import FrameError, decode, encode
from services.historian.domain.tag import Tag, Tags
from services.historian.ports import SpoolFull

_FRAME = Struct("<II")
_SUFFIX = ".spool"
FILE_BYTES = 8 << 20
"""A file that has grown beyond this is followed by another one."""


@dataclass(slots=True)
class _File:
    """One file: `size` bytes of whole frames, of which `read` were handed out and done with."""

    path: Path
    size: int = 0
    read: int = 0
    described: dict[Tag, int] = field(default_factory=dict)
    tags: dict[int, Tag] = field(default_factory=dict)


class DiskSpool:
    """The spool in a folder that is its alone.

    Args:
        folder: Made if need be.
        tags: The tags of this process.
        limit_bytes: What all files together may take; what was put aside is not counted.
        log: Told of what cannot be read.
        file_bytes: When to begin another file.

    Attributes:
        damaged: Files that ended in something that cannot be read, since the start.
    """

    def __init__(
        self, folder: Path, tags: Tags, *, limit_bytes: int, log: Logger, file_bytes: int = FILE_BYTES
    ) -> None:
        self._folder = folder
        self._tags = tags
        self._limit_bytes = limit_bytes
        self._log = log
        self._file_bytes = file_bytes
        self._files: deque[_File] = deque()
        self._tail: BinaryIO | None = None
        self._growing: _File | None = None
        self._next_number = 1
        self._given = 0
        self.damaged = 0
        self._open()

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to be written to the database."""
        return not self._files

    @property
    def size_bytes(self) -> int:
        """What it takes on disk."""
        return sum(file.size for file in self._files)

    @property
    def limit_bytes(self) -> int:
        """What it may take."""
        return self._limit_bytes

    def close(self) -> None:
        """Let go of the file that is being written."""
        if self._tail is not None:
            self._tail.close()
            self._tail = None

    async def put(self, batch: Batch) -> None:
        """Append a batch; it is on the disk when this returns.

        Raises:
            SpoolFull: It is not.
        """
        file = self._writable()
        before = dict(file.described)
        payload = encode(batch, file.described)
        frame = _FRAME.pack(len(payload), crc32(payload)) + payload
        self._growing = file  # whoever reads meanwhile leaves it there
        try:
            if self.size_bytes + len(frame) > self._limit_bytes:
                raise SpoolFull(f"the spool in {self._folder} holds {self.size_bytes} bytes of {self._limit_bytes}")
            await asyncio.to_thread(self._append, file, frame)
        except OSError as error:
            self._cut(file)
            file.described = before
            raise SpoolFull(f"the spool in {self._folder} cannot be written: {error}") from error
        except SpoolFull:
            file.described = before
            self._drop_empty(file)
            raise
        finally:
            self._growing = None

    async def first(self) -> Batch | None:
        """Return the oldest batch, which stays; None when there is none that is on the disk."""
        while self._files:
            file = self._files[0]
            is_more = file.read < file.size  # as it was before it was read: it may grow meanwhile
            frame = await asyncio.to_thread(_frame_at, file) if is_more else None
            if frame is not None:
                try:
                    batch = decode(frame, self._tags, file.tags)
                except FrameError as error:
                    self._put_aside(file.path, file.read, str(error))
                else:
                    self._given = _FRAME.size + len(frame)
                    return batch
            elif is_more:
                self._put_aside(file.path, file.read, "its checksum is wrong")
            elif file is self._growing:
                return None
            file.read = file.size
            self._remove(file)
        return None

    async def done(self) -> None:
        """Forget what `first` returned."""
        file = self._files[0]
        file.read += self._given
        self._given = 0
        if file.read >= file.size and file is not self._growing:
            self._remove(file)

    # -- files

    def _open(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        for path in sorted(self._folder.glob(f"*{_SUFFIX}")):
            file = _File(path)
            total = path.stat().st_size
            while (frame := _frame_at(file)) is not None:
                file.read += _FRAME.size + len(frame)
            file.size, file.read = file.read, 0
            if file.size < total:
                self._put_aside(path, file.size, "it is cut off, or its checksum is wrong")
                os.truncate(path, file.size)
            self._next_number = max(self._next_number, int(path.stem) + 1)
            if file.size:
                self._files.append(file)
            else:
                path.unlink()

    def _writable(self) -> _File:
        if self._tail is not None and self._files and self._files[-1].size < self._file_bytes:
            return self._files[-1]
        self.close()
        file = _File(self._folder / f"{self._next_number:08}{_SUFFIX}")
        self._next_number += 1
        self._tail = file.path.open("xb", buffering=0)
        self._files.append(file)
        return file

    def _append(self, file: _File, frame: bytes) -> None:
        assert self._tail is not None
        view = memoryview(frame)
        while view:
            view = view[self._tail.write(view) :]
        os.fsync(self._tail.fileno())
        file.size += len(frame)

    def _cut(self, file: _File) -> None:
        """Take away what was written of a frame, and go on in another file."""
        self.close()
        try:
            os.truncate(file.path, file.size)
        except OSError:
            self.damaged += 1  # the next start ends the file there
        self._drop_empty(file)

    def _put_aside(self, path: Path, start: int, reason: str) -> None:
        """Keep what a file holds from `start` on for people, under another name."""
        self.damaged += 1
        number = 1
        while (aside := path.with_name(f"{path.name}.damaged-{number}")).exists():
            number += 1
        with path.open("rb") as source, aside.open("xb") as target:
            source.seek(start)
            shutil.copyfileobj(source, target)
            os.fsync(target.fileno())
            size = target.tell()
        self._log.error("spool_damaged", file=str(path), at=start, bytes=size, reason=reason, put_aside=str(aside))

    def _drop_empty(self, file: _File) -> None:
        if file.size == 0:
            self._remove(file)

    def _remove(self, file: _File) -> None:
        if self._files and file is self._files[-1]:
            self.close()
        self._files.remove(file)
        file.path.unlink(missing_ok=True)


def _frame_at(file: _File) -> bytes | None:
    """Return the frame at a file's reading position; None where there is no whole and undamaged one."""
    try:
        with file.path.open("rb") as stream:
            stream.seek(file.read)
            head = stream.read(_FRAME.size)
            if len(head) < _FRAME.size:
                return None
            length, checksum = _FRAME.unpack(head)
            payload = stream.read(length)
    except OSError:
        return None
    return payload if len(payload) == length and crc32(payload) == checksum else None
