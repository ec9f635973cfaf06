# The commands of this project. `make` lists them.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help venv run demo stop reset status token ph test bench chaos check schemas event example format lock

PYTHON ?= python3
VENV := .local/venv
PY := $(VENV)/bin/python
# Another lock or another place of the tree (scripts in a venv name their own path) makes another environment.
STAMP := $(VENV)/.stamp-$(shell (pwd; cat requirements.lock) | sha256sum | cut -c1-16)
export PYTHONPATH := services:.
export PYTHONDONTWRITEBYTECODE :=

help:  ## list the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: venv  ## start everything, play the story, stay until Ctrl-C
	@exec $(PY) -m deploy.local.run run

demo: venv  ## the same, but end after the story
	@exec $(PY) -m deploy.local.run demo

stop: venv  ## end what an interrupted run left behind
	@$(PY) -m deploy.local.run stop

reset: venv  ## forget the data of the local stack
	@$(PY) -m deploy.local.run reset

status: venv  ## what runs, and where
	@$(PY) -m deploy.local.run status

token: venv  ## a bearer token: make token ROLE=scout ORG=scouts:bavaria
	@$(PY) -m deploy.local.issuer --role "$(ROLE)" --org "$(ORG)" --country "$(COUNTRY)"

ph: venv  ## the operators' command: make ph ARGS="parked list"
	@$(PY) -m deploy.local.run ph $(ARGS)

test: venv  ## all tests, on a stack of their own
	@$(PY) -m pytest $(ARGS)

bench: venv  ## speed, against the best and the usual way: make bench ONLY=relay,hop REPEATS=7
	@exec $(PY) -m bench --only "$(ONLY)" --repeats "$(or $(REPEATS),5)"

chaos: venv  ## break everything on purpose: make chaos SEED=7 MINUTES=5 ONLY=sigkill,poison DEFECTS=all
	@exec $(PY) -m chaos --minutes "$(or $(MINUTES),5)" $(if $(SEED),--seed "$(SEED)") \
	    $(if $(ONLY),--only "$(ONLY)") $(if $(DEFECT),--defect "$(DEFECT)") \
	    $(if $(DEFECTS),--defects "$(DEFECTS)")

check: venv  ## style, types, imports, schemas
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(PY) -m mypy
	$(VENV)/bin/lint-imports
	$(PY) schemas/check.py

schemas: venv  ## write schemas/asyncapi.yaml from the schemas and topics.yaml
	@$(PY) schemas/write.py

event: venv  ## the frame of a new event's schema, from its class: make event EVENT=training/CourseRated
	@$(PY) schemas/write.py --new-event "$(EVENT)"

example: venv  ## the frame of a new example of an event: make example EVENT=training/CourseCompleted.v1.late
	@$(PY) schemas/write.py --new-example "$(EVENT)"

format: venv  ## mend style
	@$(VENV)/bin/ruff check --fix-only -q .
	@$(VENV)/bin/ruff format -q .

lock:  ## requirements.in -> requirements.lock (needs uv)
	uv pip compile --universal --generate-hashes --python-version 3.11 --no-emit-index-url --no-header --quiet \
	    requirements.in -o requirements.lock

venv: $(STAMP)  ## the virtual environment, from requirements.lock

$(STAMP): requirements.lock
	@deploy/local/make-venv "$(PYTHON)" "$(VENV)" "$(STAMP)"
