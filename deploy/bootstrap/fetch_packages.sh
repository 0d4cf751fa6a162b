#!/bin/sh
# Downloads Debian packages and what they still need on this machine, and extracts them into a folder.
# Needs no root: apt-get works on a private state, and dpkg-deb only unpacks. Nothing is configured or started.
# usage: fetch_packages.sh FOLDER PACKAGE...
set -eu

folder=$1
shift
command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null || {
    printf 'setup: this is no Debian or Ubuntu: install %s yourself and run this again.\n' "$*" >&2
    exit 1
}

state=$(dirname "$folder")/apt
mkdir -p "$state/state/lists/partial" "$state/cache/archives/partial"
log=$state/log

private_apt() {
    apt-get -o Dir::State="$state/state" -o Dir::State::status=/var/lib/dpkg/status \
        -o Dir::Cache="$state/cache" -o Debug::NoLocking=1 -o APT::Sandbox::User= \
        -o Acquire::Languages=none -o Acquire::Retries=3 "$@" >>"$log" 2>&1
}

: >"$log"
# A source of the machine that does not answer need not matter: what counts is the download.
private_apt update || true
rm -f "$state/cache/archives/"*.deb
if ! private_apt --yes --download-only --no-install-recommends install "$@"; then
    tail -n 5 "$log" >&2
    printf 'setup: cannot download %s (whole log: %s). Is there a network? As root, `apt-get install %s` does as well.\n' \
        "$*" "$log" "$*" >&2
    exit 1
fi

rm -rf "$folder.new"
mkdir -p "$folder.new"
for package in "$state/cache/archives/"*.deb; do
    dpkg-deb -x "$package" "$folder.new"
done
rm -rf "$folder"
mv "$folder.new" "$folder"
rm -rf "$state"
