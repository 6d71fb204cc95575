# Every target sets up what it needs: a virtual environment in .venv with the pinned versions. It is
# filled in two steps: what users have, then engines and tools for the tests.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
TESTABLE := $(VENV)/.testable
SOURCES := sleap_rt tests samples benchmarks release
# One process per core (four at most); a file stays in one process, which then exports a model once.
# A process that dies ends the run: waiting for its replacement can take for ever.
# Of this kind, which type checkers and editors can follow as well.
EDITABLE := --config-settings editable_mode=compat --editable
PYTEST := $(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 --dist loadfile --max-worker-restart 0

# Without the words about the next version of MkDocs
MKDOCS := NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs

.PHONY: demo test check format docs bench fuzz web dist wheel test-all release-check lowest lock clean

demo: $(READY)
	$(BIN)/python -m samples.demo

test: $(TESTABLE)
	$(PYTEST)

check: $(TESTABLE)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/vermin --quiet --violations --target=3.10- --exclude long $(SOURCES)
	$(BIN)/mypy
	$(MKDOCS) build --quiet
	$(PYTEST)

format: $(TESTABLE)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# The documentation as a site, on this machine alone.
docs: $(TESTABLE)
	$(MKDOCS) serve --open

# Beside the released sleap-nn, which is installed once: BENCH="--data FOLDER --rows single"
bench: $(TESTABLE)
	$(BIN)/python benchmarks/against_upstream.py $(BENCH)

# FUZZ="--kinds yaml --mutants 10000", and more: tests/fuzz/run.py --help
FUZZ ?= --seconds 300
fuzz: $(TESTABLE)
	$(BIN)/python tests/fuzz/run.py $(FUZZ)

# The page of `sleap-nn page`, from web/ into the package. Needs Node.js 20 or newer, with npm.
PAGE := sleap_rt/web_page/static/index.html
web: $(PAGE)

$(PAGE): $(shell find web -type f -not -path '*/node_modules/*' -not -path '*/tests/*') LICENSE
	cd web && npm ci --ignore-scripts && npm run types && npm run build

# The wheel as users get it, in an environment of its own and away from the checkout: it exports,
# tracks and evaluates. In it, only `sleap_rt` of the wheel can be imported. Once all went well, its
# two gigabytes are given back.
WHEEL := .venv-wheel
wheel: dist
	rm -rf $(WHEEL)
	$(PYTHON) -m venv $(WHEEL)
	$(WHEEL)/bin/python -m pip install --quiet --constraint constraints-dev.txt "$$(echo dist/*.whl)[cpu,export]"
	sh tests/wheel.sh "$(CURDIR)" "$(CURDIR)/$(WHEEL)/bin"
	rm -rf $(WHEEL)

dist: $(READY)
	if command -v npm; then $(MAKE) web; else echo "npm is missing: the wheel has no page"; fi
	rm -rf dist build
	$(BIN)/python -m pip wheel --quiet --no-deps --wheel-dir dist .

# The wheel without torch on each of these Pythons that is installed; the graphs are exported once.
PYTHONS ?= 3.10 3.11 3.12 3.13
EXPORTS := .exports
test-all: dist $(EXPORTS)/.made
	PINNED="$(PINNED)" sh tests/pythons.sh "$$(echo dist/*.whl)" "$(CURDIR)/$(EXPORTS)" $(PYTHONS)

$(EXPORTS)/.made: $(TESTABLE) $(shell find sleap_rt samples/models -type f -not -name '*.pyc')
	rm -rf $(EXPORTS)
	$(BIN)/python tests/without_torch.py $(EXPORTS)
	touch $@

# Wheel and sdist in clean environments, with each extra on each of these Pythons: RELEASE="--extras cpu";
# RELEASE="--jobs 4 --write" takes all Pythons at a time, and writes the table of docs/install.md
RELEASE_TOOLS := .venv-release
release-check: $(READY)
	$(PYTHON) -m venv $(RELEASE_TOOLS)
	$(RELEASE_TOOLS)/bin/python -m pip install --quiet build twine uv
	$(BIN)/python -m sleap_rt export samples/models/bottomup -o $(RELEASE_TOOLS)/graphs
	PYTHONPATH=. $(RELEASE_TOOLS)/bin/python -m release.check $(RELEASE_TOOLS)/graphs $(PYTHONS) $(RELEASE)

# The lowest versions that pyproject.toml declares, as far as the package index still has them.
LOWEST := .venv-lowest
lowest: $(TESTABLE)
	$(PYTHON) -m venv $(LOWEST)
	$(LOWEST)/bin/python -m pip install --quiet uv
	$(LOWEST)/bin/uv pip install --quiet --python $(LOWEST)/bin/python --resolution lowest-direct \
		".[cpu,report,test]"
	$(LOWEST)/bin/pytest tests/tracking tests/evaluation -m "not slow and not engine" -p no:xdist \
		-W ignore::DeprecationWarning # old matplotlib says what the newest pyparsing renamed
	$(BIN)/python -m sleap_rt export samples/models/single_instance -o $(LOWEST)/graphs
	cd $(LOWEST) && bin/sleap-rt track -i ../samples/one_crawler.mp4 -m graphs -o out.slp --no-resume
	cd $(LOWEST) && bin/sleap-rt render out.slp -o out.mp4 --overwrite

lock: $(TESTABLE)
	(grep '^#' constraints-dev.txt; $(BIN)/python -m pip freeze --exclude-editable | sed 's/+cpu$$//') > $(VENV)/lock
	mv $(VENV)/lock constraints-dev.txt

$(READY): pyproject.toml constraints-dev.txt
	@$(PYTHON) -c "import sys; sys.exit(sys.version_info < (3, 11))" || (echo \
		"The pinned versions need Python 3.11 or newer, and \`$(PYTHON)' is older or absent." \
		"Name another one: make $(MAKECMDGOALS) PYTHON=python3.12" >&2; false)
	$(PYTHON) -m venv $(VENV)
	@echo "Installing into $(VENV), 2 GB: a minute or a few, by the network"
	$(BIN)/python -m pip install --quiet --constraint constraints-dev.txt $(EDITABLE) ".[cpu,export,report,opencv]"
	touch $@

$(TESTABLE): $(READY)
	$(BIN)/python -m pip install --quiet --constraint constraints-dev.txt $(EDITABLE) ".[cpu,export,report,opencv,test,dev,docs]"
	touch $@

clean:
	rm -rf $(VENV) .venv-* .site $(EXPORTS) build dist *.egg-info demo-output web/node_modules sleap_rt/web_page/static
