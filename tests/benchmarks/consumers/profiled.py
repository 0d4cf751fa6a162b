"""Runs a module under the profiler: `python -m tests.benchmarks.consumers.profiled FILE MODULE ARGUMENT...`.

A consumer that measures is profiled between its begin and end; a service as a whole. The figures of such a run are not used.
"""

from __future__ import annotations

import cProfile
import runpy
import sys

from tests.benchmarks.consumers import measure


def main() -> None:
    """Run the module to its end and write the profile."""
    file, module = sys.argv[1], sys.argv[2]
    sys.argv = sys.argv[2:]
    profile = cProfile.Profile()
    measure.profile = profile
    measure.leave = sys.exit
    if module.startswith("services."):
        profile.enable()
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    finally:
        profile.disable()
        profile.dump_stats(file)


if __name__ == "__main__":
    main()
