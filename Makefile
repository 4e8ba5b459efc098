# This needs only Go and make. Go builds the linter, in a pinned version.
# Only `dist` and `bench` compile with the profile cmd/enrich/default.pgo: for the others, compiling would take longer than it saves.
GO ?= go
LINT_VERSION := v2.15.0
VULNS_VERSION := v1.9.0
# git refuses the folder of another user: then what was built there says which version it is.
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || cat bin/built 2>/dev/null || echo dev)
# How many parallel tests of a package run at once. Most of them wait, so it is more than a machine has processors.
PARALLEL ?= 8
# Where `install` puts things; DESTDIR is a root folder other than /, for those who make packages.
PREFIX ?= /usr/local
BIN = $(DESTDIR)$(PREFIX)/bin
SHARE = $(DESTDIR)$(PREFIX)/share

.PHONY: demo team test race lint bench profile build cross man soak install uninstall dist vulns

# Nothing is optimised, so that compiling takes 0.6 of the time on a machine where nothing is compiled yet. SQLite takes longest: it
# comes first, and the other packages are compiled beside it. It is installed because `go build` would leave it out.
PLAIN = -pgo=off -gcflags='all=-N -l -dwarf=false' -ldflags='-s -w'
demo: FAST = $(PLAIN) -tags=purego,noasm
demo: ## the main job on samples/, against the stand-in API
	@CGO_ENABLED=0 $(GO) list $(FAST) -f '{{if .Stale}}compiling enrich: the first time, this takes about a minute{{end}}' ./ledger/sqlite
	@CGO_ENABLED=0 GOGC=400 GOBIN='$(CURDIR)/bin/demo' $(GO) install $(FAST) ./ledger/sqlite ./cmd/enrich
	@bin/demo/enrich demo

team: ## three runs share a ledger in a real PostgreSQL, and one of them is killed; takes a minute
	@$(GO) run -pgo=off ./samples/team

# `test`, `lint` and `build` compile alike (-trimpath, no cgo, no profile), so that what one has compiled serves the others. `race`
# does not vet, because `test` does, and leaves debugging information out, which takes a fifth of its compiling.
test: ## all tests
	CGO_ENABLED=0 $(GO) test -trimpath -pgo=off -parallel $(PARALLEL) -timeout 20m ./...

race: ## the tests again, with the race detector (needs a C compiler); -short leaves out what it sees nothing in, such as other programs
	CGO_ENABLED=1 $(GO) test -race -short -vet=off -pgo=off -gcflags=all=-dwarf=false -parallel $(PARALLEL) -timeout 25m ./...

lint: ## formatting, vet and the linters of .golangci.yml
	CGO_ENABLED=0 GOFLAGS='$(shell $(GO) env GOFLAGS) -trimpath -pgo=off' $(GO) run github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(LINT_VERSION) run ./...

vulns: ## known vulnerabilities in what is compiled in: run it before a release (it needs Go's database of them, on the network)
	$(GO) mod verify
	$(GO) run golang.org/x/vuln/cmd/govulncheck@$(VULNS_VERSION) ./...

bench: ## a whole run compared with a bare net/http loop
	$(GO) run ./bench

profile: ## update cmd/enrich/default.pgo after a change on the path of a row
	$(GO) test -trimpath ./cmd/enrich -run - -bench Run -benchtime 400000x -cpuprofile cmd/enrich/default.pgo -o /dev/null

