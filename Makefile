# Two commands do all the set-up on a machine with Python 3.11+, a C++17 compiler, pip and make:
#   make demo    converts, packs and asks a small synthetic file that comes with the project
#   make test    runs the tests
# Each builds .venv with the versions of constraints.txt. `make check` adds lint, types and the C++ checks.
SHELL := bash -o pipefail
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/pip --disable-pip-version-check --quiet
NATIVE := CMakeLists.txt pyproject.toml constraints.txt $(wildcard bindings/* src/nb201store/*.hpp cmake/*)

.PHONY: demo test check lint types cpp consumer fuzz benchmarks benchmarks-converting benchmarks-codecs wheel-venv format docs clean

demo: $(VENV)/.installed
	$(BIN)/nb201 demo --folder demo

test: $(VENV)/.installed $(VENV)/.test-tools
	$(BIN)/python -m pytest -n auto

check: lint types test cpp consumer fuzz

$(VENV)/.pip: constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(PIP) install -c constraints.txt --upgrade pip
	touch $@

# Editable, without build isolation: a source tree never shadows a half-installed package this way.
$(VENV)/.installed: $(VENV)/.pip $(NATIVE)
	$(PIP) install -c constraints.txt --group build
	$(PIP) install -c constraints.txt --no-build-isolation -e .
	touch $@

$(VENV)/.test-tools: $(VENV)/.installed
	$(PIP) install -c constraints.txt --group test --group peers --group benchmarks
	$(PIP) install -c constraints.txt --no-deps xautodl
	touch $@

$(VENV)/.fuzz-tools: $(VENV)/.installed
	$(PIP) install -c constraints.txt --group fuzz
	touch $@

$(VENV)/.lint-tools: $(VENV)/.pip
	$(PIP) install -c constraints.txt --group lint
	touch $@

lint: $(VENV)/.lint-tools
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/codespell
	git ls-files '*.hpp' '*.cpp' '*.h' | xargs $(BIN)/clang-format --dry-run --Werror

format: $(VENV)/.lint-tools
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .
	git ls-files '*.hpp' '*.cpp' '*.h' | xargs $(BIN)/clang-format -i

types: $(VENV)/.installed $(VENV)/.lint-tools
	$(BIN)/mypy
	$(BIN)/stubtest nb201store._core --allowlist bindings/stubtest.allow

# The core alone, without Python: tests under AddressSanitizer and UBSan, warnings as errors. Needs doctest.h.
CONFIGURE = PATH="$(abspath $(BIN)):$$PATH" cmake -G Ninja
cpp: $(VENV)/.installed
	$(CONFIGURE) --preset asan
	$(BIN)/cmake --build --preset asan
	$(BIN)/ctest --preset asan

# examples/cpp, a project of its own that embeds the core: from the source tree, an installed prefix, an installed wheel.
consumer: $(VENV)/.installed
	tests/cpp/check_consumer.sh $(BIN)

# Needs clang, and for the Python readers atheris, which has wheels for some CPythons on Linux only (3.11 among them).
# Two fuzzers run at a time, each FUZZ_SECONDS long. A finding is kept in build/fuzz; replay it with
# build/fuzz/tests/fuzz/fuzz_image FILE (or fuzz_pickle), or as tests/fuzz/fuzz_readers.py says. One of the readers goes to
# tests/fuzz/failed, which the tests replay without atheris.
FUZZ_SECONDS ?= 60
FUZZERS := fuzz_pickle sources fuzz_image records
FUZZ_BUILT := build/fuzz/tests/fuzz
fuzz: $(VENV)/.fuzz-tools
	$(CONFIGURE) --preset fuzz
	$(BIN)/cmake --build --preset fuzz
	$(FUZZ_BUILT)/make_corpus $(FUZZ_BUILT)/fuzz_image_corpus
	$(FUZZ_BUILT)/make_pickle_corpus $(FUZZ_BUILT)/fuzz_pickle_corpus
	printf '%s\n' $(FUZZERS) | xargs -P 2 -I{} $(MAKE) --no-print-directory fuzz-{}
.PHONY: $(addprefix fuzz-,$(FUZZERS))
fuzz-fuzz_image fuzz-fuzz_pickle: fuzz-fuzz_%:
	$(FUZZ_BUILT)/fuzz_$* $(FUZZ_OPTIONS) $(FUZZ_BUILT)/fuzz_$*_corpus $(FUZZ_LOG)
fuzz-sources fuzz-records: fuzz-%:
	PYTHONPATH=tests/support:examples $(BIN)/python tests/fuzz/fuzz_readers.py $* build/fuzz/$*_corpus $(FUZZ_OPTIONS) $(FUZZ_LOG)
FUZZ_OPTIONS = -max_total_time=$(FUZZ_SECONDS) -artifact_prefix=build/fuzz/ -print_final_stats=1
FUZZ_LOG = >build/fuzz/$@.log 2>&1; ended=$$?; echo "$@"; tail -n 12 build/fuzz/$@.log; exit $$ended

# Every workload against its baselines (benchmarks/run.py). Without IMAGE= on the small demo image, results under build/;
# with it results go to benchmarks/results/ and docs/benchmarks.md is written from them:
#   make benchmarks IMAGE=tss.nb201 ARCHIVE=tss.zarr OFFICIAL=NATS-tss-v1_0-3ffb9-simple OFFICIAL_201=v1_1.pth
# Process starts are timed with a wheel: an editable install has a finder that every start of its Python pays for.
ROUNDS ?= 11
WHEEL_VENV := build/benchmarks/wheel
SITE := 'import sysconfig; print(sysconfig.get_path("purelib"))'
SITES := 'import sys; print(*(path for path in sys.path if path.endswith("-packages")), sep="\n")'
BENCHMARK_RESULTS = $(if $(IMAGE),benchmarks/results/$(basename $(notdir $(IMAGE))).json,build/benchmarks/demo.json)
BENCHMARK_PAGE = $(if $(IMAGE),docs/benchmarks.md,build/benchmarks/demo.md)
wheel-venv: $(VENV)/.test-tools
	$(BIN)/python -m venv --clear --without-pip $(WHEEL_VENV)
	$(PIP) wheel --no-build-isolation --no-deps --wheel-dir $(WHEEL_VENV) .
	$(PIP) --python $(WHEEL_VENV)/bin/python install --no-deps $(WHEEL_VENV)/nb201store-*.whl
	$(BIN)/python -P -c $(SITES) > "$$($(WHEEL_VENV)/bin/python -c $(SITE))/peers.pth"

benchmarks: wheel-venv
	$(CONFIGURE) --preset benchmarks
	$(BIN)/cmake --build --preset benchmarks
	$(BIN)/python benchmarks/run.py $(if $(IMAGE),--image $(IMAGE)) $(if $(ARCHIVE),--archive $(ARCHIVE)) \
	  $(if $(OFFICIAL),--official $(OFFICIAL)) $(if $(OFFICIAL_201),--official-201 $(OFFICIAL_201)) \
	  $(if $(SCRATCH),--scratch $(SCRATCH)) $(if $(TOY),--toy) --rounds $(ROUNDS) \
	  --interpreter $(WHEEL_VENV)/bin/python --programs build/benchmarks/benchmarks/cpp --out $(BENCHMARK_RESULTS)
	$(BIN)/python benchmarks/make_docs.py $(BENCHMARK_RESULTS) $(BENCHMARK_PAGE)

# Whole sources converted and verified: minutes a round at full size, so few rounds, and a page of their own. Without
# OFFICIAL= and OFFICIAL_201= on the demo's cells, results under build/; with one or both docs/benchmarks-converting.md:
#   make benchmarks-converting OFFICIAL=NATS-tss-v1_0-3ffb9-simple OFFICIAL_201=v1_1.pth SCRATCH=/somewhere/with/6/GB
CONVERTING_RESULTS = $(if $(OFFICIAL)$(OFFICIAL_201),benchmarks/results,build/benchmarks)/converting.json
CONVERTING_PAGE = $(if $(OFFICIAL)$(OFFICIAL_201),docs/benchmarks-converting.md,build/benchmarks/converting.md)
benchmarks-converting: ROUNDS := 3
benchmarks-converting: wheel-venv
	$(BIN)/python benchmarks/run.py --converting $(if $(OFFICIAL),--official $(OFFICIAL)) \
	  $(if $(OFFICIAL_201),--official-201 $(OFFICIAL_201)) $(if $(SCRATCH),--scratch $(SCRATCH)) \
	  $(if $(TOY),--toy) --rounds $(ROUNDS) --interpreter $(WHEEL_VENV)/bin/python --out $(CONVERTING_RESULTS)
	$(BIN)/python benchmarks/make_docs.py $(CONVERTING_RESULTS) $(CONVERTING_PAGE)

# Chunks and codecs of an archive compared: half a minute a round and three minutes besides at full size. Without ARCHIVE=
# on the demo's archive, results under build/; with it docs/benchmarks-codecs.md. ARCHIVE_FLOAT64= is the same source
# converted with --loss float64, GENUINE= the folder of genuine records:
#   make benchmarks-codecs ARCHIVE=v1_1.zarr ARCHIVE_FLOAT64=v1_1-float64.zarr
GENUINE ?= $(wildcard ../shared/data/official)
CODECS_RESULTS = $(if $(ARCHIVE),benchmarks/results,build/benchmarks)/codecs.json
CODECS_PAGE = $(if $(ARCHIVE),docs/benchmarks-codecs.md,build/benchmarks/codecs.md)
benchmarks-codecs: ROUNDS := 3
benchmarks-codecs: $(VENV)/.test-tools
	$(BIN)/python benchmarks/run.py --codecs $(if $(ARCHIVE),--archive $(ARCHIVE)) \
	  $(if $(ARCHIVE_FLOAT64),--archive-float64 $(ARCHIVE_FLOAT64)) $(if $(GENUINE),--genuine $(GENUINE)) \
	  $(if $(SCRATCH),--scratch $(SCRATCH)) $(if $(TOY),--toy) --rounds $(ROUNDS) --out $(CODECS_RESULTS)
	$(BIN)/python benchmarks/make_docs.py $(CODECS_RESULTS) $(CODECS_PAGE)

# docs/search.md needs a full image: make docs IMAGE=tss.nb201
docs: $(VENV)/.installed
	$(BIN)/python docs/make_data_md.py
	$(if $(IMAGE),$(BIN)/python docs/make_search_md.py $(IMAGE) docs/search.md)

clean:
	rm -rf build $(VENV)
