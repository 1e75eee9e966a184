# Two commands: `make run` builds everything and starts the demo, `make test` runs every test.

# Where cargo puts what it builds; the tests of client and pages start the binary from there.
TARGET := $(abspath $(or $(CARGO_TARGET_DIR),target))
export MILEPOST_BIN ?= $(TARGET)/debug/milepost

.PHONY: run build pages test test-parts test-pages test-rust test-client test-python test-traccar test-openapi test-deploy test-soak test-browser soak types lint clean

# A profile that compiles sooner: see [profile.demo] in Cargo.toml.
run: pages
	cargo build --profile demo -p milepost
	$(TARGET)/demo/milepost demo

# The fast binary.
build: pages
	cargo build --release -p milepost

# The pages are embedded in the binary, so they are built first.
pages: dashboard/node_modules
	cd dashboard && npm run build

dashboard/node_modules: dashboard/package-lock.json
	cd dashboard && npm ci --no-audit --no-fund
	touch $@

clients/typescript/node_modules: clients/typescript/package-lock.json
	npm --prefix clients/typescript ci --no-audit --no-fund
	touch $@

clients/openapi/node_modules: clients/openapi/package-lock.json
	npm --prefix clients/openapi ci --no-audit --no-fund
	touch $@

e2e/node_modules: e2e/package-lock.json
	cd e2e && npm ci --no-audit --no-fund
	touch $@

# Tools for all TypeScript: lint, format, types of the REST API, a DOM for tests. Apart, so that the first build does without them.
node_modules: package-lock.json
	npm ci --no-audit --no-fund
	touch $@

# Each step prints what it leaves out when a part can't be had; with CI=true that is a failure.
test: test-parts test-pages test-rust test-client test-python test-traccar test-openapi test-deploy test-soak test-browser

test-parts:
	scripts/install-test-parts.sh

test-pages: pages node_modules
	cd dashboard && npm test

test-rust:
	scripts/with-databases.sh cargo test --workspace

# The binary is built with the whole workspace, as the Rust tests are: built alone, its libraries would have other features, and be
# compiled again.
test-client: clients/typescript/node_modules node_modules
	cargo build --workspace --bin milepost
	npm --prefix clients/typescript run check
	npm --prefix clients/typescript run build
	npm --prefix clients/typescript test

# The Python client, a minute and a half.
test-python:
	cargo build --workspace --bin milepost
	scripts/test-python.sh

# Traccar's clients against the binary: pytraccar, and traccar-web of the checkout that TRACCAR_WEB_SOURCE names.
test-traccar: e2e/node_modules
	cargo build --workspace --bin milepost
	scripts/test-traccar.sh

# Linters, generated clients and generated requests, about two minutes.
test-openapi: clients/openapi/node_modules
	cargo build --workspace --bin milepost
	scripts/test-openapi.sh

# The files of deploy/: proxies, the image by hand, PgBouncer, alert rules. About a minute.
test-deploy:
	cargo build --workspace --bin milepost
	scripts/test-deploy.sh

# Three nodes, each fault once, about a minute and a half.
test-soak:
	cargo build --workspace --bin milepost --bin milepost-soak
	scripts/test-soak.sh

# The same for longer, with the fast binary: `make soak MINUTES=60`. docs/reliability.md has the last result.
MINUTES ?= 20
soak:
	cargo build --release -p milepost -p milepost-soak
	MILEPOST_BIN=$(TARGET)/release/milepost $(TARGET)/release/milepost-soak --seconds $$(($(MINUTES) * 60)) --rounds 10 --clients 200 --pause-seconds 60

# Writes clients/typescript/src/rest/schema.ts anew; test-client fails when it is not the server's.
types: clients/typescript/node_modules node_modules
	cargo build --workspace --bin milepost
	CI=true npm --prefix clients/typescript run types

test-browser: e2e/node_modules
	cargo build --workspace --bin milepost
	scripts/test-browser.sh

lint: node_modules
	npm run lint
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- -D warnings
	scripts/check-repository.sh
	scripts/check-dependencies.sh

clean:
	cargo clean
	rm -rf node_modules clients/openapi/build clients/openapi/node_modules dashboard/dist dashboard/node_modules e2e/node_modules e2e/test-results clients/typescript/dist clients/typescript/node_modules
