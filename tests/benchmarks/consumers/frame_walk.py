"""Counts messages (and, given a file, notes when each came) on an asyncio protocol that walks MQTT frames: the calibrator of a run.

It depends on no library and on nothing of ours, so that it tells how fast this machine is at this moment.
"""

from __future__ import annotations

import asyncio
import struct
import sys
import time
from array import array
from pathlib import Path

from measure import Measurement, arguments

_CONNECT = b"\x10\x15\x00\x04MQTT\x04\x02\x00\x00\x00\x09bench-cal"
_FILTER = b"spBv1.0/#"
_GO = b"\x30\x0a\x00\x08bench/go"
_SUBSCRIBE = bytes([0x82, len(_FILTER) + 5, 0, 1, 0, len(_FILTER)]) + _FILTER + b"\x00"


class Walker(asyncio.Protocol):
    """Counts the data messages."""

    def __init__(self, messages: int) -> None:
        self._messages = messages
        self._received = 0
        self._rest = b""
        self._measurement = Measurement()
        self._times: array[int] = array("q")

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        transport.write(_CONNECT)
        transport.write(_SUBSCRIBE)
        transport.write(_GO)

    def data_received(self, data: bytes) -> None:
        buffer = self._rest + data if self._rest else data
        at, size, count = 0, len(buffer), 0
        while at + 2 <= size:
            length, shift, here = 0, 0, at + 1
            while here < size:
                digit = buffer[here]
                length |= (digit & 127) << shift
                here += 1
                if digit < 128:
                    break
                shift += 7
            else:
                break
            end = here + length
            if end > size:
                break
            if buffer[at] == 0x30:
                name = here + 2
                if (
                    buffer[name : name + 8] == b"spBv1.0/"
                    and buffer[name : name + struct.unpack_from(">H", buffer, here)[0]].split(b"/", 3)[2] == b"DDATA"
                ):
                    count += 1
            at = end
        self._rest = buffer[at:]
        if count:
            self._count(count)

    def _count(self, count: int) -> None:
        if not self._measurement.has_begun:
            self._measurement.begin()
        self._received += count
        if len(sys.argv) > 3:
            self._times.extend([time.monotonic_ns()] * count)
        if self._received >= self._messages:
            self._measurement.end()
            if len(sys.argv) > 3:
                Path(sys.argv[3]).write_bytes(self._times.tobytes())
            self._measurement.report(self._received, "")


async def main() -> None:
    port, messages = arguments()
    await asyncio.get_running_loop().create_connection(lambda: Walker(messages), "127.0.0.1", port)
    await asyncio.Event().wait()


asyncio.run(main())
