# Hatoba. `make help` lists what there is.
SHELL := /bin/bash
GO    ?= go
ARCH  := $(shell $(GO) env GOARCH)
SHIMS := internal/shim/bin/hatoba-shim-$(ARCH).gz
LD    := -s -w

.DEFAULT_GOAL := help

help: ## list the targets
	@grep -hE '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 18

setup: ## install what running containers needs here (runc, nftables)
	@./test/setup.sh

internal/shim/bin/hatoba-shim-%.gz: go.mod $(shell find cmd/hatoba-shim internal/agent/logdriver/spool internal/agent/runtime/exit -name '*.go' 2>/dev/null)
	@mkdir -p $(@D)
	CGO_ENABLED=0 GOOS=linux GOARCH=$* $(GO) build -trimpath -ldflags "$(LD)" -o $(@:.gz=) ./cmd/hatoba-shim
	gzip -9 -n -f $(@:.gz=)

shim: $(SHIMS) ## build the shim that is carried inside hatoba

build: shim ## build bin/hatoba
	CGO_ENABLED=0 $(GO) build -tags embedshim -trimpath -ldflags "$(LD)" -o bin/hatoba ./cmd/hatoba

cross: internal/shim/bin/hatoba-shim-amd64.gz internal/shim/bin/hatoba-shim-arm64.gz ## build for linux/amd64, linux/arm64 and the client for darwin
	CGO_ENABLED=0 GOOS=linux GOARCH=amd64 $(GO) build -tags embedshim -trimpath -ldflags "$(LD)" -o bin/hatoba-linux-amd64 ./cmd/hatoba
	CGO_ENABLED=0 GOOS=linux GOARCH=arm64 $(GO) build -tags embedshim -trimpath -ldflags "$(LD)" -o bin/hatoba-linux-arm64 ./cmd/hatoba
	CGO_ENABLED=0 GOOS=darwin GOARCH=arm64 $(GO) build -trimpath -ldflags "$(LD)" -o bin/hatoba-darwin-arm64 ./cmd/hatoba

demo: setup build ## the main job, from nothing: image, secret, task definition, running task
	./bin/hatoba demo

test: setup shim ## all tests: hermetic ones, then those that run containers (root)
	./test/run.sh

soak: setup shim ## 500 tasks of mixed kinds while Hatoba is killed; HATOBA_SOAK=N, HATOBA_SOAK_SEED=S
	HATOBA_ROOT_TESTS=1 HATOBA_SOAK=$${HATOBA_SOAK:-500} $(GO) test -tags embedshim -count=1 -timeout 60m -v -run TestSoak ./test/soak

test-upgrade: setup shim ## tasks of the build named in test/upgrade/PREVIOUS, under this one and back
	./test/upgrade/run.sh

test-unit: ## the fast, hermetic tests only
	$(GO) test ./...

test-race: ## the hermetic tests under the race detector (wants a C compiler)
	CGO_ENABLED=1 $(GO) test -race ./...

test-cgroup2: setup build ## the demo's task on a cgroup v2 kernel, in a small QEMU guest
	./test/cgroup2/run.sh

fuzz: ## every fuzz target for a while (FUZZTIME=5s each, or FUZZTOTAL=180s for all)
	GO=$(GO) ./test/fuzz.sh

bench: setup build ## ratios against references measured in the same run
	./test/bench/run.sh

generate: ## rebuild generated files (docs/compatibility.md)
	$(GO) generate ./...

lint: ## gofmt, go vet, golangci-lint
	@test -z "$$(gofmt -l $$(git ls-files '*.go'))" || { gofmt -l $$(git ls-files '*.go'); exit 1; }
	$(GO) vet ./...
	@./test/lint.sh

dev: setup build ## run Hatoba from this checkout, data under .cache/dev
	./bin/hatoba up --data-dir .cache/dev --log-level debug

clean: ## remove what the build made
	rm -rf bin internal/shim/bin .cache

.PHONY: help setup shim build cross demo test soak test-upgrade test-unit test-race test-cgroup2 fuzz bench generate lint dev clean
