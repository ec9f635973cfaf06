"""Three dashboards: the chain as a person goes through it, one service, and the objective."""

from __future__ import annotations

from typing import NamedTuple

from chassis.pure.messages import topic_of
from chassis.telemetry.metrics import STEPS
from deploy.dashboards.panels import Board, Panel, Row

NAMESPACES = "label_values(ph_relay_leader, namespace)"
SERVICES = 'label_values(ph_relay_leader{namespace="$namespace"}, service)'


class Hop(NamedTuple):
    """Events of one service that have their effect at another, and what that means for a person."""

    sender: str
    reader: str
    means: str


HOPS = (
    Hop("referral", "training", "a provider learns whom to teach"),
    Hop("training", "counselling", "a centre learns what somebody has learned"),
    Hop("counselling", "placement", "the desk learns who looks for work"),
    Hop("placement", "referral", "the scout learns what became of the case"),
)


def of(service: str, more: str = "") -> str:
    """What picks the series of a service in the environment that is shown."""
    return f'namespace="$namespace", service="{service}"{more}'


def quantile(share: float, labels: str, by: str = "") -> str:
    """Of the time from recording to effect."""
    rate = f"sum by (le{by}) (rate(ph_effect_seconds_bucket{{{labels}}}[$__rate_interval]))"
    return f"histogram_quantile({share}, {rate})"


def hop(at: Hop) -> Row:
    """One row of the chain."""
    topic = f', topic="{topic_of(at.sender)}"'
    sender, reader = of(at.sender), of(at.reader)
    reads = of(at.reader, topic)
    return Row(
        f"{at.sender} → {at.reader}: {at.means}",
        (
            Panel(
                "events per second",
                "short",
                {
                    f"{at.sender} tells": f"sum(rate(ph_published_total{{{of(at.sender, topic)}}}[$__rate_interval]))",
                    f"{at.reader} acts": f"sum(rate(ph_effect_seconds_count{{{reads}}}[$__rate_interval]))",
                },
                "What goes out to the topic, and what has an effect at the next service. They differ: a service reads "
                "only some types, and replays what it lacks.",
            ),
            Panel(
                "time to the effect",
                "s",
                {"half": quantile(0.5, reads), "99 %": quantile(0.99, reads), "99.9 %": quantile(0.999, reads)},
                "From the recording at the sender to the commit here. 99.9 % have to be below a minute.",
                limit=60,
            ),
            Panel(
                "oldest unhandled",
                "s",
                {f"{at.reader} is behind": f"max(ph_consumer_lag_seconds{{{reads}}})"},
                "For how long the oldest event that is not handled has stood in the topic: ConsumerLagging.",
                limit=60,
            ),
            Panel(
                "oldest unsent",
                "s",
                {f"outbox of {at.sender}": f"max(ph_outbox_oldest_seconds{{{sender}}})"},
                "For how long the oldest event has waited for Kafka: OutboxNotPublished.",
                limit=60,
            ),
            Panel(
                "parked",
                "short",
                {
                    "records": f"max(ph_parked_records{{{reader}}})",
                    "cases that stand still": f"max(ph_parked_keys{{{reader}}})",
                },
                "What could not be handled and waits for a decision: ParkedWaiting.",
                limit=1,
            ),
            Panel(
                "deadlines overdue",
                "s",
                {f"oldest of {at.reader}": f"max(ph_deadlines_oldest_seconds{{{reader}}})"},
                "How late the oldest due deadline is: DeadlinesNotFired.",
                limit=300,
            ),
        ),
    )


READ = "Counted on the day when journey has read of it: months show as one day while journey is built anew."
"""Of what a topic tells of another day."""


