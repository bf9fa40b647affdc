# The two commands of the README, and what they are made of. Every target sets up what it needs by itself.
.DELETE_ON_ERROR:
.PHONY: run test test-debian lint bench lock clean
PORT ?= 8000
DATA ?= .data
PYTHON ?= python3
BIN := .venv/bin
# Two pytest workers: each drives a server with two processes of its own.
JOBS ?= 2

run: .venv/installed
	@exec $(BIN)/portillon demo --port $(PORT) --data $(DATA)

test: .venv/installed .venv/chromium lint
	$(BIN)/python -m coverage erase
	$(BIN)/pytest -n $(JOBS) --dist loadfile --cov --cov-report=
	$(BIN)/python -m coverage report

# The same suite, but for the embedded engines' own tests, on Debian's PostgreSQL 15 and Redis 7.
test-debian: .venv/installed .venv/chromium
	scripts/on-debian-engines $(BIN)/pytest -n $(JOBS) --dist loadfile tests --ignore tests/server/test_embedded.py

lint: .venv/installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: .venv/installed
	$(BIN)/python -m benchmarks $(ARGS)

# Exact versions with hashes, from what pyproject.toml allows; no address of any index is written.
lock: .venv/installed
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --quiet --all-extras -o requirements/dev.txt
	$(BIN)/uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --quiet -c requirements/dev.txt -o requirements/production.txt

.venv/installed: requirements/dev.txt pyproject.toml package-lock.json
	scripts/set-up $(PYTHON)
	@touch $@

.venv/chromium: | .venv/installed
	scripts/find-chromium
	@touch $@

clean:
	rm -rf .venv node_modules .data build reports
