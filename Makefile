# Every target sets up what it needs: a virtual environment in .venv with the pinned versions.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
# One process per core (four at most); a file stays in one process, which then exports a model once.
# A process that dies ends the run: waiting for its replacement can take for ever.
PYTEST := $(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 --dist loadfile --max-worker-restart 0

.PHONY: demo test check format fuzz clean

demo: $(READY)
	$(BIN)/python samples/demo.py

test: $(READY)
	$(PYTEST)

check: $(READY)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(PYTEST)

format: $(READY)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# FUZZ="--kinds yaml --mutants 10000", and more: tests/fuzz/run.py --help
FUZZ ?= --seconds 300
fuzz: $(READY)
	$(BIN)/python tests/fuzz/run.py $(FUZZ)

$(READY): pyproject.toml constraints-dev.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --constraint constraints-dev.txt --editable ".[cpu,export,dev]"
	touch $@

clean:
	rm -rf $(VENV) build dist *.egg-info demo-output
