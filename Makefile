# Every verb sets up what it needs in .venv: Python 3.11 or later, make and a package registry
# are all that a machine must have. Set-up output goes to standard error, so that
# `make demo ARGS="--once --json"` prints only its JSON on standard output.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
ARGS   ?=
# Two processes, each with a PostgreSQL of its own; a file's tests stay together.
PARALLEL := -n 2 --dist loadfile

.PHONY: help set-up measures demo test check proofs e2e e2e-tools fuzz bench docs new-platform postman vendor lock clean
.DEFAULT_GOAL := help

help:  ## this list
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

set-up: $(VENV)/.run  ## install what houselights needs to run, and nothing else

demo: $(VENV)/.run  ## the whole product on this machine; ARGS="--once --json" does the main job once
	@$(BIN)/houselights demo $(ARGS)

test: $(VENV)/.dev  ## every test, on real PostgreSQL, in under 5 minutes on 2 cores
	@$(BIN)/python -m pytest $(PARALLEL) $(ARGS)

check: $(VENV)/.dev  ## format, lint, types, import contracts, pure and house tests; under a minute
	@$(BIN)/ruff format --check . >&2
	@$(BIN)/ruff check . >&2
	@$(BIN)/mypy >&2
	@$(BIN)/lint-imports --no-cache >&2
	@$(BIN)/python -m pytest $(PARALLEL) tests/unit tests/properties tests/house $(ARGS)

proofs: $(VENV)/.dev  ## the longer tests: the conformance kit on our server and faulty ones, many creators, random kills
	@HYPOTHESIS_PROFILE=at_length $(BIN)/python -m pytest $(PARALLEL) -m at_length $(ARGS)

e2e: e2e-tools $(VENV)/.e2e $(VENV)/.node  ## tests that need Chromium and Node: the reference, third-party clients
	@$(BIN)/python -m pytest -m e2e_tools $(ARGS)

bench: $(VENV)/.bench  ## speed as ratios measured side by side; ARGS=--quick, --json or --write
	@$(BIN)/python -m bench $(ARGS)

measures: $(VENV)/.dev  ## what is promised under load and kills, counted independently; ARGS=--short, --json or a name
	@$(BIN)/python -m measures $(ARGS)

docs: $(VENV)/.dev  ## write the generated parts of the documentation
	@$(BIN)/houselights config defaults > docs/reference/settings.toml
	@$(BIN)/python -m tests.house.reference
	@$(BIN)/python -m tests.house.contract_json

new-platform: $(VENV)/.dev  ## make a folder for a new platform, holding an example that works; NAME=snapchat
	@$(BIN)/python -m tests.house.new_platform $(NAME)

postman: $(VENV)/.node  ## make the Postman collection again from openapi.json (needs Node)
	@./requirements/postman $(VENV)/node

vendor:  ## fetch the user interface of /docs again (needs npm)
	@./requirements/reference-ui

lock:  ## pin requirements again, with hashes and without addresses (needs `uv`)
	@./requirements/lock

clean:  ## remove the virtual environment and caches
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis

# One stamp per set of requirements; a changed lock file installs again.
$(VENV)/bin/python:
	@./requirements/venv $(PYTHON) $(VENV) >&2

$(VENV)/.run: $(VENV)/bin/python requirements/run.txt requirements/build.txt pyproject.toml
	@./requirements/install $(VENV) run >&2 && touch $@

$(VENV)/.dev: $(VENV)/bin/python requirements/dev.txt requirements/build.txt pyproject.toml
	@./requirements/install $(VENV) dev >&2 && touch $@ $(VENV)/.run

$(VENV)/.e2e: $(VENV)/bin/python requirements/e2e.txt requirements/build.txt pyproject.toml
	@./requirements/install $(VENV) e2e >&2 && touch $@ $(VENV)/.dev $(VENV)/.run

fuzz: $(VENV)/.e2e  ## 50,000 made-up requests against the contract; about an hour
	@FUZZ_CASES=50000 $(BIN)/python -m pytest -m e2e_tools tests/e2e/test_fuzz.py $(ARGS)

e2e-tools:
	@./requirements/e2e-tools

$(VENV)/.node: requirements/node/package-lock.json $(VENV)/bin/python
	@./requirements/node-tools $(VENV)/node >&2 && touch $@

$(VENV)/.bench: $(VENV)/bin/python requirements/bench.txt requirements/build.txt pyproject.toml
	@./requirements/install $(VENV) bench >&2 && touch $@ $(VENV)/.run
