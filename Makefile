# The front door. Everything behind it is cargo and the scripts that it names.
.PHONY: run build test check bench torture install spec
DATA ?= data
LISTEN ?= 127.0.0.1:8080

install:
	@deploy/install-missing.sh libpq-dev gcc

# Everything, into target/release/huanxin.
build: install
	cargo build --release --locked

# The service on SQLite with demo accounts and programmes; says where it answers.
run: build
	target/release/huanxin demo --data-dir $(DATA) --listen $(LISTEN)

# Every test, on SQLite and on a PostgreSQL of its own.
test: install
	tests/with-postgres.sh tests/run.sh

# Attacks that take longer: schemathesis with so many examples of each operation on both databases (what was done stands in
# target/attack-*.md), hostile bytes for so many seconds at each place that reads any, and the properties with so many random
# cases and so many ways to cut the same commands into batches.
ATTACKS ?= 200
CASES ?= 2000
CUTS ?= 100
FUZZ ?= 60
torture: install
	HUANXIN_ATTACK_EXAMPLES=$(ATTACKS) PROPTEST_CASES=$(CASES) HUANXIN_CASES=$(CUTS) HUANXIN_FUZZ_SECONDS=$(FUZZ) \
		tests/with-postgres.sh tests/run.sh --test it -- attack fuzz properties random_programmes
	tests/check-dependencies.sh

# The developer's loop: format, lints, tests on SQLite.
check: install
	cargo fmt --check
	cargo clippy --locked --all-targets -- -D warnings
	tests/run.sh

# Redemptions and claims a second through the engine and over HTTP, beside what PostgreSQL itself does with the same
# work: a table in target/bench.md, in some six minutes. BENCH_SECONDS is the length of a cell.
bench: install
	FSYNC=on tests/with-postgres.sh cargo bench --locked --bench throughput

# The generated files of api-spec/, docs/access.md and docs/anomalies.md: what the service is sent and answers, then the document that
# shows it, and who may call what.
spec: install
	cargo run --locked -- schema > api-spec/programme.schema.json
	UPDATE=1 cargo test --locked --test it examples::the_examples
	UPDATE=1 cargo test --locked --test it openapi::the_
	UPDATE=1 cargo test --locked --test it fraud_year::the_table
