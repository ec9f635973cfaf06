# The commands of this project. `make` lists them.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help venv run demo stop reset status token ph test test-long access bench chaos fuzz mutants check schemas dashboards promtool event example format lock k8s k8s-rollout k8s-rollouts manifests k8s-apiserver

PYTHON ?= python3
VENV := .local/venv
PY := $(VENV)/bin/python
# Other locks or another place of the tree (scripts in a venv name their own path) make another environment.
RUN_LOCKS := $(addprefix requirements/,installer.lock services.lock operators.lock local.lock)
ALL_LOCKS := $(RUN_LOCKS) requirements/tests.lock
RUN_STAMP := $(VENV)/.run-$(shell (pwd; cat $(RUN_LOCKS)) | sha256sum | cut -c1-16)
ALL_STAMP := $(VENV)/.all-$(shell (pwd; cat $(ALL_LOCKS)) | sha256sum | cut -c1-16)
MAKE_VENV = @deploy/local/make-venv "$(PYTHON)" --run-stamp $(RUN_STAMP) --all-stamp $(ALL_STAMP) --for "$(FOR)" --layer
export PYTHONPATH := services:.
export PYTHONDONTWRITEBYTECODE :=
# How the services log in to Kafka: make run KAFKA=scram, make test KAFKA=scram; else not at all.
export PH_KAFKA := $(or $(KAFKA),$(PH_KAFKA))

# Tests run in three processes, each with a stack of its own: mostly they wait. Files that share more than that stack
# run in one of them (tests/support/side_by_side.py).
SIDE_BY_SIDE := --numprocesses 3 --dist loadfile --no-loadscope-reorder
# The services together; servers that are lost, renewed or put back; and of the others those files that take longest:
# brokers that check rights, very many rows or records, groups that come and go.
LONG := tests/system tests/integration/outages $(patsubst %,tests/integration/test_%.py,acls any_numbering bench \
    broker_says_no counselling_indexes doctor lineage logins membership own_topic placement_lists referral_lists \
    referral_search restore_cli restored_erasures story topics_and_rights training_lists)

help:  ## list the commands
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: $(RUN_STAMP)  ## start everything, play the story, stay until Ctrl-C
	@exec $(PY) -m deploy.local.run run

demo: $(RUN_STAMP)  ## the same, but end after the story
	@exec $(PY) -m deploy.local.run demo

stop: $(RUN_STAMP)  ## end what an interrupted run left behind
	@$(PY) -m deploy.local.run stop

reset: $(RUN_STAMP)  ## forget the data of the local stack
	@$(PY) -m deploy.local.run reset

status: $(RUN_STAMP)  ## what runs, and where
	@$(PY) -m deploy.local.run status

token: $(RUN_STAMP)  ## a bearer token: make token ROLE=scout ORG=scouts:bavaria
	@$(PY) -m deploy.local.issuer --role "$(ROLE)" --org "$(ORG)" --country "$(COUNTRY)" --service "$(SERVICE)" \
	    --subject "$(or $(SUBJECT),local)"

ph: $(RUN_STAMP)  ## the operators' command: make ph ARGS="parked list"
	@$(PY) -m deploy.local.run ph $(ARGS)

test: $(ALL_STAMP)  ## tests of parts and of each service, on a stack of their own; or what ARGS name
	@$(PY) -m pytest $(or $(ARGS),$(SIDE_BY_SIDE) $(addprefix --ignore=,$(LONG)))

test-long: $(ALL_STAMP)  ## all other tests: the services together, servers that are lost, very many rows
	@$(PY) -m pytest $(SIDE_BY_SIDE) $(LONG)

k8s: $(ALL_STAMP)  ## the manifests of deploy/k8s, without make k8s-rollouts: make k8s ONLY=structure; on a cluster: CLUSTER=1
	@$(PY) -m tests.k8s --only "$(ONLY)" $(ARGS)

k8s-rollout: $(ALL_STAMP)  ## of make k8s: one service of overlays/local rolled out under load, scaled, back; its secrets rotated. Needs root
	@EXECUTED=referral $(PY) -m tests.k8s --only executed -k rollout_of_one $(ARGS)

