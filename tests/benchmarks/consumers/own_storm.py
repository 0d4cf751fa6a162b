"""Ours: births of many nodes, then all of them again; memory before and after the first, time of the second."""

from __future__ import annotations

import asyncio
import gc
import os

from namespace.runtime import configure_logging
from namespace.runtime.loop import runner
from tests.benchmarks.brokers import memory
from tests.benchmarks.consumers.measure import Measurement, arguments
from tests.benchmarks.consumers.own_host import OwnHost, until


async def main() -> None:
    port, _ = arguments()
    measurement = Measurement()
    done = asyncio.Event()
    so_far = first = online = 0
    held_mb = 0.0

    def marked(word: str) -> None:
        nonlocal first, held_mb
        if word == "begin":
            first = so_far
            gc.collect()
            held_mb = memory(os.getpid()).rss - empty_mb
            measurement.begin()

    def recorded(count: int) -> None:
        nonlocal so_far, online
        so_far = count
        if measurement.has_begun and count == 2 * first and not done.is_set():
            measurement.end()
            online = host.online()
            done.set()

    host = OwnHost(port, recorded=recorded, marked=marked)
    gc.collect()
    empty_mb = memory(os.getpid()).rss
    await until(done, host)
    measurement.report(online, host.checksum(), held_mb=held_mb)


configure_logging(form="json", level="error")
with runner() as running:
    running.run(main())
