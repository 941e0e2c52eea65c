# Two commands: `make run` opens the dashboard, `make test` runs every check. `make help` lists the rest.
# Needs Python 3.11, 3.12 or 3.13 and make; everything else is installed into .venv.

VENV     := .venv
PY       := $(VENV)/bin/python
FOR_USE  := $(VENV)/.installed
FOR_TEST := $(VENV)/.installed-dev
PORT    ?=
# One more than the two cores that CI has: many tests wait for a clock, a lock or another program.
WORKERS ?= 3
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: help run test lint format unit browser docs coverage bench install-chromium requirements clean
.DEFAULT_GOAL := help
.NOTPARALLEL:

help: ## say what there is
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 20

run: $(FOR_USE) ## install into .venv and open the dashboard
	$(PY) -m streamlit run app.py $(if $(PORT),--server.port $(PORT))

test: lint docs unit browser ## everything: lint, types, import rule, docs, tests, browser test

lint: $(FOR_TEST) ## style, types and the import rule
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy
	$(VENV)/bin/lint-imports --no-cache --no-logo

format: $(FOR_TEST) ## put the code in order
	$(PY) -m ruff check --fix .
	$(PY) -m ruff format .

unit: $(FOR_TEST) ## tests without a browser
	$(PY) -m pytest -n $(WORKERS) --dist loadfile -m "not browser and not network"

# One at a time and after the others: a browser that has to share two cores times out.
browser: $(FOR_TEST) ## tests in a real Chromium
	$(PY) -m pytest -m "browser and not network" tests/e2e

# Warnings are errors and links are checked (mkdocs.yml); griffe and the theme have notices of their own that are none.
docs: $(FOR_TEST) ## build the documentation into site/
	NO_MKDOCS_2_WARNING=1 $(PY) -m mkdocs --quiet build --strict

coverage: $(FOR_TEST) ## lines and branches that the tests without a browser run
	$(PY) -m pytest -q -n $(WORKERS) --dist loadfile -m "not browser and not network" --cov=patrol_core --cov-branch --cov-report=
	$(PY) -m coverage report --skip-covered --sort=cover
	@echo "Without the pages' own code (at least 90 % of lines and branches):"
	$(PY) -m coverage report --omit "patrol_core/ui/*" --format=total --fail-under=90

install-chromium: $(FOR_TEST) ## fetch a Chromium for the browser test where the system offers none
	$(PY) -m playwright install --with-deps chromium

bench: $(FOR_TEST) ## measure, and print a table
	$(PY) -m benchmarks

# The same pins serve Python 3.11 to 3.13 on Linux, Windows and macOS; the marker uv adds for that bound says nothing.
COMPILE = $(VENV)/bin/uv pip compile pyproject.toml --quiet --universal --python-version 3.11 --fork-strategy fewest \
	--no-header --no-emit-index-url --no-annotate --upgrade --output-file
UNMARK  = sed -E "s/ ; python_full_version < '3\.14'$$//; s/ ; python_full_version < '3\.14' and / ; /"

requirements: | $(PY) ## pin anew what pyproject.toml allows
	$(PY) -m pip install --quiet uv
	$(COMPILE) pins.tmp && $(UNMARK) pins.tmp > requirements.txt
	$(COMPILE) pins.tmp --extra dev --constraint requirements.txt && $(UNMARK) pins.tmp > requirements-dev.txt
	@rm -f pins.tmp

clean: ## remove the environment and everything made by tools
	rm -rf $(VENV) build dist out site .coverage test-artifacts *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# A stamp is older than what it was made from only when that changed, so a second `make run` starts at once.
$(PY):
	sh scripts/make_venv.sh $(VENV)

$(FOR_USE): requirements.txt | $(PY)
	@echo "Installing into $(VENV); the first time takes a few minutes."
	@$(PY) -m pip install --quiet -r requirements.txt
	@$(PY) -m pip install --quiet --no-deps --editable .
	@touch $@

$(FOR_TEST): requirements-dev.txt $(FOR_USE)
	@$(PY) -m pip install --quiet -r requirements-dev.txt
	@touch $@
