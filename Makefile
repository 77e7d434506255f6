# Two commands for a newcomer: `make demo` (the main job) and `make test`. Both set up .venv by themselves.
SHELL := /bin/sh
VENV  := .venv
BIN   := $(VENV)/bin
STAMP := $(VENV)/.setup-done
XDIST ?= 2

.DEFAULT_GOAL := help
.PHONY: help setup demo test soak notebooks lab bench lint types docs clean

help: ## this list
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /make \1\t/' | expand -t 18

$(STAMP): pyproject.toml scripts/setup
	@sh scripts/setup $(VENV)

setup: $(STAMP) ## create .venv with everything (reused while pyproject.toml stands)

demo: $(STAMP) ## the main job: profile the case studies, naive against optimized, and write reports/demo*.html
	@$(BIN)/workbench demo

test: $(STAMP) ## every functional test: unit, integration, browser, notebooks
	@sh scripts/install-chromium
	$(BIN)/python scripts/run-tests -n $(XDIST) -q
	@$(MAKE) --no-print-directory notebooks

soak: $(STAMP) ## the slow tier: kills, long loads, servers that hang
	@sh scripts/install-chromium
	$(BIN)/python -m pytest -n $(XDIST) --dist loadfile -q -m soak

notebooks: $(STAMP) ## the notebooks, run top to bottom and checked by nbval
	$(BIN)/python scripts/run-tests --nbval -q -o addopts= -o filterwarnings= notebooks

lab: $(STAMP) ## JupyterLab on the notebooks
	$(BIN)/jupyter lab --notebook-dir notebooks

bench: $(STAMP) ## every published figure, measured here, into benchmarks/results/
	$(BIN)/python benchmarks/run_all.py

lint: $(STAMP) ## ruff, the formatter and mypy --strict
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

docs: $(STAMP) ## regenerate what docs/ generates from the code
	$(BIN)/python -m workbench.store.schema_doc

clean: ## forget .venv and everything generated; recorded profiles (data/*.duckdb) stay
	rm -rf $(VENV) dist build reports data/build .pytest_cache .mypy_cache .ruff_cache
