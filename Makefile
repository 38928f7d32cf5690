# Every target makes or updates what it needs in .venv, so any of them can be the first one on a
# fresh machine. ARGS="..." goes to the command that a target runs; PYTHON=... chooses the Python.

SHELL := /bin/sh
VENV := .venv
BIN := $(VENV)/bin
PYTEST = $(BIN)/python -m pytest -n auto --dist loadfile --no-loadscope-reorder
PIP := $(BIN)/python -m pip --disable-pip-version-check install --no-input -c constraints.txt
REQUIREMENTS := pyproject.toml constraints.txt
SCRIPTS := '**/*.js'

# Bytecode is kept, whatever a machine's habit is: the tests start dozens of processes, and without it each
# of them compiles again what it imports.
export PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:
.PHONY: help serve notebook test test-made test-soak bench lint format clean

help:  ## say what there is
	@echo "Latent Explorer. The targets:"
	@sed -n 's/^\([a-z-]*\):.*##\(.*\)/  make \1 \2/p' $(MAKEFILE_LIST) | awk '{ $$2 = sprintf("%-10s", $$2); print "  " $$0 }'

serve: $(VENV)/.serve  ## open the app in the browser
	@$(BIN)/latent-explorer serve $(ARGS)

notebook: $(VENV)/.notebook  ## open the notebooks in JupyterLab
	@$(BIN)/jupyter lab notebooks $(ARGS)

# What lint says is shown when the unit tests are through: beside them it takes little time of its own.
test: $(VENV)/.test  ## lint and unit tests, then tests in a real browser
	@EXPLORER_BROWSER=$$(deploy/browser.sh $(BIN)/python) && export EXPLORER_BROWSER && \
	{ $(MAKE) --no-print-directory lint >$(VENV)/lint.log 2>&1 & lint=$$!; \
	echo "== unit tests, and lint" && $(PYTEST) --ignore=tests/browser --maxprocesses 4 $(ARGS); \
	unit=$$?; wait $$lint; lint=$$?; cat $(VENV)/lint.log; [ $$unit -eq 0 ] && [ $$lint -eq 0 ]; } && \
	echo "== browser tests, in $$EXPLORER_BROWSER" && $(PYTEST) tests/browser --maxprocesses 2 $(ARGS)

test-made: $(VENV)/.test  ## the tests that use the real data files, with made ones in their place
	@EXPLORER_BROWSER=$$(deploy/browser.sh $(BIN)/python) && export EXPLORER_BROWSER && \
	EXPLORER_TEST_DATA=none $(PYTEST) -m real_data --maxprocesses 2 $(ARGS)

N := 20
test-soak: $(VENV)/.test  ## the browser tests until one fails, but N=20 times at most
	@EXPLORER_BROWSER=$$(deploy/browser.sh $(BIN)/python) && export EXPLORER_BROWSER && \
	for round in $$(seq $(N)); do \
		echo "== round $$round of $(N), in $$EXPLORER_BROWSER" && \
		$(PYTEST) tests/browser --maxprocesses 2 $(ARGS) || { echo "== round $$round of $(N) failed"; exit 1; }; \
	done && echo "== none of $(N) rounds failed"

bench: $(VENV)/.test  ## measure against the stock app, in a real browser; FULL=1: likelihoods too (an hour)
	@EXPLORER_BROWSER=$$(deploy/browser.sh $(BIN)/python) && export EXPLORER_BROWSER && \
	$(BIN)/python -m benchmarks $(ARGS)
	@$(if $(FULL),$(BIN)/python -m benchmarks.likelihood)

lint: $(VENV)/.test  ## check style, types and the direction of imports
	@echo "== ruff" && $(BIN)/ruff check && $(BIN)/ruff format --check
	@echo "== oxlint and oxfmt" && $(BIN)/oxlint --deny-warnings && $(BIN)/oxfmt --check $(SCRIPTS)
	@echo "== import-linter" && $(BIN)/lint-imports --no-logo
	@echo "== mypy" && $(BIN)/mypy

format: $(VENV)/.test  ## format the code and mend what can be mended
	@$(BIN)/ruff check --fix-only && $(BIN)/ruff format
	@$(BIN)/oxlint --fix --quiet; $(BIN)/oxfmt $(SCRIPTS)

clean:  ## remove the environment and every cache
	rm -rf $(VENV) build dist .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# A half-made environment (an interrupted run) has no working pip: it is made again.
$(VENV)/.made:
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || { \
		python=$$(deploy/python.sh) && \
		echo "== making $(VENV) with $$python" && "$$python" -m venv --clear $(VENV); }
	@touch $@

$(VENV)/.serve: $(VENV)/.made $(REQUIREMENTS)
	@echo "== installing what the app needs into $(VENV) (about 5 GB where torch comes with CUDA: minutes, once)"
	@$(PIP) -e .
	@touch $@

$(VENV)/.notebook: $(VENV)/.serve $(REQUIREMENTS)
	@echo "== installing what the notebooks need into $(VENV)"
	@$(PIP) -e '.[notebook]'
	@touch $@

$(VENV)/.test: $(VENV)/.serve $(REQUIREMENTS)
	@echo "== installing what the tests need into $(VENV)"
	@$(PIP) -e '.[test,notebook]'
	@touch $@
