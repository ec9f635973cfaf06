"""The lists of the centres: plain SELECTs, scoped to what the caller's centre may see."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any, Final, NamedTuple

from pydantic import TypeAdapter

from chassis.postgres.database import LENT_WITHIN
from chassis.postgres.documents import Documents, Where
from chassis.pure.calendar import WorkingDays
from chassis.pure.paging import Listing, Order, Page, Wish
from counselling.answers import FileSummary, InboxItem
from counselling.domain.centre_file import CentreFile, leading
from counselling.domain.consent import Consent, covered
from counselling.domain.glass import Glass
from counselling.domain.referral import Referral
from counselling.domain.sight import KNOWING, sight_of
from counselling.handlers.deadlines import CONSENT_EXPIRY, CONSENT_RENEWAL, REFERRAL_ANSWER
from counselling.limits import answer_estimated
from counselling.outcomes import GlassItem
from counselling.persons import Found, FoundBeside, FoundFile
from counselling.resources import Scope, with_estimate
from vocabulary.finding import MOST_FOUND, Sought, conditions, fit_of
from vocabulary.owed import CONDITIONS, OwedItem, OwedWanted, listing, owed_item

# Few referrals wait at any time, and an index finds them. A line has a time of change of its own: that of its file
# would tell a centre that has not accepted when something happens to the person elsewhere.
INBOX: Final = Listing(
    source="""
    centre_file file
    cross join lateral jsonb_array_elements(file.data -> 'referrals') as waiting(referral)
    cross join lateral (
        select (waiting.referral ->> 'answer_due_at')::timestamptz as due_at,
               (waiting.referral ->> 'received_at')::timestamptz as received_at,
               (waiting.referral ->> 'id')::uuid as id,
               (coalesce(waiting.referral ->> 'changed_at', waiting.referral ->> 'received_at'))::timestamptz
                   as changed_at
    ) place""",
    id="place.id",
    columns="""file.id as case_id, file.data -> 'consents' as consents, file.data ->> 'case_over' as case_over,
    file.data ->> 'case_ref' as case_ref,
    waiting.referral""",
    updated_at="place.changed_at",
    orders={
        "answer_due_at": Order("place.due_at", "timestamptz"),
        "received_at": Order("place.received_at", "timestamptz"),
    },
    usual="answer_due_at",
)
FILES: Final = Listing(source="centre_file", orders={"arrived_on": Order("arrived_on", "text")})

GLASSES: Final = Listing(
    source="""
    centre_file file
    cross join lateral jsonb_array_elements(file.data -> 'glasses') as opened(glass)
    cross join lateral (
        select (opened.glass ->> 'id')::uuid as id,
               (opened.glass ->> 'opened_at')::timestamptz as opened_at,
               (coalesce(opened.glass ->> 'reviewed_at', opened.glass ->> 'opened_at'))::timestamptz as changed_at
    ) place""",
    id="place.id",
    columns="file.id as case_id, opened.glass",
    updated_at="place.changed_at",
    orders={"opened_at": Order("place.opened_at", "timestamptz")},
    usual="-opened_at",
)

DEADLINES: Final = listing("left join centre_file file on file.id = owed.about")
OF_NOBODY_KNOWN: Final = (REFERRAL_ANSWER, CONSENT_RENEWAL, CONSENT_EXPIRY)
"""Deadlines that are owed to people whom the centre does not know yet, or no more."""

IN_CARE: Final = ("expected", "arrived_not_contacted", "in_contact", "assessed")
"""Stages in which something is going on: who has ended its part owes no consent."""

_consents: TypeAdapter[tuple[Consent, ...]] = TypeAdapter(tuple[Consent, ...])
_file: TypeAdapter[CentreFile] = TypeAdapter(CentreFile)
_glass: TypeAdapter[Glass] = TypeAdapter(Glass)
_referral: TypeAdapter[Referral] = TypeAdapter(Referral)


class FilesWanted(NamedTuple):
    """Which files: in a stage; by reference; of people whom the centre has in its care without a consent that covers it
    now (`lost`); for which a desk in Germany waits for an answer (`asked`)."""

    status: str | None
    case_ref: str | None
    lost: bool
    asked: bool


async def inbox(documents: Documents, scope: Scope, wish: Wish, *, now: datetime, days: WorkingDays) -> Page[InboxItem]:
    """Referrals that wait for an answer."""
    wanted = json.dumps({"status": "received"} | ({} if scope.centre is None else {"centre": scope.centre}))
    where = Where()
    where.add("file.data -> 'referrals' @> jsonb_build_array({}::jsonb)", wanted)  # what the index answers
    where.add("waiting.referral @> {}::jsonb", wanted)
    return await documents.page(INBOX, where, wish, lambda row: inbox_item(row, now, scope.reader, days))


async def deadlines(
    documents: Documents, scope: Scope, wish: Wish, *, wanted: OwedWanted, now: datetime
) -> Page[OwedItem]:
    """What a centre owes, or any. Of somebody whom no consent lets the centre know now it sees what tells it nothing of
    them: the answer to a referral, and what becomes of the lost consent itself, also of one that has ended."""
    where = Where().add("owed.org is not null")
    where.add("owed.org = {}", scope.centre)
    for condition, value in zip(CONDITIONS, wanted, strict=True):
        where.add(condition, value)
    where.add(
        "(owed.name = any({}) or (file.data -> 'taken_on' ->> {}::text)::timestamptz > {})",
        *((None,) * 3 if scope.reader is None else (list(OF_NOBODY_KNOWN), scope.reader, now)),
    )
    return await documents.page(DEADLINES, where, wish, owed_item)


async def glasses(documents: Documents, wish: Wish, *, status: str | None) -> Page[GlassItem]:
    """Files that were opened without a consent, at any centre."""
    where = Where().add("file.data -> 'glasses' <> '[]'")  # what the index answers
    if status is not None:
        where.add(f"opened.glass ->> 'reviewed_at' is {'not null' if status == 'reviewed' else 'null'}")

    def line(row: Any) -> GlassItem:
        glass = _glass.validate_json(row["glass"])
        return GlassItem.of(row["case_id"], glass, person=glass.by)

    return await documents.page(GLASSES, where, wish, line)


async def files(
    documents: Documents,
    scope: Scope,
    wish: Wish,
    *,
    wanted: FilesWanted,
    now: datetime,
    days: WorkingDays,
) -> Page[FileSummary]:
    """Files of people whom a centre has in its care, or had to the end; for the programme's management, all that lie
    with a centre, or with any.

    Of somebody whom no consent lets the centre know now a line has the id alone. By its place in another order than
    that of the ids, or by being found by what it hides, it would tell that: there it is left out. `lost`, that it holds
    somebody without a consent, tells it nothing that its own consents do not.
    """
    where = Where()
    where.add("data -> 'centres' ? {}", scope.centre)  # what the index answers
    where.add("(data -> 'taken_on' -> {}::text) is not null", scope.reader)
    in_order_of_ids = wish.sort.removeprefix("-") == "id" and wish.updated_since is None
    found_by_what_it_hides = wanted.status is not None or wanted.case_ref is not None or wanted.asked
    if scope.reader is not None and (found_by_what_it_hides or not in_order_of_ids):
        where.add("(data -> 'taken_on' ->> {}::text)::timestamptz > {}", scope.reader, now)
    where.add("status = {}", wanted.status)
    where.add("data ->> 'case_ref' = {}", wanted.case_ref)
    if wanted.asked:
        where.add(
            "data #>> '{{adoption,adopted_at}}' is null and (data #>> '{{adoption,lapses_at}}')::timestamptz > {}", now
        )
    if wanted.lost:
        _held_without_consent(where, scope.reader or scope.centre, now)

    def line(row: Any) -> FileSummary:
        file = _file.validate_json(row["data"])
        if scope.reader is None:
            return with_estimate(FileSummary.of(file, leading(file), file.departure, now), file, days)
        return with_estimate(FileSummary.to_centre(file, scope.reader, now), file, days)

    return await documents.page(FILES, where, wish, line)


def _held_without_consent(where: Where, centre: str | None, now: datetime) -> None:
    """Only files of people whom this centre, or any, has in its care, and no consent lets it know them now."""
    where.add("status = any({})", list(IN_CARE))
    if centre is None:
        where.add(
            "exists (select from jsonb_each_text(data -> 'taken_on') as held(centre, until)"
            " where held.until::timestamptz <= {})",
            now,
        )
    else:
        where.add("(data -> 'taken_on' ->> {}::text)::timestamptz <= {}", centre, now)


def inbox_item(row: Any, at: datetime, centre: str | None, days: WorkingDays) -> InboxItem:
    """A line of the inbox as a centre may see it at this time; None is the programme's management."""
    referral = _referral.validate_json(row["referral"])
    consents = _consents.validate_json(row["consents"])
    known = centre is None or covered(consents, centre, referral.centre_country, at)
    return InboxItem.model_validate(
        {
            "case_id": row["case_id"],
            "referral_id": referral.id,
            "root_referral_id": referral.root_id,
            "centre": referral.centre,
            "received_at": referral.received_at,
            "answer_due_at": referral.answer_due_at,
            "answer_due_estimated": answer_estimated(referral, days),
            "overdue_level": referral.overdue_level,
            "case_ref": row["case_ref"] if known else None,
            "case_over": row["case_over"] if known else None,
            "preview": referral.preview if known else None,
        }
    )