soak: ## a thousand kills, 300 with --bulk, a thousand of machines that share a database and a hundred of the database, every fault of bulk jobs, a disk that fails at each operation, and two minutes of random faults with the race detector
	TEST_ENRICH_SOAK_KILLS=1000 $(GO) test -count=1 -timeout 60m -v -run TestKilledAtAnyInstant ./cmd/enrich
	TEST_ENRICH_SOAK_KILLS=300 $(GO) test -count=1 -timeout 60m -v -run TestBulkKilledAtAnyInstant ./cmd/enrich
	TEST_ENRICH_SOAK_KILLS=1000 $(GO) test -count=1 -timeout 120m -v -run 'TestMachinesInChaos|TestTheRateInChaos' ./cmd/enrich
	TEST_ENRICH_FAULTS=all $(GO) test -count=1 -timeout 60m -run 'TestBulkFaults|TestFaults' ./cmd/enrich ./client
	TEST_ENRICH_SOAK_DISK=1 $(GO) test -count=1 -timeout 20m -v -run 'TestADiskThatFails|TestEachDiskOperation' ./cmd/enrich ./ledger/sqlite
	RAPID_CHECKS=1000 $(GO) test -count=1 -timeout 60m -run 'TestConformance|TestAPowerCut' ./ledger/sqlite
	CGO_ENABLED=1 TEST_ENRICH_SOAK=2m $(GO) test -race -count=1 -timeout 15m -v -run TestSoak ./cmd/enrich

build: ## a static binary in bin/
	CGO_ENABLED=0 $(GO) build -pgo=off -trimpath -ldflags '-s -w -X main.release=$(VERSION)' -o bin/enrich ./cmd/enrich

cross: ## compile for the other systems, one of them on arm64, and vet the tests; `dist` builds for both architectures of each
	@for target in darwin/arm64 windows/amd64; do \
		echo "building for $$target"; \
		CGO_ENABLED=0 GOOS=$${target%/*} GOARCH=$${target#*/} $(GO) build $(PLAIN) -o /dev/null ./cmd/enrich || exit 1; \
	done
	CGO_ENABLED=0 GOOS=darwin GOARCH=arm64 $(GO) vet $(PLAIN) ./...
	CGO_ENABLED=0 GOOS=windows GOARCH=amd64 $(GO) vet $(PLAIN) ./...

man: build ## the program, its man pages in bin/man and its completions in bin/completions: what `install` installs
	@rm -f bin/built
	bin/enrich man bin/man
	mkdir -p bin/completions
	bin/enrich completion bash > bin/completions/enrich
	bin/enrich completion zsh > bin/completions/_enrich
	bin/enrich completion fish > bin/completions/enrich.fish
	@echo '$(VERSION)' > bin/built

# Whether `man` made what is in bin from this source, as this version. Then `install` needs no Go, which root may not have.
BUILT = test "$$(cat bin/built 2>/dev/null)" = '$(VERSION)' && test -z "$$(find . -newer bin/built -type f \( -path ./bin/enrich -o \
	! -path './.*' ! -path './bin/*' ! -path './enrich-demo/*' ! -path '*/testdata/*' ! -name '*_test.go' \) | head -n 1)"

install: ## the program, its man pages and its completions; PREFIX (/usr/local), DESTDIR
	@$(BUILT) || $(MAKE) man
	install -d "$(BIN)" "$(SHARE)/man/man1" "$(SHARE)/bash-completion/completions" "$(SHARE)/zsh/site-functions" "$(SHARE)/fish/vendor_completions.d"
	install -m 755 bin/enrich "$(BIN)/enrich"
	install -m 644 bin/man/*.1 "$(SHARE)/man/man1"
	install -m 644 bin/completions/enrich "$(SHARE)/bash-completion/completions/enrich"
	install -m 644 bin/completions/_enrich "$(SHARE)/zsh/site-functions/_enrich"
	install -m 644 bin/completions/enrich.fish "$(SHARE)/fish/vendor_completions.d/enrich.fish"

uninstall: ## what install installed
	rm -f "$(BIN)/enrich" "$(SHARE)/man/man1/enrich.1" "$(SHARE)/man/man1/enrich-"*.1 "$(SHARE)/bash-completion/completions/enrich"
	rm -f "$(SHARE)/zsh/site-functions/_enrich" "$(SHARE)/fish/vendor_completions.d/enrich.fish"

dist: ## archives for all systems, Debian packages (MAINTAINER) and checksums in bin/dist, compiled with the profile
	$(GO) run -pgo=off ./packaging/dist -version '$(VERSION)' $(if $(MAINTAINER),-maintainer '$(MAINTAINER)')
