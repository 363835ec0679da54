# make run   the whole system on this machine, in a few minutes
# make test  every check: lint, types, unit, integration and system tests, and the artifacts on Lambda's Python;
#            make -j2 test on two cores; make test WITHOUT=mysql leaves a check out
# make deploy  builds, shows the account and the Region, asks, and deploys; make deploy ARGS="--profile NAME"
# make bench  measures, and writes the results, the pictures and the tables in the docs; make bench ONLY=costs
# make soak  every fault of every call, then random histories and chaos for most of an hour, other ones each time

PYTHON ?=
export PYTHON
# What the SAM CLI's builds call python3 is the one of the virtual environment.
export PATH := $(CURDIR)/.venv/bin:$(PATH)
export SAM_CLI_TELEMETRY := 0
BIN := .venv/bin

.PHONY: run build deploy test lint types unit scan runtime integration deployment system mysql bench soak setup clients format lock clean

run: setup
	@$(BIN)/python -m demo $(if $(KEEP),--keep)

build: setup
	$(BIN)/sam build

deploy: build
	@scripts/in-account sam deploy $(or $(ARGS),--guided)

test: $(filter-out $(WITHOUT),lint types unit scan runtime integration deployment system mysql)

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: setup
	$(BIN)/mypy functions localcloud demo bench scripts tests/runtime tests/scan

unit: setup
	$(BIN)/pytest tests/unit

scan: setup
	@scripts/setup checkov
	$(BIN)/pytest tests/scan

runtime: setup
	$(BIN)/python -m tests.runtime

integration: setup clients
	$(BIN)/pytest tests/integration -m "not mysql"

deployment: setup
	$(BIN)/pytest tests/deployment

system: setup clients
	$(BIN)/pytest tests/system

# What depends on the database, once more on a MySQL that is set up as Aurora is.
mysql: setup
	@$(BIN)/python -m tests.mysql
	$(BIN)/pytest tests/integration -m mysql
	$(BIN)/pytest tests/system/test_login.py tests/system/test_acquiring.py --database=mysql

bench: setup
	PYTHONPATH=functions $(BIN)/python -m bench $(ONLY)

soak: setup
	HISTORIES=$(or $(HISTORIES),500) $(BIN)/pytest tests/integration/resilience
	CHAOS_SECONDS=$(or $(CHAOS_SECONDS),1800) $(BIN)/pytest tests/system/test_chaos.py

setup:
	@scripts/setup

# What people use beside the local cloud, so that the tests can use it as they do.
clients:
	@command -v aws >/dev/null || scripts/need awscli
	@command -v mysql >/dev/null || scripts/need mariadb-client

format: setup
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# Pins every package with its hashes, for every Python that is supported. The options stand in pyproject.toml.
lock: setup
	$(BIN)/python -m pip install --quiet uv==0.13.9
	$(BIN)/uv pip compile --quiet --python-version 3.13 --output-file functions/requirements.txt functions/requirements.in
	$(BIN)/uv pip compile --quiet --python-version 3.11 --constraint functions/requirements.txt \
		--output-file requirements-dev.txt requirements-dev.in
	$(BIN)/uv pip compile --quiet --python-version 3.11 --output-file requirements-checkov.txt requirements-checkov.in

clean:
	-$(BIN)/python -m localcloud down
	rm -rf .venv .venv-checkov .aws-sam .localcloud .mysql .runtime .mypy_cache .pytest_cache .ruff_cache .hypothesis
