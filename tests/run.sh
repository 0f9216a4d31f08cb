#!/bin/bash
# All tests. On PostgreSQL too where HUANXIN_TEST_POSTGRES names a server (tests/with-postgres.sh does).
set -euo pipefail
cd "$(dirname "$0")/.."
# Libraries that are not ours read our signatures, our API document, our schema and our files, and attack the service; they
# are in an environment of their own.
venv=target/python
if [ ! -x "$venv/bin/python" ]; then
    python3 -m venv "$venv" 2>/dev/null || { deploy/install-missing.sh python3-venv && python3 -m venv "$venv"; }
fi
# Not the script `pip`, which in a copied environment installs into the one that it was copied from.
"$venv/bin/python" - <<'END' 2>/dev/null || "$venv/bin/python" -m pip install -q -r tests/requirements.txt
import importlib.metadata, re
for line in open("tests/requirements.txt"):
    name, version = re.match(r"([\w-]+).*==(.+)", line).groups()
    assert importlib.metadata.version(name) == version
END
exec cargo test --locked "$@"