def deadlines() -> Row:
    """What all services tell of their deadlines, counted where it is read."""

    def told(name: str) -> str:
        which = of("journey", f', outcome="done", type=~"ph[.][a-z]+[.]{name}[.]v1"')
        return f"sum by (type) (increase(ph_consumed_total{{{which}}}[1d]))"

    waits, half, count = (f', what=~".*_{each}"' for each in ("waits_seconds", "half_wait_seconds", "waits"))
    return Row(
        "Deadlines of all services, as journey has heard",
        (
            Panel(
                "met in a day",
                "short",
                {"{{type}}": told("DeadlineMet")},
                f"In time, or after a level was missed. {READ}",
            ),
            Panel(
                "missed in a day", "short", {"{{type}}": told("DeadlineMissed")}, f"Each level that has passed. {READ}"
            ),
            Panel(
                "longest wait",
                "s",
                {"{{what}}": f"max by (what) (ph_watched{{{of('journey', waits)}}})"},
                "Per stage, of the case that has waited longest there: GET /stuck lists them.",
            ),
            Panel(
                "half wait for longer",
                "s",
                {"{{what}}": f"max by (what) (ph_watched{{{of('journey', half)}}})"},
                "Per stage, for how long half of what is waited for there has been at least.",
            ),
            Panel(
                "what is waited for",
                "short",
                {"{{what}}": f"max by (what) (ph_watched{{{of('journey', count)}}})"},
                "Per stage, how many things: a case can wait for several.",
            ),
        ),
    )


def chain() -> Board:
    """A row per hop, in the order of a person's way."""
    return Board(
        "ph-chain",
        "The chain: from referral into work",
        "One row per hop. A person's way goes from top to bottom; the last of them is the way back to the scout.",
        [*map(hop, HOPS), deadlines()],
        {"namespace": NAMESPACES},
    )


def legend(by: str) -> str:
    """A graph's name for each value of these labels."""
    return " ".join(f"{{{{{label}}}}}" for label in by.split(", "))


def counted(title: str, metric: str, by: str, labels: str = of("$service")) -> Panel:
    """How often per second, by these labels."""
    return Panel(title, "short", {legend(by): f"sum by ({by}) (rate({metric}{{{labels}}}[$__rate_interval]))"})


def highest(title: str, metric: str, by: str, unit: str = "short", limit: float | None = None) -> Panel:
    """What the process says that says most: each reads it from the same database, or none has it."""
    query = f"max by ({by}) ({metric}{{{of('$service')}}})"
    return Panel(title, unit, {legend(by): query}, limit=limit)


def slowest(step: str, labels: str) -> str:
    """What 99 of 100 events have taken at most for a step, per topic."""
    which = f'{labels}, step="{step}"'
    return f"histogram_quantile(0.99, sum by (le, topic) (rate(ph_hop_seconds_bucket{{{which}}}[$__rate_interval])))"


