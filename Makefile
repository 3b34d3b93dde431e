# The one door: setup check test coverage demo bench calibrate mutants fuzz docs.

PYTHON ?= python3
# On Linux without a GPU the plain torch brings gigabytes of CUDA; the CPU build is small:
#   make demo TORCH_INDEX=https://download.pytorch.org/whl/cpu
TORCH_INDEX ?=
PYTEST_ARGS ?= -n 2 --dist worksteal

BIN := .venv/bin
KEY := $(shell cat pyproject.toml constraints.txt | cksum | cut -d' ' -f1)
INSTALL := $(BIN)/python -m pip install -qq --disable-pip-version-check -c constraints.txt
# One thread a process: the suite runs two processes, and the bytes of an encoding depend on the number of threads.
# Bytecode is kept, whatever the environment says: the suite starts hundreds of interpreters.
ONE_THREAD := PYTHONDONTWRITEBYTECODE= OMP_NUM_THREADS=1 MKL_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 TOKENIZERS_PARALLELISM=false

# Where arrays pass through: these tests run once with every signature's shapes checked.
SHAPES := tests/stats tests/values tests/compute/test_topk.py tests/compute/test_scoring.py tests/compute/test_compress.py \
          --deselect tests/stats/test_calibration.py

.PHONY: help setup check test coverage demo demo-literature bench bench-scale calibrate judge judge-model mutants fuzz docs

help:
	@echo "make setup      .venv with the extras of demo and tests"
	@echo "make demo       install, run the built-in study on real models and data, print where its page is"
	@echo "make demo-literature  four audits, a search and three questions against indexes served on this machine"
	@echo "make test       the whole default suite, install included"
	@echo "make check      lint, types, floors, and whether the generated docs are fresh"
	@echo "make coverage   the suite again, with the share of lines and branches that it runs"
	@echo "make bench      speed and memory against the peers, one table of ratios"
	@echo "make bench-scale  cost against size: documents, systems, queries; ten minutes, and a figure"
	@echo "make calibrate  the long simulations: is the rule as strict as it says?"
	@echo "make fuzz       damaged files of every format, new ones each day, for MINUTES=10; SEED=csv:4711 runs one again"
	@echo "make judge      fit the entailer that ships anew, from DATA=FOLDER with scifact/ and citint/"
	@echo "make judge-model  train the small judge into OUT=FOLDER; killed, it resumes (START=pip:PACKAGE/FOLDER, SEED=16)"
	@echo "make mutants    plant small faults in a copy, one at a time: do the tests notice? ONLY=gate takes those of some files"
	@echo "make docs       write docs/reference.md anew from the code"

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(0 if (3, 11) <= sys.version_info[:2] <= (3, 13) else "Evidense needs Python 3.11 to 3.13; $(PYTHON) is %d.%d. Name another: make setup PYTHON=python3.12" % sys.version_info[:2])'
	@$(PYTHON) -m venv .venv || { echo "python3 cannot make a virtual environment here; on Debian and Ubuntu: apt-get install python3-venv"; exit 1; }

.venv/torch-installed: | $(BIN)/python
	@echo "installing torch 2.13.0 (Linux without a GPU: TORCH_INDEX=https://download.pytorch.org/whl/cpu saves gigabytes)"
	@$(INSTALL) $(if $(TORCH_INDEX),--extra-index-url $(TORCH_INDEX)) 'torch==2.13.0'
	@touch $@

.venv/demo-$(KEY): | .venv/torch-installed
	@echo "installing evidense[demo]"
	@$(INSTALL) -e '.[demo]'
	@touch $@

.venv/setup-$(KEY): | .venv/torch-installed
	@echo "installing evidense[demo,test]"
	@$(INSTALL) -e '.[demo,test]'
	@touch $@ .venv/demo-$(KEY)

.venv/bench-$(KEY): | .venv/setup-$(KEY)
	@echo "installing evidense[bench]"
	@$(INSTALL) -e '.[bench]'
	@touch $@

.venv/coverage-$(KEY): | .venv/setup-$(KEY)
	@echo "installing evidense[coverage]"
	@$(INSTALL) -e '.[coverage]'
	@touch $@

setup: .venv/setup-$(KEY)
	@$(BIN)/python -c 'import importlib.util, sys; sys.exit("torchvision is installed in .venv; it breaks transformers beside this torch: .venv/bin/pip uninstall torchvision" if importlib.util.find_spec("torchvision") else 0)'

check: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python docs/generate.py --check
	EVIDENSE_SHAPES=1 $(ONE_THREAD) $(BIN)/pytest $(PYTEST_ARGS) $(SHAPES)

test: setup
	$(ONE_THREAD) $(BIN)/pytest $(PYTEST_ARGS)

demo: .venv/demo-$(KEY)
	$(BIN)/evidense run
	@$(BIN)/evidense history -n 3
	@echo "$(BIN)/evidense open shows these pages in a browser: every query to search, the leaderboard, trends"

coverage: setup .venv/coverage-$(KEY)
	$(ONE_THREAD) $(BIN)/pytest $(PYTEST_ARGS) --cov --cov-report=json:.coverage.json --cov-report=
	$(BIN)/python docs/coverage.py .coverage.json

demo-literature: setup
	PYTHONPATH=tests $(BIN)/python -m sources.demo

bench: setup .venv/bench-$(KEY)
	$(ONE_THREAD) $(BIN)/python -m bench

bench-scale: setup
	$(ONE_THREAD) $(BIN)/python -m bench.scale

calibrate: setup
	$(ONE_THREAD) $(BIN)/pytest -m calibrate $(PYTEST_ARGS)

judge: setup
	@test -n "$(DATA)" || { echo "name a folder that holds scifact/ and citint/: make judge DATA=FOLDER"; exit 2; }
	$(ONE_THREAD) $(BIN)/python -m judge '$(DATA)'

judge-model: setup
	@test -n "$(DATA)" -a -n "$(OUT)" || { echo "name a folder of data and one for the judge: make judge-model DATA=FOLDER OUT=FOLDER"; exit 2; }
	PYTHONPATH=tests $(ONE_THREAD) $(BIN)/python -m judge.small '$(DATA)' --out '$(OUT)' $(if $(START),--start '$(START)') $(if $(SEED),--seed '$(SEED)')

fuzz: setup
	$(ONE_THREAD) $(BIN)/python tests/hostile/fuzz.py $(if $(SEED),--seed '$(SEED)',--minutes $(or $(MINUTES),10))

mutants: setup
	$(BIN)/python tests/mutants/run.py $(ONLY)

docs: setup
	$(BIN)/python docs/generate.py
