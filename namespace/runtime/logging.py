"""Structured logs: one JSON object a line for machines, aligned text for people. No log line per metric, ever.

How and where lines are written is a matter of the process; whose lines they are, of the task: several services in one process
each have their name on theirs, and so has everything that they start.
"""

from __future__ import annotations

import logging
import sys
from typing import Any, TextIO

import structlog

Logger = structlog.stdlib.BoundLogger
"""A logger with key-value pairs bound to it."""


def configure_logging(*, form: str, level: str, output: TextIO | None = None) -> None:
    """Send the process's logs to `output`.

    Args:
        form: `json` or `text`.
        level: Least severe level that is logged.
        output: Standard output by default.
    """
    stream: TextIO = sys.stdout if output is None else output
    minimum = logging.getLevelNamesMapping()[level.upper()]
    renderer: Any = (
        structlog.processors.JSONRenderer() if form == "json" else structlog.dev.ConsoleRenderer(colors=stream.isatty())
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.StackInfoRenderer(),
            structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(minimum),
        logger_factory=structlog.PrintLoggerFactory(stream),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(level=max(minimum, logging.WARNING), stream=stream, format="%(levelname)s %(name)s %(message)s")


def log_as(service: str) -> None:
    """Put `service` on every line that this task, and whatever it starts, logs from now on."""
    structlog.contextvars.bind_contextvars(service=service)


def get_logger(**bound: Any) -> Logger:
    """Return a logger with `bound` on every line."""
    logger: Logger = structlog.get_logger(**bound)
    return logger
