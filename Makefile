# Everything a developer runs. `make` alone lists the targets.
# Installing compiles nothing ahead: most modules of torch and scipy are never imported. What is
# imported is compiled once, even where the environment says otherwise: the tests start many
# processes, and compiling takes each of them longer than all else.
PYTHON ?= python3
BIN := .venv/bin
export OMP_NUM_THREADS ?= 1
export PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := help
.PHONY: help demo check test test-slow bench conformance clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

.venv/bin/python:
	$(PYTHON) -m venv .venv

.venv/.demo: pyproject.toml | .venv/bin/python
	$(BIN)/pip install --quiet --no-compile --editable '.[demo]'
	@touch $@

.venv/.test: pyproject.toml | .venv/bin/python
	$(BIN)/pip install --quiet --no-compile --editable '.[test]'
	@touch $@ .venv/.demo

demo: .venv/.demo ## fine-tune a genuine pre-trained network, analyse, write the report: about 5 minutes, offline
	$(BIN)/repdrift demo

check: .venv/.test ## format, lint, types, import contracts, SQL, README
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/sqlfluff lint warehouse/sql --processes 2
	$(BIN)/cog -P --check -I docs/zu_on_a_laptop README.md docs/zu_on_a_laptop.md

test: .venv/.test ## the suite, on two processes
	$(BIN)/pytest -n 2 --dist loadscope -m "not slow"

test-slow: .venv/.test ## what takes minutes: the demo, interrupted studies, long simulations
	OMP_NUM_THREADS=2 $(BIN)/pytest -m slow

.venv/.bench: pyproject.toml | .venv/bin/python
	$(BIN)/pip install --quiet --no-compile --editable '.[bench]'
	@touch $@

bench: .venv/.bench ## speed and memory as ratios against named peers
	OMP_NUM_THREADS=2 $(BIN)/python -m bench

conformance: .venv/.bench ## what we and named peers compute, check by check
	$(BIN)/python -m tests.conformance.matrix > docs/conformance.md.new
	mv docs/conformance.md.new docs/conformance.md

clean: ## remove what the targets made
	rm -rf .venv repdrift-demo repdrift-report
