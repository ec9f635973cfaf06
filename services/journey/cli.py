"""`ph trace-case`: where a case is, what it waits for, since when, and what went wrong on the way. `ph sign-in end`:
ends sessions of the pages.

The first asks the API of journey, with a token as `ph parked` does, and shows what that answers. The second takes the
service's own role and keys: an operator's role sees no session and writes no row of the audit.
"""

from __future__ import annotations

import asyncio
import re
import time
from typing import Annotated, Any, Final, TypeVar

import typer
from pydantic import ValidationError

from chassis.audit.rows import Who
from chassis.operators.cli import targets
from chassis.operators.cli.output import Json, PeopleGroup, print_json, print_table
from chassis.operators.cli.parked import By, Reason
from chassis.operators.cli.service_api import ServiceApi, Unreached
from chassis.postgres.session import database
from chassis.pure.answers import Answer
from chassis.trouble import Trouble, Usage
from journey.sign_in.sessions import end_many
from journey.views.shapes import Entry, Trace, WaitItem
from journey.views.terminal import moment, print_entries, print_trace
from vocabulary.roles import OPERATOR, programme

Shown = TypeVar("Shown", bound=Answer)
FOLLOW_SECONDS: Final = 15.0
"""Each look is an answer of the whole trace, and a row of the audit."""
PAGE: Final = 100
MOST_GROUND: Final = 200
HOURS: Final = {"h": 1, "d": 24, "w": 7 * 24}

app = typer.Typer(cls=PeopleGroup, no_args_is_help=True, help="What journey contributes to `ph`.")


@app.callback()
def _journey() -> None:
    """What journey contributes to `ph`."""


sign_in = typer.Typer(no_args_is_help=True, help="Who is signed in to the pages.")
app.add_typer(sign_in, name="sign-in")


@sign_in.callback()
def _sign_in() -> None:
    """Who is signed in to the pages."""


@sign_in.command("end")
def end_sign_ins(
    *,
    org: Annotated[str | None, typer.Option(help="Of this organisation, such as centre:NG-LOS.")] = None,
    everybody: Annotated[bool, typer.Option("--all", help="Of everybody.")] = False,
    by: By,
    reason: Reason,
    as_json: Json = False,
) -> None:
    """End sessions at once: what the provider has taken away from somebody opens no page any more.

    Whoever still has the role signs in again. Run it with the service's own settings; it is a row of the audit.
    """
    if (org is None) is not everybody:
        raise Usage("name an organisation with --org, or end all sessions with --all", remedy="Give one of the two.")
    vault = targets.vault_of("journey")
    ground = f"{by}: {org or 'all'}: {reason}"[:MOST_GROUND]
    who = Who(vault.marks(by.encode())[0], OPERATOR, programme("journey"), "end_sign_ins", ground)

    async def run() -> int:
        async with database(targets.app_dsn("journey"), "ph sign-in") as connection:
            return await end_many(connection, org, who)

    ended = asyncio.run(run())
    if as_json:
        print_json({"ended": ended})
    else:
        typer.echo(f"{ended} ended")


def _since(text: str | None) -> int | None:
    """So many hours: `36h`, `7d`, `2w`."""
    if text is None:
        return None
    found = re.fullmatch(r"([0-9]{1,4})([hdw])", text)
    if found is None:
        raise Usage(f"--since {text!r} is no span of time", remedy="Give a number and a unit: 36h, 7d or 2w.")
    return int(found[1]) * HOURS[found[2]]


