#!/bin/sh
# Makes .venv with every locked dependency, from nothing but python3 and what apt-get can download without root.
# Everything lands in the source tree (.venv, .cache); no package is installed into the system.
set -eu

cd "$(dirname "$0")/../.."
here=$PWD
venv=$here/.venv
cache=$here/.cache
tools=$cache/tools
mkdir -p "$cache"

say() { printf 'setup: %s\n' "$*"; }
fail() { printf 'setup: %s\n' "$*" >&2; exit 1; }

# Users without a home of their own (services, containers) get their download caches here.
if [ ! -w "${HOME:-/nonexistent}" ]; then
    export HOME="$cache/home"
    mkdir -p "$HOME"
fi

find_python() {
    for name in "${PYTHON:-python3}" python3.14 python3.13 python3.12 python3.11; do
        if command -v "$name" >/dev/null 2>&1 &&
            "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            command -v "$name"
            return
        fi
    done
    fail "no Python 3.11 or newer (looked for ${PYTHON:-python3} and python3.11 to python3.14). Install one, or set PYTHON=/path/to/python3."
}

# Prints the path of a pip wheel that came with this Python or this system; nothing when there is none.
find_pip_wheel() {
    "$python" - <<'END'
import glob, importlib.util, os
folders = ["/usr/share/python-wheels"]
spec = importlib.util.find_spec("ensurepip")
if spec is not None and spec.origin:
    folders.insert(0, os.path.join(os.path.dirname(spec.origin), "_bundled"))
wheels = [wheel for folder in folders for wheel in sorted(glob.glob(os.path.join(folder, "pip-*.whl")))]
print(wheels[0] if wheels else "")
END
}

find_mosquitto() {
    PATH="$PATH:/usr/sbin:/usr/local/sbin" command -v mosquitto || true
}

python=$(find_python)
pip_wheel=$(find_pip_wheel)

packages=
[ -n "$pip_wheel" ] || packages="$packages python3-pip-whl"
[ -n "$(find_mosquitto)" ] || packages="$packages mosquitto"
if [ -n "$packages" ] && [ "$(cat "$tools/.ready" 2>/dev/null || true)" != "$packages" ]; then
    say "downloading$packages with the system's package manager (nothing is installed)"
    sh deploy/bootstrap/fetch_packages.sh "$tools" $packages
    printf '%s' "$packages" >"$tools/.ready"
fi
if [ -z "$pip_wheel" ]; then
    pip_wheel=$(find "$tools/usr/share/python-wheels" -name 'pip-*.whl' | head -n 1)
    [ -n "$pip_wheel" ] || fail "no pip: the package python3-pip-whl holds none. Install python3-venv, or set PYTHON to a Python that has pip."
fi

# An environment whose Python has gone (upgrade, moved folder) is of no use.
if ! "$venv/bin/python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
    say "making .venv with $("$python" --version)"
    rm -rf "$venv"
    "$python" -m venv --without-pip "$venv"
fi

# uv installs everything else in parallel; it comes out of the lock with its hashes like the rest.
uv_lock=$cache/uv.lock.txt
awk '/^uv==/ { inside = 1 } inside { print } inside && !/\\$/ { exit }' requirements.lock >"$uv_lock"
[ -s "$uv_lock" ] || fail "requirements.lock does not hold uv"
if [ "$("$venv/bin/uv" --version 2>/dev/null | cut -d' ' -f2)" != "$(sed -n 's/^uv==\([^ ]*\).*/\1/p' "$uv_lock")" ]; then
    say "installing uv"
    PYTHONPATH=$pip_wheel "$venv/bin/python" -m pip --disable-pip-version-check --no-cache-dir --quiet \
        install --no-deps --require-hashes -r "$uv_lock"
fi

export UV_SYSTEM_CERTS="${UV_SYSTEM_CERTS:-true}" UV_LINK_MODE="${UV_LINK_MODE:-copy}" UV_NO_PROGRESS=1
[ -z "${PIP_INDEX_URL:-}" ] || export UV_DEFAULT_INDEX="${UV_DEFAULT_INDEX:-$PIP_INDEX_URL}"
say "installing the locked dependencies"
"$venv/bin/uv" pip install --quiet --python "$venv/bin/python" --require-hashes -r requirements.lock
"$venv/bin/uv" pip install --quiet --python "$venv/bin/python" --no-deps --no-build-isolation -e .

# Bytecode of what a site runs, and of nothing else: the first start of six services would compile the same files six times, and
# where Python is told to write none (PYTHONDONTWRITEBYTECODE, as in many containers) so would every other.
say "compiling what a site runs"
env -u PYTHONDONTWRITEBYTECODE "$venv/bin/python" - <<'END'
import compileall, importlib, namespace.cli.up, namespace.cli.status
from namespace.servers.services import installed_services
for service in installed_services()[0]:
    importlib.import_module(f"{service.package}.service")
for package in ("namespace", "services"):
    compileall.compile_dir(package, quiet=2)
END
say "ready"
