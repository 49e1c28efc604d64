SHELL := bash
.DEFAULT_GOAL := help

VERSION := $(shell git describe --tags --always --dirty 2>/dev/null)
ENGINE  := deploy/engine/node_modules/@chdb/lib-linux-x64-gnu/libchdb.so
TOOLS   := deploy/tools/bin

# A shared server has one database cs, so that packages must take turns there.
TESTFLAGS := -timeout 55m $(if $(CSKPI_TEST_CLICKHOUSE_URL),-p 1)

.PHONY: help
help: ## List the targets.
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /\1\t/' | expand -t 12

.PHONY: run
run: engine build ## Fetch the engine, build, and start on a generated company.
	bin/cskpi demo

.PHONY: build
build: ## Build bin/cskpi.
	CGO_ENABLED=0 go build -trimpath -ldflags '-s -w -X main.version=$(VERSION)' -o bin/cskpi ./cmd/cskpi

.PHONY: blocks
blocks: ## Build bin/cskpi-blocks, with which cskpi history writes blocks of Prometheus.
	cd cmd/cskpi-blocks && CGO_ENABLED=0 go build -trimpath -ldflags '-s -w' -o ../../bin/cskpi-blocks .

.PHONY: engine
engine: $(ENGINE) ## Fetch the ClickHouse library of the local engine.
$(ENGINE): deploy/engine/package-lock.json
	npm ci --prefix deploy/engine --no-audit --no-fund
	touch $@

.PHONY: test
test: engine chromium $(TOOLS)/prometheus $(TOOLS)/promtool $(TOOLS)/alertmanager $(TOOLS)/amtool ## Run all tests, with the race detector where there is concurrency.
	# The longest come first, so that the others run beside them.
	CGO_ENABLED=1 go test -race $(TESTFLAGS) ./cmd/cskpi ./exporter/intake ./exporter/store ./exporter/engine ./exporter/history ./exporter/... ./cmd/...
	go test $(TESTFLAGS) ./queries ./dashboards ./deploy/...
	cd deploy/check && go test ./...

.PHONY: chromium
chromium: ## Install Chromium, in which tests open pages, where there is none (Debian, as root).
	command -v chromium >/dev/null || { apt-get update -q && apt-get install -y -q --no-install-recommends chromium; }

.PHONY: lint
lint: $(TOOLS)/golangci-lint ## Check style, and that generated files are current.
	$(TOOLS)/golangci-lint run
	cd cmd/cskpi-blocks && ../../$(TOOLS)/golangci-lint run
	cd deploy/check && ../../$(TOOLS)/golangci-lint run
	go test -count=1 -run '^TestReadmeTables$$' ./cmd/cskpi

.PHONY: generate
generate: ## Bring generated files up to date.
	go generate ./...
	cd deploy/check && go generate

.PHONY: bench
bench: engine ## Run the benchmarks, each beside what it is compared with.
	go test -run '^$$' -bench . -benchtime 1x -timeout 60m ./...

.PHONY: soak
soak: engine ## Send facts at length while engine and service are killed, 60 times.
	CSKPI_TEST_SOAK=60 go test -count=1 -run '^Test(Soak|Damage$$)' -v -timeout 60m ./cmd/cskpi ./exporter/parts

.PHONY: mutations
mutations: engine ## Make small faults in the SQL, one after the other, and see that tests notice each.
	CSKPI_TEST_MUTATIONS=1 go test -count=1 -run '^TestMutations$$' -v -timeout 60m ./queries

.PHONY: released
released: engine ## Pack a data folder as RELEASE writes it, for the tests of upgrades: make released RELEASE=v1.2.0.
	cmd/cskpi/testdata/releases/pack.sh $(RELEASE)

.PHONY: tools
tools: $(TOOLS)/prometheus $(TOOLS)/promtool $(TOOLS)/alertmanager $(TOOLS)/amtool $(TOOLS)/golangci-lint ## Build the pinned Prometheus, Alertmanager, their tools and golangci-lint.
$(TOOLS)/prometheus: PACKAGE := github.com/prometheus/prometheus/cmd/prometheus
$(TOOLS)/promtool: PACKAGE := github.com/prometheus/prometheus/cmd/promtool
$(TOOLS)/golangci-lint: PACKAGE := github.com/golangci/golangci-lint/v2/cmd/golangci-lint
$(TOOLS)/%: deploy/tools/go.mod deploy/tools/go.sum
	cd deploy/tools && CGO_ENABLED=0 go build -tags remove_all_sd -ldflags '-s -w' -o bin/$* $(PACKAGE)

$(TOOLS)/alertmanager $(TOOLS)/amtool: $(TOOLS)/%: deploy/tools/alertmanager/go.mod deploy/tools/alertmanager/go.sum
	cd deploy/tools/alertmanager && CGO_ENABLED=0 go build -ldflags '-s -w' -o ../bin/$* github.com/prometheus/alertmanager/cmd/$*

.PHONY: clean
clean: ## Remove what was built and fetched; data stays.
	rm -rf bin $(TOOLS) deploy/engine/node_modules
