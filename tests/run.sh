#!/bin/bash
# All tests. On PostgreSQL too where HUANXIN_TEST_POSTGRES names a server (tests/with-postgres.sh does).
set -euo pipefail
cd "$(dirname "$0")/.."
# A second library reads our signatures: PyJWT, in an environment of its own.
venv=target/python
if [ ! -x "$venv/bin/python" ]; then
    python3 -m venv "$venv" 2>/dev/null || { deploy/install-missing.sh python3-venv && python3 -m venv "$venv"; }
fi
"$venv/bin/python" -c 'import jwt, cryptography' 2>/dev/null || "$venv/bin/pip" install -q -r tests/requirements.txt
exec cargo test --locked "$@"
