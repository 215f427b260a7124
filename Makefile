# SPDX-License-Identifier: Apache-2.0
#
# The short commands. CMakeLists.txt builds; this file only calls it and scripts/.

PORT ?= 8888
PREFIX ?= /usr/local
SECONDS ?= 60
T ?=

.DEFAULT_GOAL := help
.PHONY: run build check bench bench-million fuzz format docs install surface check-tls check-arm64 clean help

run:            ## serve hello at http://localhost:$(PORT)/ until Ctrl-C
	@scripts/setup run
	@scripts/build release examples-hello
	@echo "hello is at http://localhost:$(PORT)/ until Ctrl-C"
	@exec build/release/examples/hello --port=$(PORT)

build:          ## build everything, optimized, into build/release
	@scripts/setup run
	@scripts/build release

check:          ## every test; with T=name only the tests that match, sanitized
	@scripts/setup check
	@scripts/check $(T)

bench:          ## compare speed and size with the peers found on this machine
	@scripts/setup bench
	@scripts/build release
	@bench/run

bench-million:  ## open a million WebSockets, or as many as this machine has room for
	@scripts/setup bench
	@scripts/build release
	@bench/run million

fuzz:           ## fuzz each parser for SECONDS (default 60); with T=name only that one
	@scripts/setup fuzz
	@FUZZ_SECONDS=$(SECONDS) scripts/fuzz $(T)

format:         ## put the C files into the project's format
	@scripts/setup format
	@scripts/format

docs:           ## build the reference pages from the public headers
	@scripts/setup docs
	@scripts/docs

surface:        ## say how much of Tornado's surface is covered
	@scripts/check-surface

check-tls: build ## look at the TLS of the conformance program with testssl.sh (two minutes)
	@scripts/setup tls
	@scripts/check-tls

check-arm64:    ## build for AArch64 and run its tests under qemu
	@scripts/setup arm64
	@scripts/check-arm64

install: build  ## install into PREFIX (default /usr/local)
	@cmake --install build/release --prefix $(PREFIX)
	@[ "$$(id -u)" -ne 0 ] || ldconfig

clean:          ## remove build/
	@rm -rf build

help:           ## this list
	@sed -nE 's/^([a-z0-9-]+):[^#]*## (.*)/  make \1\t\2/p' Makefile | sed 's/$$(PORT)/$(PORT)/' | expand -t 20
