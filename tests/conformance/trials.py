"""Trying changes of the library, each in a process of its own that is forked from one in which the tests are collected already.

A change within a function is made in the forked process by giving the function other code, so that nothing is imported again; any other
change has the library and the tests imported anew. Only tests run that have come by the changed lines, the quickest first.
"""

from __future__ import annotations

import contextlib
import functools
import gc
import os
import pickle
import resource
import signal
import sys
import time
import traceback
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import CodeType, FrameType, FunctionType
from typing import Any, Final, NoReturn

import pytest
from _pytest.runner import runtestprotocol

from tests.conformance.mutants import LIBRARY, Mutant

TESTS: Final = (
    "tests/unit/sparkplug",
    "tests/conformance/test_payloads.py",
    "tests/properties/test_sparkplug_roundtrip.py",
    "tests/properties/test_sparkplug_loop.py",
    "tests/properties/test_sparkplug_fuzz.py",
    "tests/properties/test_sparkplug_hostile_peers.py",
    "tests/properties/test_host_batches.py",
)
PROFILE: Final = "mutation"
"""Of Hypothesis: no deadlines, the same examples each time, and no search for a smaller one: a failure is enough."""

_CPU_S = 120
_WALL_S = 900.0
_MEMORY_BYTES = 4 * 2**30
_SURVIVES, _NOTICED, _FAILED = 0, 1, 3


def options() -> list[str]:
    """Return what pytest is called with, in the root of a copy."""
    plugins = [word for name in ("randomly", "cacheprovider", "xdist", "faulthandler") for word in ("-p", f"no:{name}")]
    quiet = [
        "-W",
        "ignore::pytest.PytestAssertRewriteWarning",
    ]  # of what is imported already, each time that they are tried anew
    return ["-q", "-s", "--noconftest", *quiet, *plugins, f"--hypothesis-profile={PROFILE}", "-m", "not soak", *TESTS]


@dataclass(frozen=True, slots=True)
class Visits:
    """Which test came by what.

    Attributes:
        seconds: What each test takes, by its number.
        by_line: Numbers of the tests that came by a line, by module and line.
        by_module: Numbers of the tests that came by any line in a function of a module.
    """

    seconds: Mapping[int, float]
    by_line: Mapping[tuple[str, int], set[int]]
    by_module: Mapping[str, set[int]]

    def of(self, mutant: Mutant) -> list[int]:
        """Return the tests that a change concerns, the quickest first; of one that is made at import, all of them."""
        module, (first, last) = mutant.path.name, mutant.lines
        near = self.by_module.get(module, set())
        if mutant.is_late:
            found = set[int]().union(*(self.by_line.get((module, line), set()) for line in range(first, last + 1)))
            return sorted(found, key=self._rank)
        return [*sorted(near, key=self._rank), *sorted(self.seconds.keys() - near, key=self._rank)]

    def _rank(self, test: int) -> float:
        return self.seconds[test]


