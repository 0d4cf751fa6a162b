# Everything a contributor does is one target here; `make` alone lists them.

.DEFAULT_GOAL := help
SHELL := /bin/sh
.DELETE_ON_ERROR:

VENV := .venv
PYTHON_IN := $(VENV)/bin/python
READY := $(VENV)/.ready
FAST := $(VENV)/.fast

# The demo's site; any other: make demo UNS_SITE_FILE=/path/to/site.yaml
UNS_SITE_FILE ?= deploy/site/acme-dallas.yaml
export UNS_SITE_FILE

# How many test processes; each has a database and a broker of its own.
WORKERS ?= auto
# For example make test TESTS=tests/unit
TESTS ?= tests

# Modules that write generated files: run plainly they write, with --check they compare and fail on a difference.
GENERATORS := namespace.cli.documents tests.conformance.page

WEB := services/console/web
ifneq ($(wildcard $(WEB)/package.json),)
WEB_BUNDLE := services/console/static/bundle/index.html
endif
PROTO_OUT := namespace/sparkplug/_pb

.PHONY: help demo test check setup accelerate lock proto generate new-service web dist image soak interop bench clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile

demo: $(READY) $(FAST) $(WEB_BUNDLE) ## Start a whole site with a simulated bottling line; Ctrl-C stops it
	@UNS_DEMO=true exec $(VENV)/bin/uns up

test: $(READY) $(FAST) $(WEB_BUNDLE) ## Run the test-suite against real Mosquitto and real PostgreSQL
	$(PYTHON_IN) -m pytest -n $(WORKERS) -m "not soak" --ignore=tests/benchmarks $(TESTS)

check: $(READY) ## Format, lint, types, import rules, generated files: what CI runs before the tests
	$(VENV)/bin/ruff format --check --quiet .
	$(VENV)/bin/ruff check --quiet .
	$(VENV)/bin/mypy
	$(VENV)/bin/pyright
	$(VENV)/bin/lint-imports --no-logo
	@$(MAKE) --no-print-directory check-proto
	@for module in $(GENERATORS); do echo "$$module --check"; $(PYTHON_IN) -m $$module --check || exit 1; done
ifdef WEB_BUNDLE
	sh deploy/bootstrap/web.sh check
endif

.PHONY: check-proto
check-proto: $(READY)
	@rm -rf .cache/proto && mkdir -p .cache/proto
	@$(PYTHON_IN) -m grpc_tools.protoc -Iproto --python_out=.cache/proto --pyi_out=.cache/proto proto/sparkplug_b.proto
	@for file in .cache/proto/*; do \
		cmp -s $$file $(PROTO_OUT)/$${file##*/} || { echo "$(PROTO_OUT)/$${file##*/} is out of date: make proto"; exit 1; }; \
	done

setup: $(READY) $(FAST) ## Make .venv with every locked dependency; needs python3 alone, no root

$(READY): requirements.lock pyproject.toml deploy/bootstrap/setup.sh deploy/bootstrap/fetch_packages.sh
	@sh deploy/bootstrap/setup.sh
	@touch $@

# Built where a compiler is there anyway, and passed over without a word where none is: nothing needs them.
$(FAST): $(READY) deploy/bootstrap/accelerate.py $(shell find namespace services -path '*/_fast/*.[ch]')
	@$(PYTHON_IN) deploy/bootstrap/accelerate.py --if-possible
	@touch $@

accelerate: $(READY) ## Build the optional compiled steps, or say why not; needs a C compiler and Python's headers, nothing else does
	$(PYTHON_IN) deploy/bootstrap/accelerate.py

lock: $(READY) ## Resolve the dependencies of pyproject.toml anew into requirements.lock
	$(VENV)/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
		--no-header --group dev --extra fast pyproject.toml --output-file requirements.lock

proto: $(READY) ## Generate the Sparkplug B codec's classes from proto/
	$(PYTHON_IN) -m grpc_tools.protoc -Iproto --python_out=$(PROTO_OUT) --pyi_out=$(PROTO_OUT) proto/sparkplug_b.proto

generate: proto ## Write every generated file anew
	@for module in $(GENERATORS); do echo "$$module"; $(PYTHON_IN) -m $$module || exit 1; done

new-service: $(READY) ## Write a new service from the template: make new-service NAME=tool_room
	$(PYTHON_IN) deploy/templates/new_service.py $(NAME)
	@$(MAKE) --no-print-directory generate

web: $(WEB_BUNDLE) ## Bundle the console's pages

$(WEB_BUNDLE): $(READY) $(shell find $(WEB) -path '*/node_modules' -prune -o -type f -print 2>/dev/null)
	sh deploy/bootstrap/web.sh build
	@touch $@

dist: $(READY) $(WEB_BUNDLE) ## Write the wheel, and the locked requirements without the developers', to dist/
	rm -rf dist
	$(PYTHON_IN) -m hatchling build -t wheel -d dist
	$(VENV)/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
		--extra fast --constraints requirements.lock pyproject.toml --output-file dist/requirements.txt

# Both may be set: make image BASE_IMAGE=python:3.13-slim
IMAGE ?= uns-mes
BASE_IMAGE ?= python:3.12-slim

image: dist ## Build the container image of deploy/docker
	docker build --build-arg BASE_IMAGE=$(BASE_IMAGE) --tag $(IMAGE) --file deploy/docker/Dockerfile dist

soak: $(READY) $(FAST) $(WEB_BUNDLE) ## Run the long tests
	$(PYTHON_IN) -m pytest -m soak --timeout=0 tests

interop: $(READY) ## Fetch Sparkplug codecs of others (Node, Java) and compare ours with them
	$(PYTHON_IN) -m tests.interop.peers
	$(PYTHON_IN) -m pytest -m interop tests/interop

bench: $(READY) $(FAST) ## Measure speed and size against goals and peers; QUICK=1 is a short form, ONLY=ingest,chain a part
	$(PYTHON_IN) -m tests.benchmarks $(if $(QUICK),--quick) $(if $(ONLY),--only $(ONLY))

clean: ## Remove everything that was made here except a site's data (.uns)
	rm -rf $(VENV) .cache .pytest_cache .ruff_cache .mypy_cache .hypothesis .import_linter_cache
	rm -rf $(WEB)/node_modules services/console/static/bundle
	find namespace services -path '*/_fast/*' -name '*.so' -delete
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
