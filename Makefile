# `make run` and `make test` are all a newcomer needs; each sets up what it needs by itself.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Says how soon a newcomer's console is up: with the machine to itself.
TIMED := tests/flows/test_make_run.py

.DEFAULT_GOAL := help
.PHONY: help setup run test test-slow lint lock bench

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /	/' | expand -t 14

$(VENV)/installed: requirements.txt
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 to 3.14 is needed, this is " + sys.version.split()[0] + ". Say which with make PYTHON=python3.11 ...") if not (3, 11) <= sys.version_info[:2] <= (3, 14) else None'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing the packages; this takes about half a minute, once."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	@touch $@

$(VENV)/installed-tests: $(VENV)/installed tests/requirements.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt -r tests/requirements.txt
	@command -v chromium chromium-browser google-chrome chrome >/dev/null || $(BIN)/playwright install chromium >/dev/null 2>&1 || true
	@touch $@

setup: $(VENV)/installed ## the environment and a .env with fresh secrets
	@$(BIN)/python -m console.dotenv

run: setup ## everything: web server, worker, sandboxes; Ctrl-C stops it
	@$(BIN)/python manage.py prepare --demo
	@# without --env honcho would let .env win over the real environment; the console reads both itself
	@exec $(BIN)/honcho start --env ""

test: $(VENV)/installed-tests ## the whole suite
	@$(BIN)/python -m pytest -n 2 $(ARGS)

test-slow: $(VENV)/installed-tests ## kills processes and waits for the recovery
	@$(BIN)/python -m pytest -m slow -n 2 --ignore $(TIMED) $(ARGS)
	@$(BIN)/python -m pytest -m slow $(TIMED) $(ARGS)

lint: $(VENV)/installed-tests ## style, types, settings, migrations
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy .
	@DJANGO_SETTINGS_MODULE=tests.settings $(BIN)/python manage.py makemigrations --check --dry-run
	@DJANGO_SETTINGS_MODULE=tests.settings HTTPS=true $(BIN)/python manage.py check --deploy --fail-level WARNING

bench: $(VENV)/installed-tests ## figures against peers (ARGS=--full for more of everything)
	@$(BIN)/python bench/calls.py $(or $(ARGS),--small)
	@$(BIN)/python bench/sync.py $(or $(ARGS),--small)
	@$(BIN)/python bench/dashboard.py $(or $(ARGS),--small)
	@$(BIN)/python bench/webhooks.py $(or $(ARGS),--small)
	@$(BIN)/python bench/media.py $(or $(ARGS),--small)

lock: $(VENV)/installed-tests ## requirements.txt and tests/requirements.txt from pyproject.toml
	@$(BIN)/uv pip compile --quiet --universal --generate-hashes --python-version 3.11 --no-header pyproject.toml -o requirements.txt
	@$(BIN)/uv pip compile --quiet --universal --generate-hashes --python-version 3.11 --no-header -c requirements.txt --group test -o tests/requirements.txt