def service() -> Board:
    """Everything about one service."""
    here = of("$service")
    requests = f'{here}, route!~"/health/.*|/metrics"'
    slow = f"rate(ph_http_request_seconds_bucket{{{requests}}}[$__rate_interval])"
    people = (
        counted("requests per second", "ph_http_request_seconds_count", "status", requests),
        Panel(
            "slowest hundredth of answers",
            "s",
            {"{{route}}": f"histogram_quantile(0.99, sum by (le, route) ({slow}))"},
        ),
        counted("commands", "ph_commands_total", "outcome"),
        counted("connections ended", "ph_http_connections_ended_total", "reason"),
    )
    reads = (
        counted("records", "ph_consumed_total", "outcome"),
        Panel("time to the effect, 99 %", "s", {"{{topic}}": quantile(0.99, here, ", topic")}, limit=60),
        highest("oldest unhandled", "ph_consumer_lag_seconds", "topic", "s", 60),
        Panel("records behind", "short", {"{{topic}}": f"sum by (topic) (ph_consumer_lag{{{here}}})"}),
        highest("partitions unread", "ph_partitions_unread", "service", limit=1),
        highest("parked", "ph_parked_records", "service", limit=1),
    )
    way = tuple(
        Panel(title, "s", {"{{topic}}": slowest(step, here)}, says)
        for step, (title, says) in zip(
            STEPS,
            (
                ("until it is recorded, 99 %", "From what happened to its recording by the sender."),
                ("in the sender's outbox, 99 %", "From the recording to the topic."),
                (
                    "in the topic, 99 %",
                    "From the topic to the batch of this service; months, where it reads old records anew.",
                ),
                ("in one batch here, 99 %", "Until the effect is committed."),
            ),
            strict=True,
        )
    )
    tells = (
        counted("events published", "ph_published_total", "topic"),
        highest("rows in the outbox", "ph_outbox_rows", "service"),
        highest("oldest unsent", "ph_outbox_oldest_seconds", "service", "s", 60),
        counted("not taken by brokers", "ph_publish_errors_total", "reason"),
        Panel("processes that publish", "short", {"leaders": f"sum(ph_relay_leader{{{here}}})"}, "One.", limit=2),
        highest("cases that wait", "ph_relay_held_keys", "service", limit=1),
    )
    failing = f"count by (check) (ph_ready_check{{{here}}} == 0)"
    waits = (
        highest("deadlines overdue", "ph_deadlines_oldest_seconds", "service", "s", 300),
        counted("deadlines fired", "ph_deadlines_fired_total", "name"),
        counted("tried again", "ph_outage_retries_total", "where, reason"),
        Panel("checks that fail", "short", {"{{check}}": failing}, limit=1),
        highest("lost by database or broker", "ph_lineage_lost", "kind", limit=1),
        counted("spans dropped", "ph_spans_dropped_total", "reason"),
    )
    rows = (
        Row("People", people),
        Row("What it reads", reads),
        Row("The way of what it reads, step by step", way),
        Row("What it tells", tells),
        Row("What it waits for, and how it is", waits),
    )
    says = "What people ask of it, what it reads, what it tells, what it waits for."
    return Board("ph-service", "One service", says, rows, {"namespace": NAMESPACES, "service": SERVICES})


def late(window: str) -> str:
    """The share of events that were late, per service of the environment that is shown."""
    return f'service:ph_events_late:ratio{window}{{namespace="$namespace"}}'


def burn(title: str, window: str, alert: str, limit: float) -> Panel:
    """How many times as fast as allowed. `limit`: of the alert."""
    return Panel(title, "short", {"{{service}}": f"{late(window)} / 0.001"}, alert, limit)


def objective() -> Board:
    """What is left of the budget, and how fast it goes."""
    here = '{namespace="$namespace"}'
    left = f"1 - {late('28d')} / 0.001"
    missed = "Below nothing: more than one event in a thousand was late."
    days = (
        Panel("in time", "percentunit", {"{{service}}": f"1 - {late('28d')}"}, stat=True, decimals=3),
        Panel("budget left", "percentunit", {"{{service}}": left}, missed, stat=True, decimals=1),
    )
    pace = (
        burn("the last hour", "1h", "BudgetBurnsFast", 13.44),
        burn("the last six hours", "6h", "BudgetBurnsFast", 5.6),
        burn("the last day", "1d", "BudgetBurnsSlowly", 2.8),
        burn("the last three days", "3d", "BudgetBurnsSlowly", 0.933),
    )
    by = "max by (service)"
    whose = (
        Panel("oldest unsent, by sender", "s", {"{{service}}": f"{by} (ph_outbox_oldest_seconds{here})"}, limit=60),
        Panel("oldest unhandled, by reader", "s", {"{{service}}": f"{by} (ph_consumer_lag_seconds{here})"}, limit=60),
        Panel("events per second", "short", {"{{service}}": f"service:ph_events:rate5m{here}"}),
        Panel("late events per second", "short", {"{{service}}": f"service:ph_events_late:rate5m{here}"}),
    )
    return Board(
        "ph-objective",
        "The objective: 99.9 % within a minute",
        "Of the events that a service reads, 99.9 % have their effect within 60 seconds, over 28 days (docs/slo.md).",
        (
            Row("28 days", days, 5),
            Row("How fast the budget goes: 1 uses it up in 28 days", pace),
            Row("Whose minute it was", whose),
        ),
        {"namespace": NAMESPACES},
        "now-28d",
    )


def all_boards() -> dict[str, Board]:
    """By the name of their file."""
    return {"chain": chain(), "service": service(), "objective": objective()}
