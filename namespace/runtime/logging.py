"""Structured logs: one JSON object a line for machines, aligned text for people. No log line per metric, ever."""

from __future__ import annotations

import logging
import sys
from typing import Any

import structlog

Logger = structlog.stdlib.BoundLogger
"""A logger with key-value pairs bound to it."""


def configure_logging(service: str, *, form: str, level: str) -> None:
    """Send the process's logs to standard output.

    Args:
        service: Bound to every line.
        form: `json` or `text`.
        level: Least severe level that is logged.
    """
    minimum = logging.getLevelNamesMapping()[level.upper()]
    renderer: Any = (
        structlog.processors.JSONRenderer()
        if form == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stdout.isatty())
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
        logger_factory=structlog.PrintLoggerFactory(sys.stdout),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(
        level=max(minimum, logging.WARNING), stream=sys.stdout, format="%(levelname)s %(name)s %(message)s"
    )
    structlog.contextvars.bind_contextvars(service=service)


def get_logger(**bound: Any) -> Logger:
    """Return a logger with `bound` on every line."""
    logger: Logger = structlog.get_logger(**bound)
    return logger
