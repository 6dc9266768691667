# Everything that is installed goes into .venv, with the versions of constraints.txt.

VENV := .venv
BIN := $(VENV)/bin
PIP_INSTALL := -m pip --disable-pip-version-check --no-input --quiet \
	install --no-compile -c constraints.txt -e
PYTEST := OMP_NUM_THREADS=1 $(BIN)/pytest --dist loadfile --no-loadscope-reorder
QUICK := -n 2 -m "not slow" --hypothesis-profile quick
CORE := .venv-core
FRAMEWORKS := .venv-frameworks
# One interpreter for each supported version that is installed, by name or by pyenv.
PYTHONS = $(shell for v in 3.11 3.12 3.13; do \
	for p in python$$v $$HOME/.pyenv/versions/$$v.*/bin/python$$v; do \
		"$$p" -c '' 2>/dev/null && echo "$$p" && break; done; done)
# Compiled modules are kept: most of the time of a short process is its imports.
unexport PYTHONDONTWRITEBYTECODE
PINS := setup.cfg pyproject.toml constraints.txt

.DELETE_ON_ERROR:
.PHONY: help install test test-all test-core test-pythons test-naslib test-frameworks faults coverage lint format demo docs outputs bench mini rehearsal clean

help: ## Show this list
	@grep -E '^[a-z-]+:.*## ' $(firstword $(MAKEFILE_LIST)) | sed -E 's/:.*## /\t/' | expand -t 14
	@echo 'PYTHON=... chooses the interpreter for .venv: python3.11, else python3, by default'

install: $(VENV)/installed ## Make .venv and install the project into it

test: $(VENV)/installed-with-tests ## Run the quick tests: every package, an NNI manager, a page in a browser
	$(PYTEST) $(QUICK)

test-all: test test-core ## Run every test: the quick ones, those of the core, then the slow ones and all examples
	$(PYTEST) -n 4 -m "slow or hypothesis"

test-core: $(CORE)/installed ## Run the core's tests without torch and NNI, on the newest Python found
	$(PYTEST:$(BIN)/%=$(CORE)/bin/%) $(QUICK)

test-pythons: ## Run the quick tests on every supported Python that is installed
	for python in $(PYTHONS); do \
		$(MAKE) VENV=.venv-$${python##*/} PYTHON=$$python test || exit; done

test-naslib: $(VENV)/installed-with-tests ## Run the tests with NASLib, whose folder NASLIB_HOME names
	$(BIN)/python $(PIP_INSTALL) '.[naslib]'
	NASLIB_REQUIRED=1 $(BIN)/pytest -m naslib --timeout 600

test-frameworks: $(FRAMEWORKS)/installed ## Run the tests with Syne Tune, SMAC3, NePS and ConfigSpace
	FRAMEWORKS_REQUIRED=1 $(PYTEST:$(BIN)/%=$(FRAMEWORKS)/bin/%) -n 2 -m "framework and not slow" \
		tests/contract tests/docs tests/nni_nlp_bench/frameworks tests/search_spaces

faults: $(VENV)/installed-with-tests ## Check that the tests catch deliberate faults
	$(BIN)/python tests/faults/run.py

coverage: $(VENV)/installed-with-tests ## Measure the branch coverage of all tests: over an hour
	$(PYTEST) -n 2 --cov --timeout 1200

lint: $(VENV)/installed-with-tests ## Check format, style, types and imports
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

format: $(VENV)/installed-with-tests ## Rewrite the sources in the one format
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

demo: $(VENV)/installed ## Compare five strategies on NAS-Bench-NLP's surrogate, into runs/demo
	$(BIN)/nni-nlp-bench compare --space rnn_cell --benchmark nas-bench-nlp/ptb-surrogate \
		--strategies random,regularized_evolution,local_search,bayesian,tpe \
		--trials 100 --seeds 4 --out runs/demo

bench: $(VENV)/installed ## Measure how fast cells, tables, searches and the surrogate are
	for script in tests/performance/bench_*.py; do $(BIN)/python -W ignore $$script || exit; done

mini: $(VENV)/installed ## Train the cells of the benchmark mini again: two hours
	$(BIN)/nni-nlp-bench benchmark build-mini --out build/mini
	rm -rf nni_nlp_bench/benchmarks/mini
	mkdir nni_nlp_bench/benchmarks/mini
	cp -r build/mini/table build/mini/scores.csv nni_nlp_bench/benchmarks/mini

docs: $(CORE)/installed ## Build the documentation site into build/site
	NO_MKDOCS_2_WARNING=1 $(CORE)/bin/python -m mkdocs build --strict

outputs: $(VENV)/installed-with-tests ## Run the examples of the tutorial and write their outputs into it
	$(BIN)/python docs/run_examples.py docs/tutorial.md --write

rehearsal: $(VENV)/installed-with-tests ## Build, check and use a release of the last commit, into dist
	PIP_CONSTRAINT=$(CURDIR)/constraints.txt $(BIN)/python tests/helpers/release_steps.py

clean: ## Remove .venv and every cache
	rm -rf $(VENV) .venv-* .coverage .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -prune -exec rm -rf {} +

# Stamps: a second run installs nothing, a changed pin installs again.
$(VENV)/installed: $(PINS) | $(BIN)/pip
	$(BIN)/python $(PIP_INSTALL) .
	@touch $@

$(VENV)/installed-with-tests: $(PINS) | $(BIN)/pip
	$(BIN)/python $(PIP_INSTALL) '.[test]'
	@touch $(VENV)/installed $@

$(CORE)/installed: $(PINS)
	$(or $(PYTHON),$(lastword $(PYTHONS))) -m venv --clear $(CORE)
	$(CORE)/bin/python $(PIP_INSTALL) '.[test-core]'
	@touch $@

$(FRAMEWORKS)/installed: setup.cfg pyproject.toml constraints-frameworks.txt | $(BIN)/pip
	$(BIN)/python -m venv --clear $(FRAMEWORKS)
	$(FRAMEWORKS)/bin/python $(subst constraints.txt,constraints-frameworks.txt,$(PIP_INSTALL)) \
		'.[test-frameworks]'
	@touch $@

$(BIN)/pip:
	@python='$(PYTHON)'; \
	if [ -z "$$python" ]; then \
		python=python3; \
		if python3.11 -c '' 2>/dev/null; then python=python3.11; fi; \
	fi; \
	if ! "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then \
		echo "nni-nlp-bench needs Python 3.11 or newer, and $$python is not: run 'make PYTHON=/path/to/python3.11'" >&2; \
		exit 1; \
	fi; \
	echo "$$python -m venv $(VENV)"; \
	"$$python" -m venv $(VENV)
