"""Asking a service over its health port whether it is ready, and why not.

It reads what a service says of itself (`/ready`); it judges nothing.
"""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from dataclasses import dataclass

from namespace.servers.ports import LOOPBACK

_READ_BYTES = 65536


@dataclass(frozen=True, slots=True)
class Readiness:
    """A service's own answer."""

    ready: bool
    reasons: tuple[str, ...] = ()
    """Why it is not ready, for a person."""
    remarks: tuple[str, ...] = ()
    """What a person should know although it is ready."""


def ask(port: int, *, timeout_s: float = 2) -> Readiness:
    """Ask the service whose health port this is.

    Args:
        port: On 127.0.0.1.
        timeout_s: A service that takes longer is not ready.
    """
    try:
        with urllib.request.urlopen(ready_url(port), timeout=timeout_s) as response:  # noqa: S310 - http, loopback
            body = response.read(_READ_BYTES)
            return Readiness(ready=True, reasons=_told(body, "reasons"), remarks=_told(body, "remarks"))
    except urllib.error.HTTPError as error:
        with error:
            return Readiness(ready=False, reasons=_told(error.read(_READ_BYTES), "reasons") or (str(error),))
    except TimeoutError:
        return Readiness(ready=False, reasons=(f"no answer within {timeout_s:g} s",))
    except OSError:
        return Readiness(ready=False, reasons=("not listening yet",))


def ready_url(port: int) -> str:
    """Return where a service answers."""
    return f"http://{LOOPBACK}:{port}/ready"


def _told(body: bytes, what: str) -> tuple[str, ...]:
    try:
        said = json.loads(body)
    except ValueError:
        return (body.decode(errors="replace").strip(),) if body.strip() else ()
    told = said.get(what) if isinstance(said, dict) else None
    return tuple(f"{part}: {text}" for part, text in told.items()) if isinstance(told, dict) else ()
