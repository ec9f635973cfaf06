"""Two builds on the same servers: `make bench AGAINST=<commit>`.

The harness is this folder of the present build: servers, databases, topics, load, meters, statistics. A build under
test, the present one included, is a black box. The harness reaches it only through what stays from build to build:

- `make venv` in its checkout makes its environment;
- `ph migrate` and `ph topics apply` prepare databases and topics;
- `python -m <service>.app` starts a service, whose settings are environment variables;
- `/health/ready` and `/openapi.json` say when it is ready and how it wants to be asked;
- released events come in and go out on the topics of the contract, read under the service's name as consumer group;
- for `consumer` and `relay` only: the events wait in a table `outbox`, and the relay leads by an advisory lock.

No code of the harness runs in a build and no code of a build in the harness, so the same meter reads both: offsets in
Kafka, commit times in PostgreSQL, processor time from the kernel.
"""
