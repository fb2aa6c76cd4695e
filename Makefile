# The words to know: run, test, check, bench. Needs python3 (3.11 or newer) with venv, and make.
# Debian's own python3, where it is fit, before others: it is built for speed.
PYTHON ?= $(shell /usr/bin/python3 -c 'import ensurepip, sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	&& echo /usr/bin/python3 || echo python3)
VENV ?= .venv
BIN := $(VENV)/bin
DIR ?= run

.PHONY: run test check bench performance format clean

$(BIN)/.installed: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev]'
	@touch $@

# A server with a starter configuration on ports 2525, 2587 and 2465.
run: $(BIN)/.installed
	@test -e $(DIR)/main.cf || $(BIN)/gatepost init $(DIR) > /dev/null
	@cat $(DIR)/first-steps.txt
	$(BIN)/gatepost run -c $(DIR)

test: $(BIN)/.installed
	$(BIN)/python -m pytest -q -m "not peers and not crash" $(ARGS)

check: $(BIN)/.installed
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/pyright --pythonpath $(BIN)/python
	$(BIN)/python -m pytest -q tests/shape

# Gatepost beside Postfix; needs root. ARGS=--help shows what can be varied.
bench: $(BIN)/.installed
	$(BIN)/python -m bench $(ARGS)

# docs/performance.md and its pictures, from what `make bench` has saved.
performance: $(BIN)/.installed
	$(BIN)/python -m bench.report bench/results/latest.json

format: $(BIN)/.installed
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis
