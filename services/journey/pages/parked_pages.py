"""Parked records across services: to look at, to retry, to discard, as the person who has signed in.

The services keep them and decide by their own rules; here they are asked, and what they answer is shown in words. A
form carries the intent it was made for, so sending it twice decides once.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Final
from urllib.parse import urlencode
from uuid import UUID, uuid4

from starlette.responses import Response
from starlette.routing import Route

from chassis.http.problems import Problem
from chassis.operators.parked import REASON_LENGTHS, WHO
from journey import contracts
from journey.pages.known_cases import filter_of
from journey.pages.menu import PARKED
from journey.pages.models import DecisionForm, Filter, ParkedBlock, ParkedList
from journey.pages.parked_apis import MOST, Decided, Detail, Listed, ParkedApis, Record, access_over
from journey.pages.visits import Visit, Visits

AGES: Final[Mapping[str, tuple[str, timedelta]]] = {
    "hour": ("An hour or longer", timedelta(hours=1)),
    "day": ("A day or longer", timedelta(days=1)),
    "week": ("A week or longer", timedelta(days=7)),
}
TOPICS: Final = sorted({each.topic for each in contracts.ALL})
FILTERS: Final = ("service", "topic", "failure", "age", "cursor")
WORDS: Final = ("intent", "what", "ticket", "reason")
"""The fields of a decision."""
DECISIONS: Final = ("retry", "discard")
NUMBER: Final = r"[0-9]{1,18}"
"""Of a record: what its column holds. More digits are no number of one."""


class ParkedPages:
    """What services have parked, one record, and many at once."""

    menu = (PARKED,)

    def __init__(self, apis: ParkedApis) -> None:
        self._apis = apis

    @property
    def acts(self) -> tuple[str, ...]:
        """Whose access tokens are kept: nobody's, if no API is named."""
        return PARKED.roles if self._apis.services else ()

    def routes(self, visits: Visits) -> Iterable[Route]:
        """All of them. What they show of keys may be of cases, and a decision is a row of the audit as well."""
        roles, one, many = PARKED.roles, f"{PARKED.path}/{{service}}/{{parked_id}}", f"{PARKED.path}/{{service}}"
        yield visits.route(PARKED.path, self.list_parked, roles=roles, fields=FILTERS, personal=True)
        yield visits.route(one, self.show_parked, roles=roles, personal=True)
        yield visits.route(one, self.decide_on_parked, roles=roles, method="POST", fields=WORDS, personal=True)
        yield visits.route(many, self.show_many_parked, roles=roles, fields=("ids",), personal=True)
        many_words = (*WORDS, "ids")
        yield visits.route(
            many, self.decide_on_many_parked, roles=roles, method="POST", fields=many_words, personal=True
        )

    async def list_parked(self, visit: Visit) -> Response:
        """Those of all services, or of one: the oldest first."""
        wish, token = visit.query, await self._token(visit)
        service, age = wish.get("service", ""), wish.get("age", "")
        if (service and service not in self._apis.services) or (age and age not in AGES):
            raise _unusable("There is no such service, or no such age.")
        if "cursor" in wish and not service:
            raise _unusable("A list goes on for one service at a time.")
        asked = [service] if service else self._apis.services
        blocks = await asyncio.gather(*(self._block(each, token, wish) for each in asked))
        await visit.shown(_keys(record for block in blocks for record in block.records))
        now = datetime.fromtimestamp(time.time(), UTC)
        narrowed = any(name in wish for name in FILTERS[1:])
        page = ParkedList(now, PARKED.path, self._filters(wish), tuple(blocks), one=bool(service), narrowed=narrowed)
        return visit.page("parked.html", page=page)

    async def show_parked(self, visit: Visit) -> Response:
        """One record: why it is parked, and what can be done."""
        record = await self._record(visit)
        await visit.shown()
        return self._one(visit, record, DecisionForm(str(uuid4())))

    async def decide_on_parked(self, visit: Visit) -> Response:
        """Has the service retry or discard one record."""
        form = _form(visit.form)
        if form.wrong:
            record = await self._record(visit)
            await visit.shown()
            return self._one(visit, record, form)
        return await self._decide(visit, [_number(visit)], form)

    async def show_many_parked(self, visit: Visit) -> Response:
        """Asks once more before a decision on many."""
        chosen = _chosen(visit.query)
        self._service(visit)
        await visit.shown()
        return self._many(visit, chosen, DecisionForm(str(uuid4())))

    async def decide_on_many_parked(self, visit: Visit) -> Response:
        """Has the service retry or discard many records."""
        chosen, form = _chosen(visit.form), _form(visit.form)
        if form.wrong:
            self._service(visit)
            await visit.shown()
            return self._many(visit, chosen, form)
        return await self._decide(visit, chosen, form)

    async def _block(self, service: str, token: str, wish: Mapping[str, str]) -> ParkedBlock:
        query = {name: wish[name] for name in ("topic", "failure", "cursor") if name in wish}
        try:
            listed = await self._apis.listing(service, token, query)
        except Problem as problem:
            return ParkedBlock(service, trouble=f"{problem.detail} {problem.remedy}")
        records = _old_enough(listed, wish.get("age", ""))
        more = ""
        if listed.next_cursor is not None and len(records) == len(listed.items):
            narrowed = {name: wish[name] for name in FILTERS[1:-1] if name in wish}
            more = f"{PARKED.path}?{urlencode({'service': service, **narrowed, 'cursor': listed.next_cursor})}"
        many = ",".join(str(each.parked_id) for each in records if each.head and each.state != "discarded")
        return ParkedBlock(service, records, more=more, many=f"{PARKED.path}/{service}?ids={many}" if many else "")

    async def _record(self, visit: Visit) -> Detail:
        service, number, token = self._service(visit), _number(visit), await self._token(visit)
        record = await self._apis.show(service, token, number)
        visit.about(_keys([record]))
        return record

    async def _decide(self, visit: Visit, chosen: Sequence[int], form: DecisionForm) -> Response:
        service, token = self._service(visit), await self._token(visit)
        visit.because(f"{service} {form.what} {','.join(map(str, chosen))} {form.ticket}")
        if len(chosen) == 1:
            visit.about(await self._subjects(service, token, chosen[0]))
        await visit.decided()
        words = {name: text for name, text in (("ticket", form.ticket), ("reason", form.reason)) if text}
        decided: Sequence[Decided] = await self._apis.decide(service, token, chosen, form.what, words, form.intent)
        back = f"{PARKED.path}?service={service}"
        return visit.page("parked_decided.html", service=service, what=form.what, decided=decided, back=back)

    async def _subjects(self, service: str, token: str, parked_id: int) -> Iterable[UUID]:
        """Whom a decision is about: nobody is known of a record that is gone, which a form that is sent once more may
        have seen to."""
        try:
            return _keys([await self._apis.show(service, token, parked_id)])
        except Problem as problem:
            if problem.status != HTTPStatus.NOT_FOUND:
                raise
            return ()

    async def _token(self, visit: Visit) -> str:
        if not self._apis.services:
            raise Problem(
                status=503,
                code="parked_not_set_up",
                detail="Parked records cannot be looked after here: no service's API is named.",
                remedy="Have the operators set JOURNEY_PARKED_REFERRAL_URL and its like, or use `ph parked`.",
            )
        token = await visit.access()
        if token is None:
            raise access_over()
        return token

    def _service(self, visit: Visit) -> str:
        service: str = visit.request.path_params["service"]
        if service not in self._apis.services:
            raise _no_such_page("There is no service of this name whose records could be looked after here.")
        return service

    def _filters(self, wish: Mapping[str, str]) -> tuple[Filter, ...]:
        return (
            filter_of("service", "Service", {each: each for each in self._apis.services}, wish),
            filter_of("topic", "Topic", {each: each for each in TOPICS}, wish),
            Filter("failure", "Fault", text=wish.get("failure", "")),
            filter_of("age", "Parked for", {code: label for code, (label, _) in AGES.items()}, wish),
        )

    def _one(self, visit: Visit, record: Detail, form: DecisionForm) -> Response:
        service = self._service(visit)
        path = f"{PARKED.path}/{service}/{record.parked_id}"
        return visit.page("parked_record.html", form.status, service=service, record=record, form=form, path=path)

    def _many(self, visit: Visit, chosen: Sequence[int], form: DecisionForm) -> Response:
        service = self._service(visit)
        path = f"{PARKED.path}/{service}"
        return visit.page("parked_many.html", form.status, service=service, chosen=chosen, form=form, path=path)


