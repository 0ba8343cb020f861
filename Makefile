# Needs Python 3.11 or later with venv, make and a C library. Everything else comes from PyPI.
PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
LAUNCH := $(PY) -m workspace.launcher

# uv must take the machine's certificates and never fetch a Python of its own.
export UV_PYTHON_DOWNLOADS := never
export UV_SYSTEM_CERTS := 1
export PIP_DISABLE_PIP_VERSION_CHECK := 1

# Without a home to write in, the installers' caches go below var/.
ifneq ($(shell [ -w "$${XDG_CACHE_HOME:-$$HOME/.cache}" ] || [ -w "$$HOME" ] && echo yes),yes)
export UV_CACHE_DIR ?= $(CURDIR)/var/cache/uv
export PIP_CACHE_DIR ?= $(CURDIR)/var/cache/pip
endif

BROWSER_TESTS := $(wildcard */tests/browser)
PAGES := $(shell find templates -name '*.html' 2>/dev/null | head -n 1)

.DEFAULT_GOAL := help
.PHONY: help install install-dev demo run test bench drill screenshots chromium lint format requirements clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-14s %s\n", $$1, $$2 }' Makefile

install: $(VENV)/.installed ## Install the packages into .venv, by uv or else pip, pinned by hash
	@:

install-dev: $(VENV)/.installed-dev ## Install what tests and checks need as well
	@:

demo: install ## Serve the demo until Ctrl-C; ONCE=1 ends after the table of counts
	@$(LAUNCH) -- $(PY) manage.py demo $(if $(filter-out 0 no false,$(ONCE)),--once) $(DEMO_ARGS)

run: install ## Run the app for daily use until Ctrl-C, with the settings in .env
	@$(LAUNCH) $(if $(wildcard .env),--env-file .env) -- sh -c '\
		$(PY) manage.py migrate --no-input && \
		$(PY) manage.py collectstatic --no-input --verbosity 0 && \
		PATH="$(CURDIR)/$(VENV)/bin:$$PATH" PORT="$${PORT:-8000}" exec honcho -e /dev/null start web worker beat'

test: install-dev $(if $(BROWSER_TESTS),chromium) ## Run all tests on real servers; ARGS="-k words" for some
	@$(LAUNCH) --temporary -- $(PY) -m pytest -n auto --dist loadgroup $(ARGS)

bench: install-dev ## Measure beside the peers; QUICK=1 in minutes, ARGS="--sizes 100000 --only tributary"
	@$(LAUNCH) --temporary -- $(PY) -m benchmarks $(if $(filter-out 0 no false,$(QUICK)),--quick) $(ARGS)

drill: install ## Break everything on purpose, prove that nothing is lost; SEED= KILLS= ONLY= SHORT=1
	@$(LAUNCH) --temporary -- $(PY) manage.py drill $(if $(SEED),--seed $(SEED)) $(if $(KILLS),--kills $(KILLS)) \
		$(if $(ONLY),--only "$(ONLY)") $(if $(filter-out 0 no false,$(SHORT)),--short) $(DRILL_ARGS)

screenshots: install-dev chromium ## Take the pictures of docs/screenshots again
	@DJANGO_SETTINGS_MODULE=workspace.settings $(LAUNCH) --temporary -- \
		$(PY) -m workspace.tests.browser.screenshots docs/screenshots

chromium: ## Install Chromium for the browser tests, or say how
	@if [ -n "$$CHROMIUM" ] || command -v chromium >/dev/null; then :; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		apt-get update -qq && \
		DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium fonts-liberation; \
	else \
		echo "The browser tests need Chromium: have 'apt-get install chromium fonts-liberation' run" \
			"as root, or set CHROMIUM to the path of one." >&2; exit 1; \
	fi

