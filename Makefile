# Each target sets up what it needs by itself; `make` alone lists them.

PYTHON := .venv/bin/python
READY := .venv/.ready
# Processes of the test suite: one for each core, and a single server for all of them.
PARALLEL ?= -n logical --maxprocesses 8 --dist worksteal
# What `make dev` works on.
FLOWS ?= examples/wordcount.py examples/forecast.py src/pgflow/demo/greet_user.py

# How long `make soak` goes on, and what it runs.
MINUTES ?= 10
SOAK := tests/faults/test_random_faults.py tests/concurrency/test_hostile_load.py

.PHONY: help demo dev setup ui test-ui screenshots test test-slow soak bench coverage check fix docs lock

help: ## list what can be done here
	@sed -n 's/^\([a-z-]*\):.*## /  make \1#/p' Makefile | awk -F'#' '{ printf "%-18s %s\n", $$1, $$2 }'

demo: $(READY) ## see two flows run on a real PostgreSQL
	$(PYTHON) -m pgflow demo $(ARGS)

dev: $(READY) ## develop flows: database, worker and playground in one (FLOWS="my_flows.py")
	$(PYTHON) -m pgflow dev $(FLOWS) $(ARGS)

setup: $(READY) ## create .venv with everything in it (the others do this by themselves)

ui: $(READY) ## build the page of the playground (Node.js from the machine or from PyPI)
	$(PYTHON) tools/page.py build

test-ui: $(READY) ## run the tests of the page's own modules
	$(PYTHON) tools/page.py test

screenshots: ui ## take the pictures of docs/images, from real runs in Chromium
	$(PYTHON) -m pytest tests/browser/test_screenshots.py -m slow --screenshots

test: $(READY) ## run the tests, the slow ones left out
	$(PYTHON) -m pytest $(PARALLEL) $(ARGS)

test-slow: $(READY) ## run the slow tests
	$(PYTHON) -m pytest $(PARALLEL) -m slow $(ARGS)

bench: $(READY) ## measure pgflow beside its peers and the limit of SQL (ARGS="--full", ARGS="W1 W4")
	$(PYTHON) -m uv pip install --quiet --python $(PYTHON) --constraints constraints.txt --group bench
	$(PYTHON) -m benchmarks --peers $(ARGS)

soak: $(READY) ## break everything at random for so many minutes, MINUTES=10, in each of two tests
	PGFLOW_SOAK_MINUTES=$(MINUTES) $(PYTHON) -m pytest -m slow -o faulthandler_timeout=0 $(SOAK) $(ARGS)

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

docs: $(READY) ## renew docs/reference from the help texts and docstrings
	$(PYTHON) tools/reference.py

lock: $(READY) ## move constraints.txt to the newest versions that pyproject.toml allows
	$(PYTHON) tools/lock.py

$(READY): pyproject.toml constraints.txt tools/setup.sh
	tools/setup.sh

# A copied or moved directory has the paths of its old place in .venv.
ifneq ($(shell cat $(READY) 2>/dev/null),$(CURDIR))
.PHONY: $(READY)
endif
