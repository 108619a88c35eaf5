# Every command that the README names. Each one sets up what it needs.
VENV := .venv
BIN := $(VENV)/bin
# The official SDK needs versions of its own, so it lives apart.
E2E := .venv-e2e
AUDIT := .venv-audit
MUTANTS := .venv-mutants
PYTHON ?= python3
# Not empty where somebody has chosen it: an environment of another version is then made anew.
CHOSEN := $(filter-out file,$(origin PYTHON))
# Two workers suit the smallest machine; `make test WORKERS=auto` takes all cores.
WORKERS ?= 2
# `make serve ARGS="--clock auto"`
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help serve test e2e browser screenshots page-weight vendor check covered format-check lint types layers pages-check docs docs-check \
	figures fmt fuzz mutants lock audit bench soak peers dist clean FORCE

help: ## show this list
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "make %-12s %s\n", $$1, $$2}'

# The stamps are renewed when the dependencies change, or the environment does not work any more.
$(VENV)/.serving: FORCE
	@sh tools/venv.sh serve '$(VENV)' '$(PYTHON)' $(CHOSEN)

$(VENV)/.installed: FORCE
	@sh tools/venv.sh test '$(VENV)' '$(PYTHON)' $(CHOSEN)

FORCE:

serve: $(VENV)/.serving ## serve the emulator with the embedded defaults (ARGS="--clock auto" …)
	$(BIN)/xpander-emulator serve $(ARGS)

# The processes that the tests start, a hundred and more, read the bytecode that the first one writes.
unexport PYTHONDONTWRITEBYTECODE
# Each worker takes one half of the tests, and then from what the other one has left: servers are shared by a module.
PYTEST := -m pytest -q -n $(WORKERS) --dist worksteal

test: $(VENV)/.installed ## run the tests but for the long ones, which `make check` runs
	@echo 'About 90 s on two cores. The tests marked "long" and the other checks: make check.'
	$(BIN)/python $(PYTEST) -m 'not long'

covered: $(VENV)/.installed
	rm -f .coverage .coverage.*
	$(BIN)/coverage run $(PYTEST) --hypothesis-profile=ci
	@$(BIN)/coverage combine -q
	@$(BIN)/coverage report --fail-under=90

# The constraints hold the SDK and all that it pulls in; without them pip finds no set of versions that goes together.
# The emulator is there for the example of a suite that has both.
$(E2E)/.installed: tests/e2e/sdk-constraints.txt pyproject.toml
	test -x $(E2E)/bin/python || $(PYTHON) -m venv $(E2E)
	$(E2E)/bin/python -m pip install --quiet --disable-pip-version-check --constraint tests/e2e/sdk-constraints.txt \
		xpander-sdk agno httpx httpx-sse requests urllib3 aiohttp pytest pytest-timeout --editable '.[pytest]'
	touch $@

# Where npm is missing, the tests of its clients are skipped, which they say; in CI they fail.
$(E2E)/.clients: tests/e2e/clients/package.json $(E2E)/.installed
	! command -v npm >/dev/null || { cp $< $(E2E)/package.json && \
		npm install --silent --no-audit --no-fund --prefix $(E2E) && touch $@; }

e2e: $(VENV)/.installed $(E2E)/.installed $(E2E)/.clients ## drive a served emulator with the official SDK and other clients (curl, Java, Node, Python)
	NO_PROXY=127.0.0.1,localhost $(E2E)/bin/python -m pytest -q -c tests/e2e/pytest.ini tests/e2e

# The browser itself comes from the system, or by CHROMIUM=/path/to/it.
$(VENV)/.browser: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[browser]'
	touch $@

browser: $(VENV)/.browser ## look at the pages with a real Chromium
	NO_PROXY=127.0.0.1,localhost $(BIN)/python -m pytest -q -n $(WORKERS) tests/browser

screenshots: $(VENV)/.browser ## take the pictures of docs/screenshots anew
	NO_PROXY=127.0.0.1,localhost $(BIN)/python tools/screenshots.py

page-weight: $(VENV)/.browser ## measure what the pages weigh, and when they first show something
	NO_PROXY=127.0.0.1,localhost $(BIN)/python tools/page_weight.py

vendor: ## fetch what the pages use of others, in the versions that vendor.toml lists (needs npm)
	$(PYTHON) tools/vendor.py

check: $(VENV)/.installed format-check lint types layers test-files pages-check docs-check covered ## everything that must hold: format, lint, types, layers, docs, all tests with branch coverage

# Each module has a test file of its name; tools/figures.py lists the exceptions.
test-files: $(VENV)/.installed
	$(BIN)/python -m tools.figures --missing-tests

format-check:
	$(BIN)/ruff format --check .

