# Every target sets up what it needs: a virtual environment in .venv with the pinned versions.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
# One process per core (four at most); a file stays in one process, which then exports a model once.
# A process that dies ends the run: waiting for its replacement can take for ever.
PYTEST := $(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 --dist loadfile --max-worker-restart 0

.PHONY: demo test check format bench fuzz wheel lowest lock clean

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

# Beside the released sleap-nn, which is installed once: BENCH="--data FOLDER --rows single"
bench: $(READY)
	$(BIN)/python benchmarks/against_upstream.py $(BENCH)

# FUZZ="--kinds yaml --mutants 10000", and more: tests/fuzz/run.py --help
FUZZ ?= --seconds 300
fuzz: $(READY)
	$(BIN)/python tests/fuzz/run.py $(FUZZ)

# The wheel as users get it, in an environment of its own and away from the checkout: it exports,
# tracks and evaluates. In it, only `sleap_rt` of the wheel can be imported.
WHEEL := .venv-wheel
wheel: $(READY)
	rm -rf dist build $(WHEEL)
	$(BIN)/python -m pip wheel --quiet --no-deps --wheel-dir dist .
	$(PYTHON) -m venv $(WHEEL)
	$(WHEEL)/bin/python -m pip install --quiet --constraint constraints-dev.txt "$$(echo dist/*.whl)[cpu,export]"
	sh tests/wheel.sh "$(CURDIR)" "$(CURDIR)/$(WHEEL)/bin"

# The lowest versions that pyproject.toml declares, as far as the package index still has them.
LOWEST := .venv-lowest
lowest: $(READY)
	$(PYTHON) -m venv $(LOWEST)
	$(LOWEST)/bin/python -m pip install --quiet uv
	$(LOWEST)/bin/uv pip install --quiet --python $(LOWEST)/bin/python --resolution lowest-direct \
		".[cpu,report]" "pytest>=9.0" "hypothesis>=6.100"
	$(LOWEST)/bin/pytest tests/tracking tests/evaluation -m "not slow and not engine" -p no:xdist
	$(BIN)/python -m sleap_rt export samples/models/single_instance -o $(LOWEST)/graphs
	cd $(LOWEST) && bin/sleap-rt track -i ../samples/one_crawler.mp4 -m graphs -o out.slp --no-resume

lock: $(READY)
	(grep '^#' constraints-dev.txt; $(BIN)/python -m pip freeze --exclude-editable | sed 's/+cpu$$//') > $(VENV)/lock
	mv $(VENV)/lock constraints-dev.txt

$(READY): pyproject.toml constraints-dev.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --constraint constraints-dev.txt --editable ".[cpu,export,dev]"
	touch $@

clean:
	rm -rf $(VENV) $(WHEEL) $(LOWEST) build dist *.egg-info demo-output