lint: install-dev ## Check style, types, imports, templates and security
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/ruff format --check .
	@SECRET_KEY=unused DATABASE_URL=postgres://unused/unused $(VENV)/bin/mypy .
	@$(VENV)/bin/lint-imports
	@$(if $(PAGES),$(VENV)/bin/djlint --quiet --check templates)
	@$(VENV)/bin/bandit -q -ll -c pyproject.toml -r workspace sources warehouses
	@$(no_secrets)
	@$(deployable)

format: install-dev ## Format the code and the templates
	@$(VENV)/bin/ruff check --fix-only .
	@$(VENV)/bin/ruff format .
	@$(if $(PAGES),$(VENV)/bin/djlint --quiet --reformat templates || true)

requirements: install ## Pin requirements*.in again; ARGS=--upgrade takes newer versions
	$(VENV)/bin/uv pip compile --universal --python-version 3.11 --generate-hashes -q requirements.in -o requirements.txt $(ARGS)
	$(VENV)/bin/uv pip compile --universal --python-version 3.11 --generate-hashes -q requirements-dev.in -o requirements-dev.txt $(ARGS)
	@for wanted in benchmarks/peers/*/requirements.in; do \
		(cd "$${wanted%/*}" && $(CURDIR)/$(VENV)/bin/uv pip compile --universal --python-version 3.11 \
			--generate-hashes -q requirements.in -o requirements.txt $(ARGS)) || exit 1; \
	done
	echo uv | $(VENV)/bin/uv pip compile --universal --python-version 3.11 --generate-hashes -q - -o .ci/uv.txt $(ARGS)

clean: ## Remove .venv, caches and collected files; the data in var/ stay
	rm -rf $(VENV) staticfiles dist .coverage .hypothesis .mypy_cache .pytest_cache .ruff_cache .import_linter_cache var/cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/.installed: requirements.txt .ci/uv.txt
	@$(usable_python)
	@$(PY) -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear $(VENV)
	@echo "Installing packages into $(VENV) ..."
	@$(PY) -m pip install -q --require-hashes --only-binary :all: -r .ci/uv.txt || true
	@$(call install_pinned,-r requirements.txt)
	@touch $@

$(VENV)/.installed-dev: requirements-dev.txt $(VENV)/.installed
	@echo "Installing what tests and checks need ..."
	@$(call install_pinned,-r requirements.txt -r requirements-dev.txt)
	@touch $@

# Made-up passwords are everywhere in tests; those in code are ruff's (S105 to S107). Keys and tokens are looked for here.
define no_secrets
git ls-files -z | grep -zvE '^requirements.*\.txt$$|^\.ci/uv\.txt$$|/vendor/|\.(svg|css|jpg|png|woff2)$$' | \
	xargs -0 $(VENV)/bin/detect-secrets-hook --no-verify --disable-plugin KeywordDetector --exclude-secrets '^password$$|[{]port}'
endef

# As behind HTTPS in production: no warning of Django's and none of ours.
define deployable
DEBUG=false HTTPS_ONLY=true DATABASE_URL=postgres://unused/unused \
SECRET_KEY=$$($(PY) -c 'import secrets; print(secrets.token_urlsafe(50))') \
CREDENTIAL_KEYS=$$($(PY) -c 'from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())') \
	$(PY) manage.py check --deploy --fail-level WARNING >/dev/null
endef

define usable_python
command -v $(PYTHON) >/dev/null || { \
	echo "There is no $(PYTHON): install Python 3.11 or later, or name one with PYTHON=." >&2; exit 1; }; \
$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	echo "$(PYTHON) is older than 3.11: name a newer one with PYTHON=." >&2; exit 1; }; \
$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	echo "$(PYTHON) has no venv: install it, on Debian with 'apt-get install python3-venv'." >&2; exit 1; }
endef

# uv is six times faster; plain pip reads the same files.
define install_pinned
{ [ -x $(VENV)/bin/uv ] && $(VENV)/bin/uv pip install -q --python $(PY) --require-hashes $(1); } || \
	$(PY) -m pip install -q --require-hashes $(1)
endef
