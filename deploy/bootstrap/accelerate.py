"""Build the optional compiled steps in place: every `_fast/*.c` becomes a module beside it.

Needs a C compiler (`CC`, else `cc`) and the headers of the Python that runs this, and nothing else. What is not built is not missed: the
Python way does the same.
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
    compiler = shlex.split(os.environ.get("CC", "cc"))
    headers = Path(sysconfig.get_paths()["include"])
    if shutil.which(compiler[0]) is None:
        print(
            f"accelerate: no C compiler ({compiler[0]}); install one or set CC. Nothing was changed, and nothing needs it."
        )
        return 1
    if not (headers / "Python.h").exists():
        print(f"accelerate: no Python.h in {headers}; install this Python's development package. Nothing was changed.")
        return 1
    for source in sorted(path for part in ("namespace", "services") for path in (ROOT / part).rglob("_fast/*.c")):
        target = source.with_suffix(sysconfig.get_config_var("EXT_SUFFIX"))
        fresh = target.with_suffix(".new")
        flags = shlex.split(os.environ.get("CFLAGS", "-O2 -Wall -Wextra -Werror"))
        link = ["-bundle", "-undefined", "dynamic_lookup"] if sys.platform == "darwin" else ["-shared"]
        command = [*compiler, *flags, "-fPIC", *link, f"-I{headers}", f"-I{ROOT}", str(source), "-o", str(fresh)]
        done = subprocess.run(command, check=False)
        if done.returncode:
            print(f"accelerate: {source.relative_to(ROOT)} could not be built")
            return 1
        fresh.replace(target)
        print(f"accelerate: {target.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
