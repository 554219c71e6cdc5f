# Each target is one line of real work. The first thing each does is tools/bootstrap: set up what is missing, check the rest.
.DEFAULT_GOAL := help
.PHONY: help ready up down status replay smoke load proof bench faults capacity check test conformance lock

export STOCK_TRACKER_STACK ?= local
python := .venv/bin/python

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST) | expand -t 20

ready: ## set up this machine and checkout (tools/bootstrap --help); STOCK_TRACKER_STACK names the stack, else local
	@tools/bootstrap

up: ready ## bring the platform up, check it, say where it is
	@$(python) -m ops up

down: ready ## remove it; data stays, and how to remove that is said
	@$(python) -m ops down

status: ready ## what runs, whether it is whole, and how it stands with its promises
	@$(python) -m ops status

replay: ready ## let a recorded day run through it: DAY=YYYY-MM-DD SPEED=60 (folder: STOCK_TRACKER_MARKET_DATA)
	@$(python) -m ops replay "$(DAY)" "$(or $(SPEED),60)"

smoke: ready ## check the running stack from outside; reports in out/
	@$(python) -m smoke --stack $(STOCK_TRACKER_STACK) --junit out/smoke.xml --json out/smoke.json

load: ready ## put the running stack under load and judge its promises; PROFILE names one of objectives.toml, HOLD shortens it
	@.venv/bin/locust -f loadtests/locustfile.py --headless $(if $(PROFILE),--profile $(PROFILE)) $(if $(HOLD),--hold-seconds $(HOLD))

proof: ## measure every promise on the running stack, in the browser too; report in out/proof/
	@tools/bootstrap --browser && $(python) -m loadtests.proof --stack $(STOCK_TRACKER_STACK)

bench: ready ## compare the fan-out and the quote routes with what one would pick instead; rows in out/bench/
	@$(python) -m loadtests.bench.fanout && $(python) -m loadtests.bench.api

faults: ready ## break sources, Redis, nodes and clients on purpose and judge what is answered; table, and out/faults.json
	@$(python) -m loadtests.faults api && $(python) -m loadtests.faults ws

capacity: ready ## how much the running stack carries here, and what an audience needs and costs: AUDIENCE=1000; out/capacity.json
	@$(python) -m ops capacity $(if $(AUDIENCE),--audience $(AUDIENCE))

check: ready ## lint, types, import rules, unit tests of Python and the page
	@tools/check

test: ## all of it: check, then real Redis, Postgres, Docker, the core scenarios, a stack from up to destroy, a browser
	@tools/bootstrap --browser && tools/test

conformance: ready ## every recorded scenario of the official plugins, not only the core
	@tools/conformance --all

lock: ready ## compile pyproject.toml into requirements/*.txt; UPGRADE=1 takes the newest versions
	@tools/lock $(if $(UPGRADE),--upgrade)
