# Everything that a person or a machine does with this checkout. Needs Python 3.11 (or newer) and make, nothing else.
#
#   make demo    install into .venv and show a valve opening across two nodes
#   make test    install and run every test
#   make lint    formatting, lint, types, import contracts, conformance of the tree
#   make bench   ratios against bare Twisted and raw ZMQ, in one table
#   make docs    check every link and build the documentation into build/docs

PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check

.PHONY: demo test lint bench docs format clean
.DEFAULT_GOAL := demo

.venv/bin/python:
	$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed, this is " + sys.version if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv .venv

# One stamp an extra; each is made again when the list of dependencies changes.
.venv/.installed: setup.cfg pyproject.toml | .venv/bin/python
	$(PIP) install --editable .
	touch $@

.venv/.installed-%: .venv/.installed
	$(PIP) install --editable '.[$*]'
	touch $@

demo: .venv/.installed
	$(BIN)/pychron demo

test: .venv/.installed-test
	$(BIN)/python -m pytest

lint: .venv/.installed-test .venv/.installed-lint
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest -q tests/conformance

bench: .venv/.installed-test
	$(BIN)/python -m bench

docs: .venv/.installed-docs
	$(BIN)/mkdocs build --quiet --strict --site-dir build/docs
	@echo "build/docs/index.html"

format: .venv/.installed-lint
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean:
	rm -rf .venv build .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis _trial_temp*