k8s-rollouts: $(ALL_STAMP)  ## no part of make k8s: the same with all five services at once; a quarter of an hour
	@EXECUTED=rollouts $(PY) -m tests.k8s --only executed $(ARGS)

access: $(ALL_STAMP)  ## who sees what of whom, in all combinations; make test takes every pair of them
	@ACCESS=all $(PY) -m pytest tests/access tests/system/test_access.py

bench: $(ALL_STAMP)  ## speed: make bench ONLY=relay,hop REPEATS=7; or two builds: make bench AGAINST=HEAD~3
	@exec $(PY) -m bench --only "$(ONLY)" --repeats "$(REPEATS)" --against "$(AGAINST)"

chaos: $(ALL_STAMP)  ## break everything on purpose: make chaos SEED=7 MINUTES=8 ONLY=sigkill,poison DEFECTS=all
	@exec $(PY) -m chaos --minutes "$(or $(MINUTES),8)" $(if $(SEED),--seed "$(SEED)") \
	    $(if $(ONLY),--only "$(ONLY)") $(if $(DEFECT),--defect "$(DEFECT)") \
	    $(if $(DEFECTS),--defects "$(DEFECTS)")

fuzz: $(ALL_STAMP)  ## made-up requests, answers held to OpenAPI: make fuzz REQUESTS=100000 SEED=7 SERVICE=referral
	@exec $(PY) -m fuzz --requests "$(or $(REQUESTS),100000)" $(if $(SEED),--seed "$(SEED)") --service "$(SERVICE)"

mutants: $(ALL_STAMP)  ## would a test notice? plants small mistakes: make mutants MODULE=consumer/positions
	@exec $(PY) -m mutants --module "$(MODULE)" --tests "$(TESTS)"

check: $(ALL_STAMP)  ## style, types, imports, schemas
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(PY) -m mypy
	$(VENV)/bin/lint-imports
	$(PY) schemas/check.py
	$(PY) -m deploy.manifests --check
	$(PY) -m deploy.dashboards --check

schemas: $(ALL_STAMP)  ## write schemas/asyncapi.yaml from the schemas and topics.yaml
	@$(PY) schemas/write.py

manifests: $(ALL_STAMP)  ## write what follows from topics.yaml below deploy/k8s/
	@$(PY) -m deploy.manifests

dashboards: $(ALL_STAMP)  ## write Grafana's JSON from deploy/dashboards
	@$(PY) -m deploy.dashboards

promtool:  ## build promtool for the tests of the alerts: minutes of one core, once
	@tests/k8s/alerts/promtool/build

event: $(ALL_STAMP)  ## the frame of a new event's schema, from its class: make event EVENT=training/CourseRated
	@$(PY) schemas/write.py --new-event "$(EVENT)"

example: $(ALL_STAMP)  ## the frame of a new example of an event: make example EVENT=training/CourseCompleted.v1.late AFTER=NeedsAssessed
	@$(PY) schemas/write.py --new-example "$(EVENT)" --after "$(AFTER)"

format: $(ALL_STAMP)  ## mend style
	@$(VENV)/bin/ruff check --fix-only -q .
	@$(VENV)/bin/ruff format -q .

k8s-apiserver: $(ALL_STAMP)  ## build kube-apiserver and etcd for the tests against a real API server; once, for long
	@$(PY) -m tests.k8s.apiserver.build

lock:  ## requirements/*.in -> *.lock: make lock ARGS="--upgrade-package fastapi"
	@"$(PYTHON)" -m deploy.local.installer $(ARGS)

venv: $(ALL_STAMP)  ## the virtual environment with all packages, from requirements/*.lock

# Whoever goes on to start a broker gets its jars side by side with the packages.
run demo: FOR := run
test test-long bench chaos fuzz mutants: FOR := test

$(RUN_STAMP): $(RUN_LOCKS)
	$(MAKE_VENV) run

$(ALL_STAMP): $(ALL_LOCKS)
	$(MAKE_VENV) all
