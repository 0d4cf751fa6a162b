"""Build the optional compiled steps in place: every `_fast/*.c` becomes a module beside it.

Needs a C compiler (`CC`, else `cc`) and the headers of the Python that runs this, and nothing else. What is not built is not missed: the
Python way does the same. With --if-possible it is no failure, and says nothing, where they cannot be built.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

ROOT = Path(__file__).parents[2]


def main() -> int:
    """Build them all; return the exit code."""
    is_asked_for = "--if-possible" not in sys.argv[1:]
    compiler = shlex.split(os.environ.get("CC", "cc"))
    headers = Path(sysconfig.get_paths()["include"])
    missing = None
    if not compiler or shutil.which(compiler[0]) is None:
        missing = (
            f"no C compiler ({' '.join(compiler)}); install one or set CC. Nothing was changed, and nothing needs it."
        )
    elif not (headers / "Python.h").exists():
        missing = f"no Python.h in {headers}; install this Python's development package. Nothing was changed."
    if missing is not None:
        if is_asked_for:
            print(f"accelerate: {missing}")
        return int(is_asked_for)
    for source in sorted(path for part in ("namespace", "services") for path in (ROOT / part).rglob("_fast/*.c")):
        target = source.with_suffix(sysconfig.get_config_var("EXT_SUFFIX"))
        fresh = target.with_suffix(".new")
        flags = shlex.split(os.environ.get("CFLAGS", "-O2 -Wall -Wextra -Werror" if is_asked_for else "-O2"))
        link = ["-bundle", "-undefined", "dynamic_lookup"] if sys.platform == "darwin" else ["-shared"]
        command = [*compiler, *flags, "-fPIC", *link, f"-I{headers}", f"-I{ROOT}", str(source), "-o", str(fresh)]
        done = subprocess.run(command, check=False, capture_output=not is_asked_for)
        if done.returncode:
            target.unlink(missing_ok=True)  # one that is older than its source would not be used
            if is_asked_for:
                print(f"accelerate: {source.relative_to(ROOT)} could not be built")
            return int(is_asked_for)
        fresh.replace(target)
        print(f"accelerate: {target.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
