"""Which tests run in one process where several share the work (`make test`)."""

from __future__ import annotations

from xdist.scheduler import LoadFileScheduling
from xdist.workermanage import WorkerController

SHARED = {
    **{
        f"tests/system/test_{name}.py": "the chain"
        for name in (
            *("access", "api_contract", "bad_input", "bad_tokens", "idempotency_keys", "journey", "kill"),
            *("parked_pages", "privacy", "strangers", "switch", "trace", "trace_case", "unread", "walk_ins"),
            "ways_out",
        )
    },
    **{f"tests/integration/test_{name}.py": "the secured broker" for name in ("acls", "doctor", "logins", "own_topic")},
}
"""The files whose tests need servers that take long to start, or cost much as long as they run: five services, a broker
with users. `tests/unit/test_side_by_side.py` holds that no file is missing here."""


SERVERS = 2
"""How many processes start a PostgreSQL and a Kafka: a pair costs 5 % of a core as long as it runs, idle too."""


class ByServers(LoadFileScheduling):
    """Like `--dist loadfile`, but files that share servers are one unit of work, and not every process has servers."""

    def _split_scope(self, nodeid: str) -> str:
        file = str(super()._split_scope(nodeid))
        return SHARED.get(file, file)

    def _assign_work_unit(self, node: WorkerController) -> None:
        """The next unit of the process's kind, with servers or without; of the other kind, where no such is left."""
        served = self.nodes.index(node) < SERVERS
        fitting = next((unit for unit in self.workqueue if needs_servers(unit) is served), None)
        if fitting is not None:
            self.workqueue.move_to_end(fitting, last=False)
        super()._assign_work_unit(node)


def needs_servers(unit: str) -> bool:
    """Whether its tests use the PostgreSQL and the Kafka of their process. The story has servers of its own."""
    has_its_own = unit.endswith("/test_story.py")
    return unit == "the secured broker" or (unit.startswith("tests/integration/") and not has_its_own)
