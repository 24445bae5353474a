# The two commands are `make sandbox` and `make test`; `make help` lists the others.
# Both set up everything they need (Debian packages, .venv, the C++ core) and are safe to run again.
PYTHON ?= python3
PORT ?= 8000
HOST ?= 127.0.0.1
VENV := .venv
PY := $(VENV)/bin/python
export CHANX_PYTHON := $(PYTHON)

.PHONY: help sandbox test test-frontend compare wheel build test-cpp test-python lint format stubs bench soak fuzz sanitize docs clean
.NOTPARALLEL:

help:  ## what each command does
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

sandbox:  ## set up, then serve the sandbox on http://127.0.0.1:8000 (PORT=..., HOST=...)
	@tools/setup.sh sandbox
	@exec $(PY) tools/sandbox.py --host $(HOST) --port $(PORT)

test:  ## set up, then run all tests (C++, Python, servers, browser, types)
	@tools/setup.sh test
	@$(PY) tools/test.py

build:  ## compile the core and put it in python/chanx
	@tools/setup.sh build

test-cpp: build  ## only the C++ unit tests
	@tools/setup.sh test
	@ctest --test-dir build/dev --output-on-failure

test-python:  ## only the Python tests; ARGS="-k name" selects
	@tools/setup.sh test
	@$(PY) -m pytest $(ARGS)

lint:  ## formatters, linters and type checkers, without changing a file
	@tools/setup.sh test
	@tools/lint.sh

test-frontend:  ## type check and unit tests of the AI chat page
	@tools/setup.sh test
	@tools/frontend.sh test

format:  ## format C++ and Python in place
	@tools/setup.sh test
	@tools/lint.sh --fix

stubs:  ## write python/chanx/_core.pyi anew from the compiled core
	@tools/setup.sh test
	@$(PY) tools/stubs.py --write

docs:  ## the documentation as a site in build/site; a warning is an error
	@tools/setup.sh test
	@$(PY) -m sphinx -W --keep-going -q -b html docs build/site && echo "==> build/site/index.html"

compare:  ## chanx + channels_redis against this project, in one run of under 90 s
	@tools/setup.sh test
	@$(PY) tools/compare.py

bench:  ## every benchmark of tests/bench, with its peers
	@tools/setup.sh test
	@$(PY) tools/bench.py

wheel:  ## an installable wheel in dist/
	@tools/setup.sh build
	@tools/wheel.sh

soak:  ## long runs that look for loss and growth (about 10 minutes)
	@tools/setup.sh test
	@CHANX_SOAK_SECONDS=$${CHANX_SOAK_SECONDS:-600} $(PY) -m pytest tests/robustness tests/integration -m soak --timeout 1800

sanitize:  ## the C++ tests under ASan, UBSan and TSan, the bindings under ASan
	@tools/setup.sh test
	@tools/sanitize.sh

fuzz:  ## the fuzzers, 10 minutes in all (FUZZ_SECONDS=... changes it)
	@tools/setup.sh fuzz
	@tools/fuzz.sh

clean:  ## remove everything that was built or installed here
	rm -rf build dist frontend/node_modules sandbox_django/static/ai-chat $(VENV) .stamps python/chanx/_core*.so .pytest_cache .mypy_cache .ruff_cache
