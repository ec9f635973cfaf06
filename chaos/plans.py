"""By which run each planted defect is looked for.

Before a defect comes the same run without it, its control. So that there are few of them, defects that the same faults
bring to light share one run.
"""

from __future__ import annotations

from typing import NamedTuple

WITHIN_SECONDS = 120
LATER = 240
"""For runs that read everything twice, put back something that has to be copied before and read again after, or in
which processes end and are started again all the time."""
MINUTES = 0.3


class Plan(NamedTuple):
    """The faults that bring a defect to light, and the invariant that must break: others may break as well.

    `minutes` and `scale`: how long the storm lasts, and how much of a minute an overload is. `twice`: in the end
    everything is read once more. `within`: seconds until it must be found.
    """

    faults: tuple[str, ...]
    invariant: int
    minutes: float = MINUTES
    scale: float | None = None
    twice: bool = False
    within: int = WITHIN_SECONDS

    @property
    def control(self) -> Plan:
        """What is the same for all defects that are looked for by the same run."""
        return self._replace(invariant=0, within=0)

    def told(self) -> str:
        """Its run, in words."""
        return ", ".join([*self.faults, *["everything twice"] * self.twice])


RELAYS_DIE = ("crash_before_delete", "crash_after_publish", "leader_connection_killed")
"""Events are published twice and wait for the next leader. Input comes twice in every run."""
MANY_WRITE = ("postgres_delay", "late_commits")
"""Transactions last, and overlap: who looks, writes or commits an offset at the wrong moment is seen."""
DATABASE_GONE = ("postgres_black_hole", "postgres_refused")
SIGNALS_AND_STRANGERS = ("sigterm_twice", "forged_source")
"""Neither is in the way of the other."""
CALM = ("leader_connection_killed", "calm")

PLANS = {
    "no_positions": Plan(RELAYS_DIE, 1),
    "offsets_before_commit": Plan(MANY_WRITE, 6),
    "id_cursor_relay": Plan(MANY_WRITE, 11),
    "mark_forgets_writers": Plan(MANY_WRITE, 11),
    "mark_before_publish": Plan(RELAYS_DIE, 3),
    "competing_relays": Plan(RELAYS_DIE, 10),
    "position_outside_transaction": Plan(RELAYS_DIE, 2, within=LATER),
    "commits_unguarded": Plan(MANY_WRITE, 1),
    "versions_unchecked": Plan(MANY_WRITE, 1),
    "moved_timer_fires": Plan(MANY_WRITE, 1),
    "given_up_is_overtaken": Plan(("sigterm_after_outage",), 7),
    "given_up_counts_as_done": Plan(("sigterm_after_outage",), 6),
    "outage_retried_aside": Plan(("postgres_refused", "postgres_reset"), 6),
    "newest_first": Plan(RELAYS_DIE, 4),
    "parked_blocks_nobody": Plan(("poison",), 5, twice=True, within=LATER),
    "positions_forgotten": Plan(("poison",), 16, twice=True, within=LATER),
    "small_batches_wait": Plan(CALM, 17, minutes=0.75, within=LATER),
    "producer_rests": Plan(CALM, 22, minutes=0.75, within=LATER),
    "poison_stops_its_partition": Plan(("poison",), 8, twice=True, within=LATER),
    "retries_hurry": Plan(DATABASE_GONE, 9),
    "second_signal_unheard": Plan(SIGNALS_AND_STRANGERS, 12),
    "work_kept": Plan(("overload",), 13, minutes=0.75, scale=0.75),
    "traces_continued": Plan(MANY_WRITE, 14),
    "readiness_remembered": Plan(DATABASE_GONE, 15),
    "live_if_ready": Plan(DATABASE_GONE, 15),
    "strangers_believed": Plan(SIGNALS_AND_STRANGERS, 18),
    "deletes_untried": Plan(("database_read_only",), 19),
    "past_uncompared": Plan(("shop_put_back",), 20, within=LATER),
    "shorter_topic_believed": Plan(("broker_put_back",), 21, within=LATER),
    "gate_left_open": Plan(("shop_put_back",), 20, within=LATER),
    "callers_have_time": Plan(("slow_client",), 23),
    "claims_unread": Plan(("forger",), 23),
    "noted_afterwards": Plan(MANY_WRITE, 24),
    "only_handled_is_noted": Plan(("poison",), 24, twice=True, within=LATER),
    "notes_left_as_they_were": Plan(("poison",), 24, twice=True, within=LATER),
}
