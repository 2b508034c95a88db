# Everything one does with this project on one's own machine. `make` alone lists it.

SHELL := /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

PYTHON := venv/bin/python
STEP := local/setup/step.sh
# Scripts for /bin/sh or bash.
SCRIPTS := $(wildcard deploy.sh .ci/run local/setup/*.sh)
# The web app is a package of its own.
WEB := $(if $(wildcard web/package-lock.json),web)
WEB_SOURCES := $(shell find web -type f -not -path '*/node_modules/*' -not -path 'web/dist/*' 2>/dev/null)

.PHONY: help setup demo test lint format lock bench docs try pictures clean

help: ## This list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "make %-8s %s\n", $$1, $$2}' Makefile

setup: .stamps/python .stamps/tools .stamps/emulators $(WEB:%=.stamps/web) ## Install what is missing; the others do it by themselves

demo: setup $(WEB:%=web/dist/.demo) ## The whole product on this machine; Ctrl-C ends it
	@exec $(PYTHON) -m local demo

test: setup $(if $(WEB),web/dist/.demo .stamps/browser) ## Every test, on the real emulators
ifdef WEB
	@$(STEP) 'Unit tests of the web app' npm --prefix web test
endif
	@$(PYTHON) -m pytest -n 2

lint: .stamps/python $(WEB:%=.stamps/web) ## Formatter, linters, type checkers
	@$(STEP) 'ruff format --check' $(PYTHON) -m ruff format --check .
	@$(STEP) 'ruff check' $(PYTHON) -m ruff check .
	@$(STEP) 'mypy --strict' $(PYTHON) -m mypy --strict --explicit-package-bases .
	@$(STEP) 'lint-imports' venv/bin/lint-imports --no-cache --no-logo
	@$(STEP) 'shellcheck' venv/bin/shellcheck --external-sources --check-sourced $(SCRIPTS)
ifdef WEB
	@$(STEP) 'biome' npm --prefix web run lint
	@$(STEP) 'tsc' npm --prefix web run check
endif

format: .stamps/python ## Put the Python code into the project's form
	@$(PYTHON) -m ruff check --fix --show-fixes . ; $(PYTHON) -m ruff format .

bench: setup ## Benchmarks and long campaigns
	@exec $(PYTHON) -m benchmarks

docs: .stamps/python ## The documentation as a site, in .local/site/
	@$(PYTHON) -m docs_tools site

try: .stamps/python ## Do what docs/getting-started.md says, in a fresh clone; about 2 minutes
	@$(PYTHON) -m docs_tools try

pictures: setup web/dist/.demo .stamps/browser ## Pictures of every page of the web app, in docs/pictures/
	@$(PYTHON) -m pytest -q tests/web/pictures.py

# The second run of npm drops what the first one leaves behind of packages that it visited and did
# not take.
lock: .stamps/python ## Bring the lock files up to date with requirements*.in and package.json
	@$(STEP) 'Lock requirements.txt' venv/bin/uv pip compile --generate-hashes --python-version 3.11 --no-header requirements.in -o requirements.txt
	@$(STEP) 'Lock requirements-dev.txt' venv/bin/uv pip compile --generate-hashes --python-version 3.11 --no-header requirements-dev.in -o requirements-dev.txt
	@for folder in tools $(WEB); do for turn in 1 2; do \
	  $(STEP) "Lock $$folder/package-lock.json ($$turn of 2)" \
	    npm --prefix "$$folder" install --package-lock-only --omit-lockfile-registry-resolved || exit 1; \
	done; done

clean: ## Delete what was installed and generated
	rm -rf venv tools/node_modules web/node_modules web/dist .stamps .local .mypy_cache .ruff_cache .pytest_cache .hypothesis

# Set-up. A stamp is newer than what it was made from, so that a step runs only when that changed.

.stamps/python: requirements.txt requirements-dev.txt local/setup/python.sh
	@mkdir -p .stamps
	@$(STEP) 'Python packages' local/setup/python.sh
	@touch $@

.stamps/tools: tools/package.json tools/package-lock.json local/setup/node.sh
	@mkdir -p .stamps
	@$(STEP) 'Firebase tools (1 to 2 minutes)' local/setup/node.sh tools
	@touch $@

.stamps/emulators: .stamps/python .stamps/tools
	@$(STEP) 'Emulators' $(PYTHON) -m local emulators
	@touch $@

.stamps/web: web/package.json web/package-lock.json local/setup/node.sh
	@mkdir -p .stamps
	@$(STEP) 'Packages of the web app' local/setup/node.sh web
	@touch $@

# The stamp lies in what is built: a build for deployment, which takes its place, also removes it.
web/dist/.demo: .stamps/web $(WEB_SOURCES)
	@$(STEP) 'Build of the web app' npm --prefix web run build:demo
	@touch $@

.stamps/browser: .stamps/python .stamps/web
	@$(STEP) 'Browser for the tests' $(PYTHON) -m local browser
	@touch $@
