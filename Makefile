# Two commands on a fresh machine (Python 3.11, make): `make extract [REPORT=file]` and `make test`.
PYTHON ?= python3.11
REPORT ?= corpus/reports/a208.txt
FORMAT ?= table
# where the default index serves torch with CUDA (gigabytes): make test TORCH_INDEX="--index-url https://download.pytorch.org/whl/cpu"
TORCH_INDEX ?=

.PHONY: extract test fast check train evaluate bench clean

extract: .venv/done
	@.venv/bin/python -m infer --format $(FORMAT) "$(REPORT)"

test: .venv-dev/done check
	.venv-dev/bin/python -m pytest

fast: .venv-dev/done
	.venv-dev/bin/python -m pytest -m "not slow"

check: .venv-dev/done
	.venv-dev/bin/ruff check .
	.venv-dev/bin/lint-imports
	.venv-dev/bin/python -m annotations check

train: .venv-dev/done
	.venv-dev/bin/python -m train

evaluate: .venv-dev/done
	.venv-dev/bin/python -m infer.evaluate

bench: .venv-dev/done
	.venv-dev/bin/python -m infer.bench

.venv/done: requirements/infer.txt
	@echo "setting up .venv (once) ..." >&2
	@$(PYTHON) -m venv .venv
	@.venv/bin/python -m pip install --quiet --disable-pip-version-check -r requirements/infer.txt >&2
	@touch $@

.venv-dev/done: requirements/infer.txt requirements/dev.txt
	@echo "setting up .venv-dev (once) ..." >&2
	@$(PYTHON) -m venv .venv-dev
	@.venv-dev/bin/python -m pip install --quiet --disable-pip-version-check $(TORCH_INDEX) torch==2.13.0 >&2
	@.venv-dev/bin/python -m pip install --quiet --disable-pip-version-check -r requirements/infer.txt -r requirements/dev.txt >&2
	@touch $@

clean:
	rm -rf .venv .venv-dev .pytest_cache .hypothesis .ruff_cache
