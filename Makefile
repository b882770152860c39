# Everything a person types, each line says what it is for: `make help`.
.DEFAULT_GOAL := help
.PHONY: help demo run test lint lock bench format

VENV := .venv
PYTHON := $(VENV)/bin/python
# uv makes the environment. Where it is missing it comes from PyPI, into a folder of its own.
UV := $(or $(shell command -v uv 2>/dev/null),.uv/bin/uv)
# Which lock the environment was made from; dev.txt holds all of base.txt.
DEV := $(VENV)/.made-from-dev
BASE := $(VENV)/.made-from-base
export PYTHONUNBUFFERED := 1

help:  ## This list
	@awk -F':.*## ' '/^[a-z]+:.*## / { printf "make %-7s %s\n", $$1, $$2 }' Makefile

demo: $(or $(wildcard $(DEV)),$(BASE))  ## A filled publication on http://localhost:8000 (PORT, DATA_DIR)
	@exec $(PYTHON) -m config.demo

run: $(DEV)  ## The development server: reloads when a file changes, shows errors
	@$(PYTHON) -c "from config.demo import data_dir, make_secret_key; make_secret_key(); (data_dir() / 'static').mkdir(exist_ok=True)"
	@DEBUG=true $(PYTHON) manage.py migrate --verbosity 0
	@DEBUG=true exec $(PYTHON) manage.py runserver $${PORT:-8000}

test: lint  ## Every test, on every database and browser that is installed (ARGS="-k slug" for some)
	@$(PYTHON) -m tests.run $(ARGS)

lint: $(DEV)  ## Style, templates, import directions, Django's checks, missing migrations
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/ruff format --check .
	@git ls-files --cached --others --exclude-standard -- 'templates/*.html' | xargs --no-run-if-empty $(VENV)/bin/djade --target-version 6.1 --check
	@$(VENV)/bin/lint-imports --no-logo
	@DJANGO_SETTINGS_MODULE=tests.settings $(PYTHON) manage.py check --fail-level WARNING
	@DJANGO_SETTINGS_MODULE=tests.settings $(PYTHON) manage.py makemigrations --check --dry-run

format: $(DEV)  ## Rewrite Python and templates the way `make lint` wants them
	@$(VENV)/bin/ruff check --fix-only --quiet .
	@$(VENV)/bin/ruff format --quiet .
	@git ls-files --cached --others --exclude-standard -- 'templates/*.html' | xargs --no-run-if-empty $(VENV)/bin/djade --target-version 6.1 || true  # it says by its status that it wrote

lock: $(UV)  ## Compile requirements/*.txt from pyproject.toml (ARGS="--upgrade" for newer versions)
	$(UV) pip compile $(LOCK) $(ARGS) --extra scale --output-file requirements/base.txt pyproject.toml
	$(UV) pip compile $(LOCK) $(ARGS) --extra scale --extra dev --constraint requirements/base.txt --output-file requirements/dev.txt pyproject.toml
LOCK := --quiet --universal --python-version 3.13 --generate-hashes --no-annotate --no-header --no-emit-index-url

bench: $(DEV)  ## Requests a second, CPU and memory of the production server (ARGS=films.jsonl.gz for more films)
	@$(PYTHON) -m tests.bench $(ARGS)

$(BASE): requirements/base.txt | $(VENV) $(UV)
	$(UV) pip sync --quiet --python $(PYTHON) --require-hashes $<
	@touch $@

$(DEV): requirements/dev.txt | $(VENV) $(UV)
	$(UV) pip sync --quiet --python $(PYTHON) --require-hashes $<
	@touch $@ $(BASE)

$(VENV): | $(UV)
	$(UV) venv --quiet $(VENV)

.uv/bin/uv:
	python3 -m venv .uv && .uv/bin/pip install --quiet --disable-pip-version-check uv