lint:
	$(BIN)/ruff check .
	$(BIN)/hadolint Dockerfile
	$(BIN)/shellcheck .ci/run .ci/wheel .ci/pythons tools/venv.sh

types:
	$(BIN)/mypy

layers:
	$(BIN)/lint-imports

# npm serves development alone: what package.json lists formats, lints and type-checks the pages' code.
NPM := $(shell command -v npm)

node_modules/.installed: package.json package-lock.json
	npm ci --loglevel=error
	touch $@

pages-check: $(if $(NPM),node_modules/.installed)
ifdef NPM
	npm run --silent check
else
	@echo "The pages' code was not checked: npm is missing." && test -z "$$CI"
endif

docs-check:
	$(BIN)/python -m tools.fidelity --check
	$(BIN)/python -m tools.testkit_api --check

docs: $(VENV)/.installed ## write the generated pages of docs/
	$(BIN)/python -m tools.fidelity
	$(BIN)/python -m tools.testkit_api

figures: $(VENV)/.installed ## count modules, imports, functions and lines (ARGS="--json", ARGS="--root CHECKOUT")
	$(BIN)/python -m tools.figures $(ARGS)

fmt: $(VENV)/.installed $(if $(NPM),node_modules/.installed) ## format the code and mend what can be mended
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .
	$(if $(NPM),npm run --silent format)

fuzz: $(VENV)/.installed ## let Schemathesis look for a request that breaks the contract
	$(BIN)/python tests/fuzz.py

# Cosmic Ray makes the mutants, in an environment of its own; the tests run in the usual one.
$(MUTANTS)/.installed: Makefile
	test -x $(MUTANTS)/bin/python || $(PYTHON) -m venv $(MUTANTS)
	$(MUTANTS)/bin/python -m pip install --quiet --disable-pip-version-check cosmic-ray==8.7.0
	touch $@

mutants: $(VENV)/.installed $(MUTANTS)/.installed ## break the code in 440 places, one by one: do the tests notice? (ARGS="--room core")
	$(MUTANTS)/bin/python -m tests.mutants $(BIN)/python --workers $(WORKERS) $(ARGS)

# In an environment of its own, so that nothing stays in it that is no longer asked for.
lock: ## renew constraints.txt, the versions that all of this installs
	rm -rf .venv-lock && $(PYTHON) -m venv .venv-lock
	.venv-lock/bin/python -m pip install --quiet --disable-pip-version-check --editable '.[fast,dev,browser,redis]'
	head -n 1 constraints.txt > constraints.new
	.venv-lock/bin/python -m pip freeze --exclude-editable >> constraints.new
	mv constraints.new constraints.txt && rm -rf .venv-lock

# Where not even pip-audit can be had, the script says that nothing was audited.
audit: ## look for known vulnerabilities of the locked versions (says so where no database can be asked)
	test -x $(AUDIT)/bin/pip-audit || { $(PYTHON) -m venv $(AUDIT) && \
		$(AUDIT)/bin/python -m pip install --quiet --disable-pip-version-check pip-audit || true; }
	$(PYTHON) tools/audit.py $(AUDIT)/bin/pip-audit constraints.txt

bench: $(VENV)/.installed ## measure speed, memory and start-up (see benchmarks/README.md)
	$(BIN)/python benchmarks/startup.py
	$(BIN)/python benchmarks/contracts.py
	$(BIN)/python benchmarks/inprocess.py
	$(BIN)/python benchmarks/requests.py
	$(BIN)/python benchmarks/streams.py
	$(BIN)/python benchmarks/stores.py
	$(BIN)/python benchmarks/plugin.py
	$(BIN)/python benchmarks/suite.py

soak: $(VENV)/.installed ## ten minutes at half of what the server can (SOAK_SECONDS=600): does it grow, leak or fail?
	$(BIN)/python benchmarks/soak.py

# Versions are those of the tables in benchmarks/README.md.
.peers/.installed: Makefile
	mkdir -p .peers
	npm install --silent --no-audit --no-fund --prefix .peers \
		@stoplight/prism-cli@5.14.2 @mockoon/cli@9.9.0 wiremock@3.13.2
	$(PYTHON) -m venv .peers/connexion
	.peers/connexion/bin/python -m pip install --quiet --disable-pip-version-check 'connexion[uvicorn]==3.3.0' httptools
	touch $@

peers: $(VENV)/.installed .peers/.installed ## measure the emulator beside Prism, Mockoon, WireMock and Connexion
	$(BIN)/python benchmarks/peers.py

dist: $(VENV)/.installed ## build the wheel and the source archive into dist/
	rm -rf dist
	$(BIN)/python -m build --outdir dist .

clean: ## remove what was built, the virtual environments included
	rm -rf $(VENV) node_modules .venv-newest $(E2E) $(AUDIT) $(MUTANTS) .venv-lock .peers dist build .coverage .coverage.* .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
