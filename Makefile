# Two commands do all the set-up on a machine with Python 3.11+, a C++17 compiler, pip and make:
#   make demo    converts, packs and asks a small synthetic file that comes with the project
#   make test    runs the tests
# Each builds .venv with the versions of constraints.txt. `make check` adds lint, types and the C++ checks.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/pip --disable-pip-version-check --quiet
NATIVE := CMakeLists.txt pyproject.toml constraints.txt $(wildcard bindings/* src/nb201store/*.hpp cmake/*)

.PHONY: demo test check lint types cpp consumer fuzz format docs clean

demo: $(VENV)/.installed
	$(BIN)/nb201 demo

test: $(VENV)/.installed $(VENV)/.test-tools
	$(BIN)/python -m pytest -n auto

check: lint types test cpp consumer

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
	$(PIP) install -c constraints.txt --group test --group peers
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
cpp: $(VENV)/.installed
	$(BIN)/cmake -S . -B build/cpp -G Ninja -DCMAKE_MAKE_PROGRAM=$(abspath $(BIN))/ninja -DCMAKE_BUILD_TYPE=Debug \
	  -DNB201STORE_BUILD_TESTS=ON -DNB201STORE_SANITIZE=ON -DNB201STORE_WARNINGS_AS_ERRORS=ON
	$(BIN)/cmake --build build/cpp
	$(BIN)/ctest --test-dir build/cpp --output-on-failure

# A program of another project that uses the core: by find_package from an install prefix, and by add_subdirectory.
CONFIGURE = $(BIN)/cmake -G Ninja -DCMAKE_MAKE_PROGRAM=$(abspath $(BIN))/ninja
consumer: $(VENV)/.installed
	$(CONFIGURE) -S . -B build/consumer/core
	$(BIN)/cmake --install build/consumer/core --prefix $(abspath build/consumer/prefix)
	$(CONFIGURE) -S tests/cpp/consumer -B build/consumer/find -DCMAKE_PREFIX_PATH=$(abspath build/consumer/prefix)
	$(BIN)/cmake --build build/consumer/find
	build/consumer/find/consumer
	$(CONFIGURE) -S tests/cpp/consumer -B build/consumer/subdirectory -DNB201STORE_SOURCE=$(abspath .)
	$(BIN)/cmake --build build/consumer/subdirectory
	build/consumer/subdirectory/consumer

# Needs clang with libFuzzer. New inputs are kept in build/fuzz/found, a crash in the current folder; replay one with
# build/fuzz/tests/fuzz/fuzz_image FILE.
FUZZ_SECONDS ?= 60
fuzz: $(VENV)/.installed
	$(CONFIGURE) -S . -B build/fuzz -DCMAKE_CXX_COMPILER=clang++ -DNB201STORE_BUILD_TESTS=ON -DNB201STORE_FUZZ=ON
	$(BIN)/cmake --build build/fuzz --target make_corpus fuzz_image
	build/fuzz/tests/fuzz/make_corpus build/fuzz/tests/fuzz/corpus
	mkdir -p build/fuzz/found
	build/fuzz/tests/fuzz/fuzz_image -max_total_time=$(FUZZ_SECONDS) -max_len=16384 -print_final_stats=1 \
	  build/fuzz/found build/fuzz/tests/fuzz/corpus

docs: $(VENV)/.installed
	$(BIN)/python docs/make_data_md.py

clean:
	rm -rf build $(VENV)
