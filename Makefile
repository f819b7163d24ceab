# Every target first installs what is missing (tools/setup); the work itself is in tools/.
#
#   BAZEL=…       the Bazel to run, with start-up options if need be
#   PREFIX=…      where `make install` puts Sluice (default /usr/local), below DESTDIR if that is set
#   FUZZ_SECONDS=… how long `make fuzz` runs each target (default 60)
BAZEL ?= bazel
PREFIX ?= /usr/local
FUZZ_SECONDS ?= 60
export BAZEL

.DEFAULT_GOAL := help
.PHONY: help demo serve test bench check asan tsan fuzz install compdb clean

help:
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' Makefile | while IFS='	' read -r name what; do printf '  make %-9s %s\n' "$$name" "$$what"; done

demo: ## show a real nginx enforcing a policy, one request per row; ends all it started
	@tools/setup demo
	@tools/demo

serve: ## the same servers, left running until interrupted
	@tools/setup demo
	@tools/demo --serve

test: ## every test, then the sanitizer runs; what CI runs
	@tools/setup build
	@tools/test

bench: ## one table: each figure beside the floor of the same run
	@tools/setup build
	@tools/bench

check: ## format, linters, header, layering and containment checks
	@tools/setup check
	@tools/check

asan: ## the tests of the parsers and the decision under AddressSanitizer and UBSan
	@tools/setup build
	@tools/test asan

tsan: ## the tests of threads under ThreadSanitizer
	@tools/setup build
	@tools/test tsan

fuzz: ## run each fuzz target for FUZZ_SECONDS=60 seconds
	@tools/setup fuzz
	@tools/fuzz $(FUZZ_SECONDS)

install: ## headers, libraries, pkg-config and CMake files, the command: PREFIX=/usr/local, DESTDIR=
	@tools/setup build
	@tools/install "$(DESTDIR)" "$(PREFIX)"

compdb: ## compile_commands.json for editors and clang-tidy
	@tools/setup build
	@tools/compdb

clean: ## remove what was built here (not the disk cache in ~/.cache/sluice-bazel)
	@tools/setup demo
	@$(BAZEL) clean
	@rm -rf compile_commands.json
