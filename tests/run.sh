#!/bin/bash
# All tests. On PostgreSQL too where HUANXIN_TEST_POSTGRES names a server (tests/with-postgres.sh does).
set -euo pipefail
cd "$(dirname "$0")/.."
# Other libraries read our signatures (PyJWT) and our schema (jsonschema), in an environment of their own.
venv=target/python
if [ ! -x "$venv/bin/python" ]; then
    python3 -m venv "$venv" 2>/dev/null || { deploy/install-missing.sh python3-venv && python3 -m venv "$venv"; }
fi
"$venv/bin/python" -c 'import jwt, cryptography, jsonschema' 2>/dev/null || "$venv/bin/python" -m pip install -q -r tests/requirements.txt
exec cargo test --locked "$@"
