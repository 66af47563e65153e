# Each target sets up what it needs by itself; `make` alone lists them.

PYTHON := .venv/bin/python
READY := .venv/.ready
# Processes of the test suite: one for each core, and a single server for all of them.
PARALLEL ?= -n logical --maxprocesses 8 --dist worksteal

.PHONY: help demo setup test test-slow coverage check fix lock

help: ## list what can be done here
	@sed -n 's/^\([a-z-]*\):.*## /  make \1#/p' Makefile | awk -F'#' '{ printf "%-18s %s\n", $$1, $$2 }'

demo: $(READY) ## see two flows run on a real PostgreSQL
	$(PYTHON) -m pgflow demo $(ARGS)

setup: $(READY) ## create .venv with everything in it (the others do this by themselves)

test: $(READY) ## run the tests, the slow ones left out
	$(PYTHON) -m pytest $(PARALLEL) $(ARGS)

test-slow: $(READY) ## run the slow tests
	$(PYTHON) -m pytest $(PARALLEL) -m slow $(ARGS)

coverage: $(READY) ## run the tests and show which lines they do not reach
	rm -f .coverage .coverage.*
	$(PYTHON) -m coverage run -m pytest $(PARALLEL) $(ARGS)
	$(PYTHON) -m coverage combine --quiet
	$(PYTHON) -m coverage report

check: $(READY) ## look for mistakes without running anything: lint, types, layers, SQL style
	$(PYTHON) -m ruff check --quiet
	$(PYTHON) -m ruff format --check --quiet
	$(PYTHON) -m pyright
	.venv/bin/lint-imports --no-logo
	$(PYTHON) tools/check_sql.py
	$(PYTHON) tools/check_rooms.py
	$(PYTHON) tools/measures.py

fix: $(READY) ## mend what can be mended mechanically
	$(PYTHON) -m ruff check --quiet --fix-only
	$(PYTHON) -m ruff format --quiet

lock: $(READY) ## move constraints.txt to the newest versions that pyproject.toml allows
	$(PYTHON) tools/lock.py

$(READY): pyproject.toml constraints.txt tools/setup.sh
	tools/setup.sh

# A copied or moved directory has the paths of its old place in .venv.
ifneq ($(shell cat $(READY) 2>/dev/null),$(CURDIR))
.PHONY: $(READY)
endif