def _old_enough(listed: Listed, age: str) -> tuple[Record, ...]:
    """The oldest come first, so those that are old enough are the first ones."""
    if not age:
        return listed.items
    latest = datetime.fromtimestamp(time.time(), UTC) - AGES[age][1]
    return tuple(each for each in listed.items if each.parked_at <= latest)


def _keys(records: Iterable[Record]) -> Iterable[UUID]:
    """The keys that are ids: most are of cases."""
    for each in records:
        try:
            yield UUID(each.key or "")
        except ValueError:
            continue


def _number(visit: Visit) -> int:
    """That of the record in the address. Raises `Problem` 404."""
    told: str = visit.request.path_params["parked_id"]
    if not re.fullmatch(NUMBER, told):
        raise _no_such_page("There is no record with such a number.")
    return int(told)


def _chosen(fields: Mapping[str, str]) -> list[int]:
    """The numbers of records. Raises `Problem` 422."""
    found = fields.get("ids", "").split(",")
    if len(found) > MOST or not all(re.fullmatch(NUMBER, each) for each in found):
        raise _unusable(f"The numbers of the records cannot be read, or they are more than {MOST}.")
    return [int(each) for each in found]


def _form(fields: Mapping[str, str]) -> DecisionForm:
    """What was filled in, and what of it is wrong. The rules are those of the services. Raises `Problem` 422 for what
    no form of ours sends."""
    what, intent = fields.get("what", ""), fields.get("intent", "")
    if what not in DECISIONS or not re.fullmatch(r"[0-9a-f-]{36}", intent):
        raise _unusable("The form does not say what is to be done.")
    ticket, reason, wrong = fields.get("ticket", ""), fields.get("reason", ""), dict[str, str]()
    if not re.match(WHO, ticket):
        wrong["ticket"] = "Give a ticket or a role without spaces, 2 to 64 characters, such as INC-4711."
    if what == "discard" and len(reason) not in REASON_LENGTHS:
        wrong["reason"] = "Say why, in 5 to 500 characters."
    return DecisionForm(intent, what, ticket, reason if what == "discard" else "", wrong)


def _no_such_page(detail: str) -> Problem:
    return Problem(status=404, code="no_such_page", detail=detail, remedy="Choose one of the list.")


def _unusable(detail: str) -> Problem:
    return Problem(status=422, code="request_invalid", detail=detail, remedy="Go back and use the page's own form.")
