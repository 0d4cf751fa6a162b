"""Where the time goes: the top of a profile, as text without paths of this machine."""

from __future__ import annotations

import io
import pstats
import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.benchmarks.contestants import OWN, environment
from tests.benchmarks.corpus import Corpus
from tests.benchmarks.environments import ROOT
from tests.benchmarks.stand_in import marker, serving

_LINES = 18
_PATIENCE_S = 120


def of_ingest(traffic: Corpus) -> str:
    """Return where our own consumer of the stream spends its time."""
    stages = [traffic.births, marker("begin"), traffic.first(OWN.messages)]
    with serving(stages, waits_for_go=True) as stand_in:
        return of_module("tests.benchmarks.consumers.own", str(stand_in.port), str(OWN.messages))


def of_module(module: str, *arguments: str) -> str:
    """Run a consumer under the profiler and return where it spends its time."""
    with tempfile.NamedTemporaryFile(prefix="uns-bench-", suffix=".prof") as file:
        command: Sequence[str] = (sys.executable, "-m", "tests.benchmarks.consumers.profiled", file.name, module)
        subprocess.run(
            [*command, *arguments],
            cwd=ROOT,
            env=environment(),
            capture_output=True,
            timeout=_PATIENCE_S,
            check=False,
        )
        return top(Path(file.name))


def top(file: Path) -> str:
    """Return the functions in which most time was spent, themselves."""
    text = io.StringIO()
    try:
        pstats.Stats(str(file), stream=text).sort_stats("tottime").print_stats(_LINES)
    except (OSError, EOFError, TypeError):  # nothing was profiled: what should have been has failed
        return "(no profile)"
    lines = text.getvalue().splitlines()
    start = next((number for number, line in enumerate(lines) if line.lstrip().startswith("ncalls")), 0)
    return "\n".join(_shown(line) for line in lines[start:] if line.strip())


def _shown(line: str) -> str:
    """Shorten paths to what lies below the sources or the environment."""
    line = line.replace(f"{ROOT}/", "")
    return re.sub(r"\S*/(?:site-packages|lib/python3\.\d+)/", "", line).rstrip()
