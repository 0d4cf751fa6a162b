"""The optional compiled steps: there where `make accelerate` built them, unless `UNS_ACCELERATE=0`.

Nothing depends on them; what they do, the Python way does the same, slower. They are looked for, never required.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from types import ModuleType

from pydantic import BaseModel

from namespace.runtime.settings import read_settings
from namespace.sparkplug import Walk
from namespace.sparkplug.quick_walk import REACHED_INTO
from namespace.transport.packet_stream import PacketWalk
from namespace.transport.port import Message

_PACKETS = "namespace.transport._fast.packets"
_WALK = "namespace.sparkplug._fast.walk"


class _Switch(BaseModel):
    accelerate: bool = True


def compiled(module: str) -> ModuleType | None:
    """Return a compiled module; None where it is not built, older than its source, for another Python, or switched off.

    Args:
        module: Its full name.
    """
    if not read_settings(_Switch).accelerate:
        return None
    try:
        found = import_module(module)
    except ImportError:
        return None
    built = Path(str(found.__file__))
    source = built.with_name(f"{module.rpartition('.')[2]}.c")
    return None if source.exists() and source.stat().st_mtime > built.stat().st_mtime else found


def compiled_walk() -> Walk | None:
    """Return the compiled reading of plain data, for `HostSession.accelerate`."""
    module = compiled(_WALK)
    if module is None:
        return None
    module.prepare(*REACHED_INTO)
    walk: Walk = module.walk
    return walk


def compiled_packets() -> PacketWalk | None:
    """Return the compiled reading of plain messages from a socket's bytes, for `StreamTransport`."""
    module = compiled(_PACKETS)
    if module is None:
        return None
    module.prepare(Message)
    walk: PacketWalk = module.walk
    return walk
