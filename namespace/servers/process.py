"""Starting other people's programs so that they never outlive us and never run as root.

PostgreSQL refuses to run as root and a broker should not; both must end when the process that started them
is killed, or the next start meets its own orphan. This module does that and nothing else: it knows no
server, keeps no list of processes and restarts nothing.
"""

from __future__ import annotations

import ctypes
import os
import pwd
import resource
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

_PR_SET_PDEATHSIG = 1
_POLL_S = 0.05


@dataclass(frozen=True, slots=True)
class RunAs:
    """The user that servers run as: ourselves, or `nobody` when we are root."""

    uid: int | None
    gid: int | None

    @classmethod
    def unprivileged(cls) -> RunAs:
        """Return the user for servers; no account is created and no folder of the system is changed."""
        if os.geteuid() != 0:
            return cls(None, None)
        nobody = pwd.getpwnam("nobody")
        return cls(nobody.pw_uid, nobody.pw_gid)

    def own(self, path: Path) -> None:
        """Hand `path` (not what is in it) to this user."""
        if self.uid is not None and self.gid is not None:
            os.chown(path, self.uid, self.gid)

    def can_enter(self, folder: Path) -> bool:
        """Tell whether this user may reach `folder` through all of its parents."""
        if self.uid is None:
            return os.access(folder, os.X_OK)
        entered = run(["/bin/sh", "-c", 'cd -- "$1"', "sh", str(folder)], run_as=self)
        return entered.returncode == 0


def run(
    command: Sequence[str | Path],
    *,
    run_as: RunAs,
    env: Mapping[str, str] | None = None,
    timeout_s: float = 60,
) -> subprocess.CompletedProcess[str]:
    """Run `command` to its end and return its exit code and output.

    Args:
        command: Program and arguments.
        run_as: The user it runs as.
        env: Its whole environment; ours when None.
        timeout_s: It is killed after this long.

    Raises:
        subprocess.TimeoutExpired: It took longer.
    """
    return subprocess.run(  # noqa: S603 - fixed programs, no shell expansion of anything foreign
        [str(part) for part in command],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
        cwd="/",
        env=None if env is None else dict(env),
        timeout=timeout_s,
        user=run_as.uid,
        group=run_as.gid,
        extra_groups=None if run_as.uid is None else [],
    )


def spawn(
    command: Sequence[str | Path],
    *,
    run_as: RunAs,
    output: IO[bytes],
    env: Mapping[str, str],
    cwd: Path,
    death_signal: signal.Signals = signal.SIGTERM,
    open_files: int = 0,
) -> subprocess.Popen[bytes]:
    """Start `command` in a session of its own; it gets `death_signal` when the calling thread ends.

    Call it from the main thread: the kernel ties the signal to the thread that started the child. The
    session of its own keeps a Ctrl-C at the terminal from reaching the child before us.

    Args:
        command: Program and arguments.
        run_as: The user it runs as.
        output: Where its standard output and error go.
        env: Its whole environment.
        cwd: Its working folder, which that user must be able to enter.
        death_signal: Sent by the kernel if we die first (Linux only).
        open_files: How many files and connections it needs at a time, as far as the machine's own limit allows.
    """
    follow = follow_parent(death_signal)

    def prepare() -> None:
        allow_open_files(open_files)
        if follow is not None:
            follow()

    return subprocess.Popen(  # noqa: S603 - fixed programs, arguments made here
        [str(part) for part in command],
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        cwd=cwd,
        env=dict(env),
        start_new_session=True,
        user=run_as.uid,
        group=run_as.gid,
        extra_groups=None if run_as.uid is None else [],
        preexec_fn=prepare,  # noqa: PLW1509 - some system calls, nothing that takes a lock
    )


def allow_open_files(count: int) -> None:
    """Let this process have `count` files and connections open at a time, or as many as it may allow itself.

    The usual limit of 1,024 is for programs that wait by `select`.
    """
    allowed, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    if most != resource.RLIM_INFINITY:
        count = min(count, most)
    if allowed not in (resource.RLIM_INFINITY, count) and allowed < count:
        resource.setrlimit(resource.RLIMIT_NOFILE, (count, most))


def follow_parent(death_signal: signal.Signals) -> Callable[[], None] | None:
    """Return what a child must run before exec to die with us; None where the system cannot do that.

    The kernel forgets the setting when a process changes its user, so it has to be the last thing before
    exec.
    """
    if not sys.platform.startswith("linux"):
        return None
    prctl = ctypes.CDLL(None).prctl
    parent = os.getpid()

    def ask_for_signal() -> None:
        prctl(_PR_SET_PDEATHSIG, int(death_signal))
        if os.getppid() != parent:  # we died between fork and prctl: no signal would come
            os._exit(1)

    return ask_for_signal


def wait_for(process: subprocess.Popen[bytes], condition: Callable[[], bool], *, timeout_s: float) -> bool:
    """Wait until `condition` holds while `process` lives.

    Returns:
        True once it holds; False when the process has ended or the time is up.
    """
    for _ in range(max(1, int(timeout_s / _POLL_S))):
        if condition():
            return True
        try:
            process.wait(_POLL_S)
        except subprocess.TimeoutExpired:
            continue
        return False
    return condition()


def stop(process: subprocess.Popen[bytes], first: signal.Signals, *, timeout_s: float) -> None:
    """End `process`: politely with `first`, and by SIGKILL when it has not gone after `timeout_s`."""
    if process.poll() is not None:
        return
    process.send_signal(first)
    try:
        process.wait(timeout_s)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def end_foreign(pid: int, first: signal.Signals, *, timeout_s: float) -> None:
    """End a process that we did not start in this life: `first`, and SIGKILL after `timeout_s`."""
    for attempt in (first, signal.SIGKILL):
        try:
            os.kill(pid, attempt)
        except ProcessLookupError:
            return
        for _ in range(int(timeout_s / _POLL_S)):
            if command_line(pid) is None:
                return
            pause(_POLL_S)


def send_signal(pid: int, number: signal.Signals, *, program: str) -> bool:
    """Signal process `pid` if it is still `program`; False when it is gone or somebody else's by now."""
    arguments = command_line(pid)
    if not arguments or Path(arguments[0]).name != program:
        return False
    os.kill(pid, number)
    return True


def pause(seconds: float) -> None:
    """Block this thread for `seconds`: only where what we wait for gives no event."""
    threading.Event().wait(seconds)


def command_line(pid: int) -> list[str] | None:
    """Return the arguments of process `pid`; None when there is none or the system does not tell."""
    try:
        raw = Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return None
    return [part.decode(errors="replace") for part in raw.rstrip(b"\0").split(b"\0")] if raw else None
