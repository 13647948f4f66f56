# Paperlab. Type `make` for help.
#
# Every target sets up what it needs: it builds, and finds or installs
# redis-server. Only Go and make must be there.

NAME        ?=
SEED        ?= 1
SEEDS       ?=
AGAIN       ?=
PROFILE     ?=
CORPUS      ?= builtin
ENVIRONMENT ?= process
RUN         ?=
PKG         ?=
SAMPLE      ?= 0
BESIDE      ?=
# Any value: do not wait for another run on this machine to end.
WAIT = $${BESIDE:+--beside}
# Any text has the capacity measured again, though a figure is known that holds.
REMEASURE   ?=

# What the user says reaches recipes by the environment, as "$$NAME", and is never
# pasted into them: a name may have blanks, quotes and dollars. $(value) keeps make
# itself from expanding it. This stands before the first $(shell), which exports.
SAID := NAME SEED SEEDS AGAIN PROFILE CORPUS ENVIRONMENT RUN PKG SAMPLE BESIDE REMEASURE
$(foreach word,$(SAID),$(eval override $(word) := $$(value $(word))))
export $(SAID)

FOLDERS := bench cmd compose faults grafana reports scenarios system

LAB := .build/lab
# The commit goes into the programs, and from there into every record.
BUILD := -trimpath -buildvcs=auto
# The race detector needs a C compiler; the lab and the service do not.
RACE := $(shell command -v "$$(go env CC)" >/dev/null 2>&1 && echo -race)

.DEFAULT_GOAL := help
.PHONY: help build scenario bench sabotage mutate test lint nightly report recount heal list clean

help: ## show this help
	@awk 'BEGIN {FS = ":.*## "} /^[a-z]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo
	@echo "  make scenario NAME=consumer-crash [SEED=1] [PROFILE=compare|all|naive|careful|hardened] [CORPUS=builtin|FILE|live]"
	@echo "                     [REMEASURE=1: measure again what this machine can do]"
	@echo "  make scenario NAME=consumer-crash SEEDS=1..20 [AGAIN=inconclusive]   a set; the same command goes on"
	@echo "  make bench NAME=sharding|detect [SEED=1]"
	@echo "  BESIDE=1 does not wait for another run on this machine to end"
	@echo
	@echo "  Reports land in reports/out/NAME/latest/report.html"

build: ## compile the lab and the service into .build
	@command -v go >/dev/null || { echo "go was not found: install Go 1.26 or newer (https://go.dev/dl)"; exit 3; }
	@go build $(BUILD) -o .build/ ./cmd/lab ./cmd/papers

scenario: build ## run one scenario and write its report: make scenario NAME=consumer-crash
	@$(LAB) scenario --seed="$$SEED" --seeds="$$SEEDS" --again="$$AGAIN" --profile="$$PROFILE" --corpus="$$CORPUS" --environment="$$ENVIRONMENT" $${REMEASURE:+--remeasure} $(WAIT) -- "$$NAME"

bench: build ## run one benchmark and write its report: make bench NAME=sharding
	@$(LAB) bench --seed="$$SEED" $(WAIT) -- "$$NAME"

sabotage: build ## prove the judge: each planted defect must turn exactly its checker red
	@go build $(BUILD) -tags sabotage -o .build/papers-sabotage ./cmd/papers
	@$(LAB) sabotage --seed="$$SEED" $(WAIT) -- "$$NAME"

test: SHELL := /bin/bash
test: .SHELLFLAGS := -o pipefail -c
test: build ## vet, and all tests, on a real Redis Cluster, with the race detector
	@$(LAB) setup
	@go vet ./...
	@test -n "$(RACE)" || echo "no C compiler was found: the tests run without the race detector"
	@go test -v $(RACE) -p 1 -timeout 20m ./... 2>&1 | tee .build/test.log | grep --line-buffered -E '^(ok|FAIL|panic:)|^ *--- (FAIL|SKIP)' \
	  || { grep -B 40 -A 3 -E '^ *--- FAIL|^panic:' .build/test.log | tail -300; echo "all of it: .build/test.log"; exit 1; }
	@grep -A 1 -E '^ *--- SKIP' .build/test.log || echo "no test was skipped"

lint: ## gofmt, staticcheck, and functions that no program reaches
	@test -z "$$(gofmt -l $(FOLDERS))" || { gofmt -l $(FOLDERS); echo "run gofmt -w on these"; exit 1; }
	@go tool staticcheck ./...
	@dead="$$(go tool deadcode -test=false ./cmd/...)"; test -z "$$dead" || { echo "$$dead"; exit 1; }
	@echo "lint: clean"

mutate: ## judge the judges: change their code, expect their tests to notice: make mutate [PKG=scenarios/check] [SAMPLE=50]
	@set -f; go run ./cmd/mutate -sample "$$SAMPLE" -seed "$$SEED" -- $$PKG

nightly: build sabotage ## every scenario, the benchmark and the sabotages
	@$(LAB) nightly --seed="$$SEED" --corpus="$$CORPUS" $(WAIT)

report: build ## index of all results, or the pages of one again: make report RUN=reports/out/NAME/latest
	@$(LAB) report -- $${RUN:+"$$RUN"}

recount: build ## count a run's history again in another language: make recount RUN=reports/out/NAME/latest
	@$(LAB) recount -- $${RUN:+"$$RUN"}

heal: build ## undo what a killed lab left behind
	@$(LAB) heal

list: build ## the scenarios, faults, invariants and benchmarks
	@$(LAB) list

clean: ## remove what was built; reports stay
	@rm -rf .build
