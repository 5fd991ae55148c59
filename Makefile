# The front door; everything real lives in tools/ and CMake. Each target can be run again and is
# then quick.
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory
SHELL := /bin/bash

PREFIX ?= /usr/local

.PHONY: help setup build demo test bench install format format-check tidy fuzz tsan

help:  ## List the targets
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-13s %s\n", $$1, $$2}' Makefile

setup:  ## Install what building and testing need (Debian 12)
	@tools/setup

build:  ## Build the release: build/release/src/app/trueup
	@tools/setup --build
	@tools/build release

demo: build  ## Extract, damage the copy, find it, repair it: on an embedded database
	@tools/demo

test: export FUZZ_SECONDS ?= 3
test:  ## Everything that must pass: checks of the text, then all tests under sanitizers
	@tools/setup
	@tools/tidy
	@tools/format --check
	@tools/build dev
	@tools/build fuzz fuzz
	@tools/run_tests dev

bench: build  ## Measure, by interleaved rounds
	@bench/run

install: build  ## Install below PREFIX (default /usr/local)
	@cmake --install build/release --prefix '$(PREFIX)' | sed 's/^-- //'

format:  ## Format the C++ sources
	@tools/format

format-check:  ## Fail when a C++ source is not formatted
	@tools/format --check

tidy:  ## tools/tidy, and clang-tidy over every source (minutes)
	@tools/setup
	@tools/tidy
	@tools/build dev
	@git ls-files 'src/*.cc' 'bench/*.cc' 'tests/*.cc' | xargs -P "$$(nproc)" -n 1 clang-tidy-19 -p build/dev --quiet \
	    2> >(grep -v 'warnings generated' >&2)

fuzz:  ## Fuzz every parser of foreign bytes, FUZZ_SECONDS each (default 15)
	@tools/setup
	@tools/build fuzz fuzz
	@tools/fuzz --all

tsan:  ## All tests under ThreadSanitizer
	@tools/setup
	@tools/build tsan
	@tools/run_tests tsan -E '^(fuzz|arch|tidy)'