class Trials:
    """A pytest plugin that, instead of running the tests, runs them for each change until one fails.

    Args:
        root: Of the copy of library and tests.
        wanted: The changes, in the order in which they are tried.
        until_s: When no more are begun, on the monotonic clock.
        jobs: How many are tried at once.
        done: Told of each change whether it survives.
    """

    def __init__(
        self, root: Path, wanted: Sequence[Mutant], *, until_s: float, jobs: int, done: Callable[[Mutant, bool], None]
    ) -> None:
        self._root = root
        self._wanted = wanted
        self._until_s = until_s
        self._jobs = jobs
        self._done = done
        self._running: dict[int, tuple[Mutant, float]] = {}

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Try every change."""
        sources = {mutant.path: mutant.path.read_text(encoding="utf-8") for mutant in self._wanted}
        visits = _in_child(functools.partial(_visit, session.items, self._root))
        functions = [each for each in gc.get_objects() if isinstance(each, FunctionType)]
        for mutant in self._wanted:
            if time.monotonic() > self._until_s:
                break
            while len(self._running) >= self._jobs:
                self._wait()
            pid = os.fork()
            if pid == 0:
                _try(mutant, sources[mutant.path], functions, session.items, visits)
            self._running[pid] = mutant, time.monotonic()
        while self._running:
            self._wait()
        return True

    def _wait(self) -> None:
        """Wait for a trial to end; one that does not end by itself has noticed."""
        while True:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid:
                mutant, _ = self._running.pop(pid)
                code = os.waitstatus_to_exitcode(status)
                if code == _FAILED:
                    sys.exit(f"{mutant} could not be tried: see above")
                self._done(mutant, code == _SURVIVES)
                return
            for late, (_, since_s) in self._running.items():
                if time.monotonic() - since_s > _WALL_S:
                    os.kill(late, signal.SIGKILL)
            signal.sigtimedwait([signal.SIGCHLD], 0.05)


def _visit(items: Sequence[pytest.Item], root: Path) -> Visits:
    """Run every test on the library as it is, and watch where it comes by."""
    folder = str(root / LIBRARY) + os.sep
    seconds: dict[int, float] = {}
    by_line: defaultdict[tuple[str, int], set[int]] = defaultdict(set)
    by_module: defaultdict[str, set[int]] = defaultdict(set)
    number = -1

    def enter(frame: FrameType, event: str, argument: object) -> Callable[..., Any] | None:
        name = frame.f_code.co_filename
        if not name.startswith(folder):
            return None
        module = name.removeprefix(folder)
        by_module[module].add(number)

        def step(frame: FrameType, event: str, argument: object) -> Callable[..., Any]:
            by_line[module, frame.f_lineno].add(number)
            return step

        return step(frame, event, argument)

    for number, item in enumerate(items):
        started = time.process_time()
        sys.settrace(enter)
        try:
            is_well = _passes(item)
        finally:
            sys.settrace(None)
        seconds[number] = time.process_time() - started
        if not is_well:
            sys.stderr.write(f"{item.nodeid} fails on the library as it is; mend that first\n")
            os._exit(_FAILED)
    return Visits(seconds, dict(by_line), dict(by_module))


def _passes(item: pytest.Item) -> bool:
    return not any(report.failed for report in runtestprotocol(item, log=False, nextitem=None))


def _try(
    mutant: Mutant, source: str, functions: Sequence[FunctionType], items: Sequence[pytest.Item], visits: Visits
) -> NoReturn:
    """Try a change in this process, and end it."""
    code = _FAILED
    try:
        if mutant.is_late:
            _change(functions, mutant, source)
        _quiet()
        code = _try_late(mutant, items, visits) if mutant.is_late else _try_anew(mutant, source, items, visits)
    except BaseException:  # noqa: BLE001 - nothing of this process may go on in what it was forked from
        traceback.print_exc()
    finally:
        os._exit(code)


def _change(functions: Sequence[FunctionType], mutant: Mutant, source: str) -> None:
    """Give those functions other code that a change concerns."""
    changed, count = dict(_changed_code(mutant, source)), 0
    for function in functions:
        code = changed.get(function.__code__) if function.__code__.co_filename == str(mutant.path) else None
        if code is not None:
            function.__code__, count = code, count + 1
    assert count, f"no function is there in which {mutant} could be made"


def _try_late(mutant: Mutant, items: Sequence[pytest.Item], visits: Visits) -> int:
    """Run the tests that came by."""
    return _SURVIVES if all(_passes(items[number]) for number in visits.of(mutant)) else _NOTICED


def _changed_code(mutant: Mutant, source: str) -> Iterator[tuple[CodeType, CodeType]]:
    """Yield the code objects that a change makes others of: a function, and those that it stands in."""
    name = str(mutant.path)
    before, after = (compile(text, name, "exec", dont_inherit=True) for text in (source, mutant.applied(source)))
    pending = [(before, after)]
    while pending:
        old, new = pending.pop()
        if old != new:
            yield old, new
            inner = {(each.co_name, each.co_firstlineno): each for each in new.co_consts if isinstance(each, CodeType)}
            pending += [
                (each, inner[each.co_name, each.co_firstlineno])
                for each in old.co_consts
                if isinstance(each, CodeType)
                and (each.co_name, each.co_firstlineno) in inner  # else it went with a step
            ]


def _try_anew(mutant: Mutant, source: str, items: Sequence[pytest.Item], visits: Visits) -> int:
    """Import the library with the change, and the tests, and run all of them."""
    order = {items[number].nodeid: rank for rank, number in enumerate(visits.of(mutant))}
    text, original = mutant.applied(source), SourceFileLoader.get_code

    def get_code(self: SourceFileLoader, fullname: str) -> CodeType | None:
        if self.path == str(mutant.path):
            return compile(text, self.path, "exec", dont_inherit=True)
        return original(self, fullname)

    class InOrder:
        @pytest.hookimpl(trylast=True)
        def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
            items.sort(key=lambda item: order[item.nodeid])

    SourceFileLoader.get_code = get_code  # type: ignore[method-assign]
    for name in list(sys.modules):
        is_library = name.startswith("namespace.") and "_pb" not in name  # its messages can be registered but once
        if is_library or (name.startswith("tests.") and not name.startswith("tests.conformance.")):
            del sys.modules[name]
    return _SURVIVES if pytest.main(["-x", *options()], plugins=[InOrder()]) == pytest.ExitCode.OK else _NOTICED


def _quiet() -> None:
    """Bound what a broken library may take, and keep to itself what its tests say."""
    resource.setrlimit(resource.RLIMIT_CPU, (_CPU_S, _CPU_S))
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))
    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 1)
    os.dup2(silence, 2)


def _in_child(work: Callable[[], Visits]) -> Visits:
    """Do something in a forked process, so that nothing that it leaves behind is there later; return what it returned."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        status = 1
        with contextlib.suppress(BrokenPipeError), os.fdopen(writing, "wb") as pipe:
            pickle.dump(work(), pipe)
            status = 0
        os._exit(status)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        told = pipe.read()
    os.waitpid(pid, 0)
    if not told:
        sys.exit("the tests do not pass on the library as it is")
    visits = pickle.loads(told)
    assert isinstance(visits, Visits)
    return visits
