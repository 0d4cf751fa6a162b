"""Ours, on a real broker: when each message was part of the state and of the columns that go to the database."""

from __future__ import annotations

import asyncio
import sys
import time
from array import array
from pathlib import Path

from namespace.runtime import configure_logging
from namespace.runtime.loop import runner
from tests.benchmarks.consumers.measure import Measurement, arguments
from tests.benchmarks.consumers.own_host import OwnHost, until
from tests.benchmarks.corpus import METRICS


async def main() -> None:
    port, messages = arguments()
    measurement = Measurement()
    times: array[int] = array("q")
    done = asyncio.Event()
    samples = before = 0

    def marked(word: str) -> None:
        nonlocal before
        if word == "begin":
            before = samples
            measurement.begin()

    def recorded(count: int) -> None:
        nonlocal samples
        samples = count
        if not measurement.has_begun or done.is_set():
            return
        now = time.monotonic_ns()
        new = (count - before) // METRICS - len(times)
        if new:
            times.extend([now] * new)
            if len(times) == messages:
                measurement.end()
                done.set()

    host = OwnHost(port, recorded=recorded, marked=marked)
    await until(done, host)
    Path(sys.argv[3]).write_bytes(times.tobytes())
    measurement.report(len(times), host.checksum())


configure_logging(form="json", level="error")
with runner() as running:
    running.run(main())