@app.command("trace-case")
def trace_case(  # noqa: PLR0913 - the options of a command
    case: Annotated[
        str | None,
        typer.Argument(metavar="CASE", help="Id of a case or of a referral, or a reference such as PH-7K3M9QX-F."),
    ] = None,
    *,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on, and show what comes, until Ctrl-C.")] = False,
    stuck: Annotated[bool, typer.Option("--stuck", help="List cases that have waited for too long.")] = False,
    lost: Annotated[
        bool, typer.Option("--lost", help="List who was referred and was not seen by the day that was named.")
    ] = False,
    since: Annotated[
        str | None, typer.Option("--since", help="Of a list: only what has been waited for so long: 36h, 7d, 2w.")
    ] = None,
    country: Annotated[str | None, typer.Option(help="Of a list: only cases of this country, such as NG.")] = None,
    centre: Annotated[str | None, typer.Option(help="Of a list: only cases of this centre.")] = None,
    deadline: Annotated[
        str | None, typer.Option("--type", help="Of a list: only this kind of deadline, such as first_contact.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="Of a list: at most so many.")] = 100,
    api: Annotated[
        str | None, typer.Option("--api", metavar="URL", help="Where journey answers. Default: JOURNEY_API_URL.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Show where a case is, what it waits for, since when, and what went wrong on the way; or list the stuck and lost.

    It needs PH_TOKEN_FILE, a file with a token. What journey does not know, it says.
    """
    if sum((case is not None, stuck, lost)) != 1:
        raise Usage("name a case, or give --stuck or --lost", remedy="ph trace-case PH-7K3M9QX-F, or see --help.")
    filters = {"hours": _since(since), "country": country, "centre": centre, "type": deadline}
    chosen = {name: value for name, value in filters.items() if value is not None}
    if case is not None and chosen:
        raise Usage("--since, --country, --centre and --type narrow a list", remedy="Leave them out for one case.")
    if case is None and follow:
        raise Usage("--follow follows one case", remedy="Name the case.")
    asked = _api(api)
    if case is None:
        _print_list(_listed(asked, "/stuck" if stuck else "/lost", chosen, limit), as_json=as_json)
        return
    trace = _traced(asked, case)
    _print(trace, as_json=as_json)
    if not as_json:
        for each in trace.same_person:
            print_trace(_traced(asked, str(each.case_id)))
    if follow:
        _follow(asked, trace, as_json=as_json)


def _api(url: str | None) -> ServiceApi:
    address = url or targets.api_url("journey")
    if address is None:
        raise Trouble(
            "nobody has said where journey answers",
            where="settings",
            remedy="Set JOURNEY_API_URL to its address, or give --api. Of the local stack `make ph` knows it.",
        )
    return ServiceApi("journey", address, targets.token())


def _traced(api: ServiceApi, case: str) -> Trace:
    if re.fullmatch(r"[A-Za-z0-9 -]{1,64}", case) is None:
        raise Usage(
            f"{case!r} is no id and no reference", remedy="Give a UUID, or a reference as printed: PH-7K3M9QX-F."
        )
    return _understood(Trace, api.ask("GET", f"/cases/{case}"))


def _listed(api: ServiceApi, path: str, chosen: dict[str, Any], limit: int) -> list[WaitItem]:
    found: list[WaitItem] = []
    query = {**chosen, "limit": min(limit, PAGE)}
    while True:
        page = api.ask("GET", path, params=query)
        found += (_understood(WaitItem, each) for each in page["items"])
        if page["next_cursor"] is None or len(found) >= limit:
            return found[:limit]
        query["cursor"] = page["next_cursor"]


def _understood(kind: type[Shown], answer: Any) -> Shown:
    try:
        return kind.model_validate(answer)
    except ValidationError as error:
        what = f"journey answers in a form that this `ph` does not know ({error.error_count()} fields)"
        raise Trouble(what, remedy="Use the `ph` of the release that runs.") from error


def _print(trace: Trace, *, as_json: bool) -> None:
    if as_json:
        print_json(trace.model_dump(mode="json"))
    else:
        print_trace(trace)


def _print_list(items: list[WaitItem], *, as_json: bool) -> None:
    if as_json:
        print_json([each.model_dump(mode="json") for each in items])
        return
    columns = ("case", "reference", "stage", "waits for", "turn", "since", "late since", "deadline", "centre")
    print_table(columns, map(_line, items))
    typer.echo(f"{len(items)} listed; more of one: ph trace-case CASE", err=True)


def _line(item: WaitItem) -> tuple[Any, ...]:
    turn = f"{item.role} at {item.org}"
    when = (moment(item.since), moment(item.late_at))
    return (item.case_id, item.case_ref, item.stage, item.title, turn, *when, item.deadline_type, item.centre)


def _follow(api: ServiceApi, trace: Trace, *, as_json: bool) -> None:
    """What comes, entry by entry, and what has become of those that came before; and whose turn it is then.

    A journey that does not answer is asked again: whoever follows a case does so while something is wrong."""
    shown = {_place(each): _fate(each) for each in trace.timeline}
    waits, away = trace.waiting_for, False
    try:
        while True:
            time.sleep(FOLLOW_SECONDS)
            try:
                trace = _traced(api, str(trace.case_id))
            except Unreached as trouble:
                if not away:
                    typer.echo(f"{trouble}; asking again every {FOLLOW_SECONDS:.0f} s", err=True)
                away = True
                continue
            away = False
            new = [each for each in trace.timeline if shown.get(_place(each)) != _fate(each)]
            shown |= {_place(each): _fate(each) for each in new}
            if as_json:
                for each in new:
                    typer.echo(each.model_dump_json())
                continue
            if new:
                print_entries(new)
            if [(each.what, each.org) for each in trace.waiting_for] != [(each.what, each.org) for each in waits]:
                told = "; ".join(f"{each.title} ({each.role} at {each.org})" for each in trace.waiting_for)
                typer.echo(f"now it waits for: {told or 'nothing'}")
            waits = trace.waiting_for
    except KeyboardInterrupt:
        typer.echo("followed until here", err=True)


def _place(entry: Entry) -> tuple[str, int, int]:
    return entry.topic, entry.partition, entry.record_offset


def _fate(entry: Entry) -> tuple[object, ...]:
    """What has become of it; as of when a reader had not come so far is no news."""
    readers = tuple((each.service, each.what, each.failure) for each in entry.readers)
    return entry.fault, readers, entry.happenings
