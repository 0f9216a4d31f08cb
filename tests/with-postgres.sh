#!/bin/bash
# Runs a command with a PostgreSQL of its own: a cluster in a temporary directory, on a free port, stopped at the end.
# The command finds it under HUANXIN_TEST_POSTGRES. Installs the server from Debian's packages when it is absent.
# Tests make and drop hundreds of databases and cut no power: they do without fsync. FSYNC=on is for measurements.
set -euo pipefail
cd "$(dirname "$0")/.."
bin=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1 || true)
if [ -z "$bin" ] || [ ! -x "$bin/initdb" ]; then
    deploy/install-missing.sh postgresql
    bin=$(ls -d /usr/lib/postgresql/*/bin | sort -V | tail -n 1)
fi
home=$(mktemp -d /tmp/huanxin-pg.XXXXXX)
as() { "$@"; }
if [ "$(id -u)" = 0 ]; then
    # initdb refuses root.
    chown postgres "$home"
    as() { (cd /tmp && su postgres -s /bin/bash -c "$(printf '%q ' "$@")"); }
fi
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
finish() {
    as "$bin/pg_ctl" -D "$home/data" -m immediate -w stop >/dev/null 2>&1 || true
    rm -rf "$home"
}
trap finish EXIT
trap 'exit 130' INT TERM
as "$bin/initdb" -D "$home/data" -U postgres -A trust -E UTF8 --locale=C >/dev/null
as "$bin/pg_ctl" -D "$home/data" -w -l "$home/log" -o "-p $port -h 127.0.0.1 -k $home -c max_connections=300 -c shared_buffers=256MB -c synchronous_commit=on -c fsync=${FSYNC:-off}" start >/dev/null
export HUANXIN_TEST_POSTGRES="postgres://postgres@127.0.0.1:$port/postgres"
echo "PostgreSQL of $bin on port $port"
"$@"
