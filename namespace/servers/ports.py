"""TCP ports on loopback: finding a free one, and saying who has the one we wanted.

Nothing here reserves a port: between the question and the bind another process may take it, so callers
treat a failed bind as the final answer.
"""

from __future__ import annotations

import socket
from collections.abc import Collection
from contextlib import ExitStack
from pathlib import Path

from namespace.servers.errors import ServerError
from namespace.servers.process import command_line

LOOPBACK = "127.0.0.1"


def free_port() -> int:
    """Return a TCP port of 127.0.0.1 that is free now."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def free_ports(count: int, *, besides: Collection[int] = ()) -> list[int]:
    """Return some TCP ports of 127.0.0.1 that are free now, all different.

    Args:
        count: How many.
        besides: Ports that are spoken for, though nobody may listen on them yet.
    """
    found: list[int] = []
    with ExitStack() as probes:
        while len(found) < count:
            probe = probes.enter_context(socket.socket())
            probe.bind((LOOPBACK, 0))
            port = int(probe.getsockname()[1])
            if port not in besides:
                found.append(port)
    return found


def is_free(port: int) -> bool:
    """Tell whether a server could listen on `port` of 127.0.0.1 now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
        return True


def accepts(port: int, *, timeout_s: float = 0.5) -> bool:
    """Tell whether somebody answers on `port` of 127.0.0.1."""
    try:
        socket.create_connection((LOOPBACK, port), timeout=timeout_s).close()
    except OSError:
        return False
    return True


def owner(port: int) -> str | None:
    """Name the process that listens on `port`, as `mosquitto (process 123)`; None when it cannot be known.

    Another user's processes are invisible to an ordinary user, and other systems than Linux have no /proc.
    """
    inodes = _listening_inodes(port)
    for pid in process_ids() if inodes else []:
        if inodes & _socket_inodes(pid):
            arguments = command_line(pid) or ["?"]
            return f"{Path(arguments[0]).name} (process {pid})"
    return None


def taken(port: int, variable: str) -> ServerError:
    """Return the error for a port that is in use.

    Args:
        port: Of 127.0.0.1.
        variable: The setting that chooses another one.
    """
    other = owner(port)
    return ServerError(
        f"port {port} is in use" + (f" by {other}" if other else ""),
        where=f"{LOOPBACK}:{port}",
        remedy=f"Stop that program, or choose another port: {variable}={port + 1}.",
    )


def _listening_inodes(port: int) -> set[str]:
    listen_state = "0A"  # the kernel's TCP_LISTEN, as /proc/net/tcp prints it
    found: set[str] = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        try:
            rows = Path(table).read_text().splitlines()[1:]
        except OSError:
            continue
        for row in rows:
            fields = row.split()
            if fields[3] == listen_state and int(fields[1].rpartition(":")[2], 16) == port:
                found.add(fields[9])
    return found


def process_ids() -> list[int]:
    """Return the ids of all processes we can see; none where the system has no /proc."""
    proc = Path("/proc")
    return [int(each.name) for each in proc.iterdir() if each.name.isdigit()] if proc.is_dir() else []


def _socket_inodes(pid: int) -> set[str]:
    found: set[str] = set()
    try:
        for descriptor in Path(f"/proc/{pid}/fd").iterdir():
            target = str(descriptor.readlink())
            if target.startswith("socket:["):
                found.add(target[8:-1])
    except OSError:  # it ended, or belongs to somebody else
        pass
    return found
