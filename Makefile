# make run     train on the built-in Bach chorales for two minutes and write a new one
# make test    the fast tests        make test-all   with the slow learning tests
# make fuzz    damaged input for MINUTES=10: what may not come of it is kept in build/fuzz
# make check   lint, types, floors,  make bench      the benchmarks that need no outside data
#              documentation         make docs       the documentation as a site, in build/site
# Each sets up all it needs by itself (virtual environment in .venv) and is quick the second time.

PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready
MINUTES ?= 10
RUN ?= runs/chorales-$(shell date +%Y%m%d-%H%M%S)
PYTEST := $(BIN)/python -m pytest -n 2 --dist loadgroup
# strict: a broken link, a page outside the navigation or a name that is not there is an error
MKDOCS := NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

.PHONY: run test test-all fuzz check docs bench install format clean

run: $(READY)
	$(BIN)/throughtime train music --out $(RUN) --minutes 2
	$(BIN)/throughtime generate $(RUN) --out chorale.mid --temperature 0.8

test: $(READY)
	OMP_NUM_THREADS=1 $(PYTEST) -m "not slow"

test-all: $(READY)
	OMP_NUM_THREADS=1 $(PYTEST)

fuzz: $(READY)
	PYTHONPATH=tests OMP_NUM_THREADS=1 $(BIN)/python -m fuzz --minutes $(MINUTES)

check: $(READY)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(MKDOCS) --quiet

docs: $(READY)
	$(MKDOCS)

bench: $(READY)
	$(BIN)/python benchmarks/recurrent.py
	$(BIN)/python benchmarks/language_model_speed.py

format: $(READY)
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

install: $(READY)

# the stamp is touched last: an installation that broke off is done again; so is one whose kernels have changed since, or
# that does not know where a package is
$(READY): pyproject.toml constraints.txt CMakeLists.txt $(wildcard src/throughtime/kernels/cpp/*) \
          $(shell find src -name __init__.py)
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable ".[all,dev]"
	$(BIN)/python -m throughtime.tasks.prefetch
	@$(BIN)/throughtime bench --doctor | grep -A 1 "problem.*compiled module" || true
	touch $(READY)

clean:
	rm -rf .venv build dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
