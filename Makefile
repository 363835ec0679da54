PYTHON ?=
export PYTHON
# What the SAM CLI's builds call python3 is the one of the virtual environment.
export PATH := $(CURDIR)/.venv/bin:$(PATH)
export SAM_CLI_TELEMETRY := 0
# Otherwise each process that a check starts compiles what it imports.
export PYTHONDONTWRITEBYTECODE :=
BIN := .venv/bin
# Two at a time: most tests wait for a server or a clock. Tests of one file share their servers.
PYTEST := $(BIN)/pytest --numprocesses=2 --dist=loadfile
CHECKS := lint types unit scan runtime integration system deployment browser
# The server of tests/system: mysql, set up as Aurora is. With mariadb, no test takes a MySQL.
TEST_DATABASE ?= mysql
$(if $(filter mysql mariadb,$(TEST_DATABASE)),,$(error TEST_DATABASE is mysql or mariadb, not "$(TEST_DATABASE)"))

.PHONY: help run setup build deploy verify-on-aws check test $(CHECKS) format bench soak clients mariadb mysql chromium screenshots docs lock clean

help: ## print this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-13s  %s\n", $$1, $$2 }' Makefile

run: setup ## the whole system on this machine, in a few minutes; KEEP=1 leaves it up
	@$(BIN)/python -m demo$(if $(KEEP), --keep=$(KEEP))

setup: ## the locked packages, into .venv, and MariaDB if there is none; PYTHON=python3.13 chooses
	@scripts/setup

build: setup ## the functions, built by the SAM CLI
	$(BIN)/sam build

deploy: build ## build, ask for the stack, Region and mail, show the account, and deploy; ARGS=--guided asks for everything
	@$(if $(ARGS),scripts/in-account sam deploy $(ARGS),$(BIN)/python -m scripts.deploy)

verify-on-aws: setup ## ask an account what no test can tell: shows it, asks, costs a dollar, deletes all; docs/how-to/verify.md
	@$(BIN)/python -m verify $(ARGS)

check: setup ## the quick checks, before each commit: lint, types and unit
	@$(MAKE) --no-print-directory --jobs=2 --output-sync=target unit lint types

test: $(filter-out $(WITHOUT),$(CHECKS)) ## every check from lint to browser; WITHOUT=scan skips one, -j2 uses two cores

# The hooks in .pre-commit-config.yaml are these commands.
lint: setup ## the style of the Python code, what it has twice, the GitHub workflow, and the configuration of pre-commit
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	scripts/duplicates
	$(BIN)/check-jsonschema --builtin-schema vendor.github-workflows $(wildcard .github/workflows/*)
	$(BIN)/pre-commit validate-config .pre-commit-config.yaml

types: setup ## mypy, strict, on all but the tests themselves
	$(BIN)/mypy functions localcloud demo deployment bench scripts cli verify tests/runtime tests/scan stepper

unit: setup ## tests that need no server
	$(BIN)/pytest --numprocesses=2 tests/unit

scan: setup ## cfn-lint, checkov and AWS's authorization reference on the template
	@scripts/setup checkov
	$(BIN)/pytest tests/scan

runtime: setup ## the built functions on Lambda's own version of Python
	$(BIN)/python -m tests.runtime

integration: setup clients $(TEST_DATABASE) ## tests with a database, the fake EC2 and the benchmarks' market
	$(PYTEST) $(if $(filter mariadb,$(TEST_DATABASE)),-m "not mysql") tests/integration tests/bench localcloud/tests

deployment: setup ## tests of the template's parameters
	$(PYTEST) tests/deployment

browser: setup chromium ## tests of the page in a headless Chromium
	$(PYTEST) tests/browser

system: setup clients $(TEST_DATABASE) ## tests of the deployed state machine; TEST_DATABASE=mariadb where there is no MySQL
	$(PYTEST) --database=$(TEST_DATABASE) tests/system --ignore=tests/system/soak

format: setup ## correct the style of the Python code where ruff can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: setup ## write the generated parts of docs/reference
	$(BIN)/python -m scripts.reference

bench: setup ## measure, and write the results, the picture and the tables in docs/; ONLY=costs for one measurement
	PYTHONPATH=functions $(BIN)/python -m bench $(ONLY)

soak: setup $(TEST_DATABASE) ## new faults, histories and chaos, an hour; HISTORIES=500 and CHAOS_SECONDS=1800 say how much
	HISTORIES=$(or $(HISTORIES),500) $(BIN)/pytest tests/integration/resilience
	CHAOS_SECONDS=$(or $(CHAOS_SECONDS),1800) $(BIN)/pytest --database=$(TEST_DATABASE) \
		tests/system/test_chaos.py tests/system/soak

mariadb: setup ## the local cloud's server, installed if missing

mysql: setup ## the MySQL of the tests, unpacked if missing
	@$(BIN)/python -m tests.mysql

clients: ## aws and mysql, installed if missing: the tests use them as people do
	@command -v aws >/dev/null || scripts/need awscli
	@command -v mysql >/dev/null || scripts/need mariadb-client

chromium: ## a Chromium for the tests of the page, installed if missing
	@command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null \
		|| scripts/need chromium

screenshots: setup chromium ## the pictures of the page, in docs/pictures
	@fc-list :lang=zh | grep -q . || scripts/need fonts-wqy-zenhei
	$(BIN)/python -m tests.browser.pictures

# The options stand in pyproject.toml.
lock: setup ## pin every package of requirements*.in with its hashes, for every Python that is supported
	$(BIN)/uv pip compile --quiet --python-version 3.13 --output-file functions/requirements.txt functions/requirements.in
	$(BIN)/uv pip compile --quiet --python-version 3.11 --constraint functions/requirements.txt \
		--output-file requirements-dev.txt requirements-dev.in
	$(BIN)/uv pip compile --quiet --python-version 3.11 --output-file requirements-checkov.txt requirements-checkov.in

clean: ## stop the local cloud, and delete what was installed, built or cached here
	-$(BIN)/python -m localcloud down
	rm -rf .venv .venv-checkov .aws-sam .localcloud .recordings .mysql .runtime .mypy_cache .pytest_cache .ruff_cache .hypothesis
