"""How a declared service is entered: as a process of its own, or as one attempt among others in a process.

It reads settings and site file, says in one line what stands against a start, and leaves the running to `namespace.runtime.process`.
"""

from __future__ import annotations

import asyncio
import signal
import sys
from typing import TextIO

from namespace.isa95 import SiteFileError, load_site
from namespace.runtime.logging import configure_logging, get_logger, log_as
from namespace.runtime.loop import runner
from namespace.runtime.process import run
from namespace.runtime.service import Service
from namespace.runtime.settings import ServiceSettings, SettingsError, read_settings
from namespace.store import StoreError
from namespace.transport import BrokerUrlError


class CannotStart(Exception):
    """A service cannot run as things are, and starting it again would not help; the message says what to do."""


def main(service: Service) -> None:
    """Run `service` as a process until SIGTERM or SIGINT; the entry of every `python -m services.<name>`.

    Exits with 0 after a clean stop; 2, with one line that says what to do, where it cannot start at all; 1 where a part failed, with its
    traceback in the log.
    """
    try:
        with runner() as running:
            running.run(_until_signal(service))
    except CannotStart:
        sys.exit(2)
    except BaseExceptionGroup:
        sys.exit(1)  # logged where it happened


async def _until_signal(service: Service) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await attempt(service, stop)


async def attempt(service: Service, stop: asyncio.Event, *, output: TextIO | None = None) -> None:
    """Run `service` with the settings that hold here until `stop`; signals, and another attempt, are the caller's business.

    Args:
        service: What to run.
        stop: Set by whoever wants it to stop in order.
        output: Where this process logs to; standard output by default.

    Raises:
        CannotStart: Settings, site file, schema or files do not permit it; logged.
        BaseExceptionGroup: A part of it failed; logged.
    """
    log_as(service.name)
    try:
        settings = read_settings(ServiceSettings)
        configure_logging(form=settings.log, level=settings.log_level, output=output)
        site = load_site(settings.site_file.read_text(encoding="utf-8"), str(settings.site_file))
        await run(service, settings, site, stop=stop)
    except (SettingsError, SiteFileError, BrokerUrlError, StoreError) as error:
        raise _cannot_start(str(error)) from error
    except OSError as error:
        raise _cannot_start(f"{error.filename or ''} {error.strerror or error}".strip()) from error


def _cannot_start(problem: str) -> CannotStart:
    get_logger().error("cannot_start", problem=problem)
    return CannotStart(problem)