_LINKED: Final = """
array(select (pair.data ->> case when pair.data ->> 'case_id' = file.id::text then 'same_as' else 'case_id' end)::uuid
      from same_person pair
      where pair.links @> array[file.id] and pair.status = 'linked' and pair.data ->> 'centre' = $2
      order by pair.id)
"""
_BY_REFERENCE: Final = """
select file.data, true as exact, {linked} as linked from centre_file file
where file.data ->> 'case_ref' = $1
  and file.data -> 'referrals' @> jsonb_build_array(jsonb_build_object('centre', $2::text))
order by file.id limit $3
"""
_BY_MARKS: Final = """
select file.data, {exact} as exact, {linked} as linked from walk_in join centre_file file using (id)
where walk_in.data ->> 'centre' = $2 and ($1::text is null or walk_in.case_ref = $1) and {fits}
order by exact desc, file.id limit $3
"""
_MARKS: Final = "walk_in.data -> 'marks'"
"""What the index `walk_in_marks` has."""


async def found(documents: Documents, centre: str, looked_for: Sought, now: datetime) -> Found:
    """Who was at this centre before: by reference anybody whom it was asked to take on, by all else whom it took in
    itself. Of whom no consent lets it know now it learns that they were here, so that it can ask them for one."""
    fits, exact, marks = conditions(_MARKS, looked_for.wanted, 4)
    asked = _BY_MARKS.format(fits=fits, exact=exact, linked=_LINKED) if marks else _BY_REFERENCE.format(linked=_LINKED)
    async with documents.pool.acquire(timeout=LENT_WITHIN) as connection:
        rows = await connection.fetch(asked, looked_for.case_ref, centre, MOST_FOUND, *marks)
    return Found(items=tuple(_found_file(row, centre, now) for row in rows))


def _found_file(row: Any, centre: str, now: datetime) -> FoundFile:
    file = _file.validate_json(row["data"])
    sight = sight_of(file, centre, now)
    linked = tuple(FoundBeside(case_id=each) for each in row["linked"]) if sight == "whole" else ()
    return FoundFile(case_id=file.id, known=sight in KNOWING, fit=fit_of(row["exact"]), same_person=linked)
