"""Ours: the path by which the historian takes in the site's traffic, up to the columns that go to the database."""

from __future__ import annotations

import asyncio

from namespace.runtime import configure_logging
from namespace.runtime.loop import runner
from tests.benchmarks.consumers.measure import Measurement, arguments
from tests.benchmarks.consumers.own_host import OwnHost, until
from tests.benchmarks.corpus import METRICS


async def main() -> None:
    port, messages = arguments()
    measurement = Measurement()
    done = asyncio.Event()
    before = 0

    def marked(word: str) -> None:
        nonlocal before
        if word == "begin":
            before = samples
            measurement.begin()

    samples = 0

    def recorded(count: int) -> None:
        nonlocal samples
        samples = count
        if measurement.has_begun and count - before == messages * METRICS and not done.is_set():
            measurement.end()
            done.set()

    host = OwnHost(port, recorded=recorded, marked=marked)
    await until(done, host)
    measurement.report((samples - before) // METRICS, host.checksum())


configure_logging(form="json", level="error")
with runner() as running:
    running.run(main())
