#!/bin/bash
# All tests. On PostgreSQL too where HUANXIN_TEST_POSTGRES names a server (tests/with-postgres.sh does).
set -euo pipefail
cd "$(dirname "$0")/.."
# Libraries that are not ours read our signatures, our API document and our schema, in an environment of their own.
venv=target/python
if [ ! -x "$venv/bin/python" ]; then
    python3 -m venv "$venv" 2>/dev/null || { deploy/install-missing.sh python3-venv && python3 -m venv "$venv"; }
fi
# Not the script `pip`, which in a copied environment installs into the one that it was copied from.
"$venv/bin/python" -c 'import jwt, cryptography, jsonschema, openapi_spec_validator, rfc3339_validator, rfc3986_validator' \
    2>/dev/null || "$venv/bin/python" -m pip install -q -r tests/requirements.txt
exec cargo test --locked "$@"
