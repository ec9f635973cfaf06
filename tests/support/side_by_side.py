"""Which tests run in one process where several share the work (`make test`)."""

from __future__ import annotations

from xdist.scheduler import LoadFileScheduling

SHARED = {
    **{
        f"tests/system/test_{name}.py": "the chain"
        for name in (
            *("access", "api_contract", "bad_input", "bad_tokens", "idempotency_keys", "journey", "kill"),
            *("privacy", "strangers", "switch", "trace", "trace_case", "unread", "walk_ins", "ways_out"),
        )
    },
    **{f"tests/integration/test_{name}.py": "the secured broker" for name in ("acls", "doctor", "logins", "own_topic")},
}
"""The files whose tests need servers that take long to start, or cost much as long as they run: five services, a broker
with users. `tests/unit/test_side_by_side.py` holds that no file is missing here."""


class ByServers(LoadFileScheduling):
    """Like `--dist loadfile`, but files that share servers are one unit of work."""

    def _split_scope(self, nodeid: str) -> str:
        file = str(super()._split_scope(nodeid))
        return SHARED.get(file, file)
