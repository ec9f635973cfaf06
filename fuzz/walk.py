"""Walks through the chain with good requests alone, and what they lead to: each step's id.

Every state is made as people make it, through the services' APIs, and takes as long as their events take.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import httpx
from aiokafka import AIOKafkaProducer

from deploy.local.places import SERVICES
from tests.support.chain import READS, Chain, until
from tests.support.people import (
    SCOUTS,
    STAFF,
    Person,
    ahead,
    course,
    german_today,
    new_employer,
    new_file,
    past,
    vacancy,
)
from tests.support.tokens import token

COUNTRIES = ("AL", "EG", "GH", "GM", "IQ", "MA", "PK", "RS", "SN", "TN", "XK")
"""Whose switch is played with; the people of the walk return to Nigeria."""
UNFIT = b"{}"
"""JSON without a single field: a failure that no example of a decision on many records names."""
READ: Mapping[str, tuple[str, str, str]] = {
    "referral": ("ph.training.v1", "ph.training.EnrolmentRequested.v1", "/ph/training"),
    "training": ("ph.referral.v1", "ph.referral.ConsentGranted.v1", "/ph/referral"),
    "counselling": ("ph.referral.v1", "ph.referral.ConsentGranted.v1", "/ph/referral"),
    "placement": ("ph.referral.v1", "ph.referral.ConsentGranted.v1", "/ph/referral"),
    "journey": ("ph.referral.v1", "ph.referral.ConsentGranted.v1", "/ph/referral"),
}
"""A topic that each service reads, with a type and source: what does not fit it is parked."""


def in_lagos() -> str:
    """The day there, on which employer and centre have come to know of the person."""
    return datetime.now(ZoneInfo("Africa/Lagos")).date().isoformat()


class Walk:
    """One walk: an employer, a course and a vacancy for everybody, and people on their way."""

    def __init__(self, chain: Chain) -> None:
        self.chain = chain
        self.employer = self.job = self.session = ""
        self._countries = deque(COUNTRIES)
        self._parked: deque[str] = deque()

    async def begin(self) -> None:
        """What all people share; and no country is left as a walk before has switched it."""
        self.employer = await new_employer(self._staff)
        self.job = await vacancy(self._staff, self.employer, openings=500)
        self.session = await course(self._staff, seats=200)
        await asyncio.gather(*map(self._active, COUNTRIES))

    def _staff(self, name: str) -> Any:
        return self.chain.as_(*STAFF[name])

    def _person(self) -> Person:
        return Person(self._staff)

    # --- referral ----------------------------------------------------------------------------------------------------

    async def opened(self) -> str:
        """A case."""
        return (await self._person().opened(profile={"given_name": "Ada"})).case_id

    async def allowed(self, purpose: str, recipient: str) -> str:
        """A case with a consent."""
        person = await self._person().opened()
        await person.consents(purpose, recipient)
        return person.case_id

    async def consent(self) -> str:
        """A consent."""
        return await (await self._person().opened()).consents("matching", "country:NG")

    async def referral(self) -> str:
        """A referral, whether the centre has it already or not."""
        return (await self._referred()).referral_id

    async def planned(self) -> str:
        """A case whose journey is planned."""
        return (await (await self._person().opened()).planned()).case_id

    async def unwanted(self) -> str:
        """A case whose keys a colleague wants destroyed."""
        case = await self.opened()
        await self._staff("scout").do(f"/cases/{case}/profile/destruction/request", {"reason": "person_asked"})
        return case

    async def departed(self) -> str:
        """A case of somebody who has left Germany."""
        return (await (await self._person().opened()).departed()).case_id

    async def handed_over(self) -> str:
        """A referral whose centre was handed over what it needs."""
        referral = await self.taken_on()
        items = ["care", "contact_on_arrival", "documents", "travel"]
        await self._staff("scout").do(f"/referrals/{referral}/handover", {"items": items})
        return referral

    async def _referred(self) -> Person:
        return await (await self._person().opened()).referred()

    # --- training ----------------------------------------------------------------------------------------------------

    async def course(self) -> str:
        """A course of its own."""
        return await course(self._staff)

    async def enrolment(self) -> str:
        """A seat in the course of all."""
        return (await (await self._person().opened()).enrolled(self.session)).enrolment_id

    async def course_ended(self) -> str:
        """A seat in a course whose result is recorded."""
        enrolment = await self.enrolment()
        result = {"result": "passed", "units": 20, "finished_on": german_today().isoformat(), "skills": ["7131"]}
        await self._staff("clerk").do(f"/enrolments/{enrolment}/complete", result)
        return enrolment

    async def known_to_provider(self) -> str:
        """A seat of somebody of whose profile the provider has heard."""
        person = await (await self._person().opened(profile={"given_name": "Ada"})).enrolled(self.session)
        for reader in ("referral", "training"):
            await self._read_by(reader, person)
        return person.enrolment_id

    # --- counselling -------------------------------------------------------------------------------------------------

    async def received(self) -> str:
        """A referral that waits in the inbox of the centre, which may pass it on."""
        person = await self._referred()
        await self._read_by("counselling", person)
        return person.referral_id

    async def _accepted(self) -> Person:
        return await (await self._referred()).accepted()

    async def _arrived(self) -> Person:
        return await (await self._accepted()).arrived()

    async def taken_on(self) -> str:
        """A referral that a centre has accepted, as the desk knows."""
        person = await self._accepted()
        await self._read_by("referral", person)
        return person.referral_id

    async def accepted(self) -> str:
        """A case that the centre has taken on."""
        return (await self._accepted()).case_id

    async def in_progress(self) -> str:
        """A referral in progress."""
        return (await self._arrived()).referral_id

    async def completed(self) -> str:
        """A referral that is completed."""
        return (await (await self._arrived()).completed()).referral_id

    async def arrived(self) -> str:
        """A case of somebody who is there."""
        return (await self._arrived()).case_id

    async def corrected(self) -> str:
        """A case of somebody whose arrival a colleague says was on another day."""
        person = await self._arrived()
        body = {"arrived_on": (past() - timedelta(days=3)).isoformat(), "method": "phone", "reason": "wrong_day"}
        await self._staff("counsellor").do(f"/files/{person.case_id}/arrival/correct", body)
        return person.case_id

    async def contacted(self) -> str:
        """A case with whom the centre has spoken, and whose needs it has assessed once."""
        return (await (await self._arrived()).assessed()).case_id

    assessed = contacted

    async def called(self) -> tuple[str, str]:
        """A case of somebody whom the centre has called, and that call."""
        case = await self.accepted()
        held = {"channel": "video", "attempts": 1, "outcome": "prepared", "held_on": in_lagos()}
        told = await self._staff("counsellor").do(f"/files/{case}/pre-departure-call", held)
        return case, str(told["call_id"])

    async def spoken_with(self) -> tuple[str, str]:
        """A case of somebody who is there, and the only contact."""
        case = await self.arrived()
        made = {"channel": "phone", "attempts": 1, "contacted_on": past().isoformat()}
        told = await self._staff("counsellor").do(f"/files/{case}/contacts", made)
        return case, str(told["contact_id"])

    async def judged(self) -> tuple[str, str]:
        """A case of somebody who is there, and the only assessment."""
        case = await self.contacted()
        found = {"readiness": "now", "priority": "normal", "levels": {"economic": 1}, "assessed_on": in_lagos()}
        told = await self._staff("counsellor").do(f"/files/{case}/assessments", found)
        return case, str(told["assessment_ref"])

    async def agreed(self) -> str:
        """A case with a plan."""
        case = await self.contacted()
        agreed = {"measures": ["documents"], "agreed_on": in_lagos()}
        await self._staff("counsellor").do(f"/files/{case}/plans", agreed)
        return case

    async def walked_in(self) -> str:
        """A case of somebody who has walked in at the centre, and who is known."""
        return (await self.signed())[0]

    async def unwanted_there(self) -> str:
        """The same, whose profile's keys a colleague wants destroyed."""
        case = await self.walked_in()
        await self._staff("counsellor").do(f"/files/{case}/profile/destruction/request", {"reason": "person_asked"})
        return case

    async def taken_back(self) -> str:
        """A case of somebody who has walked in, and has taken back what they signed."""
        case, consent = await self.signed()
        await self._staff("counsellor").do(f"/files/{case}/consents/{consent}/withdraw")
        return case

    async def of_one_person(self) -> tuple[str, str]:
        """Two cases that the centre has opened, of a person who was here before."""
        return await self.walked_in(), await self.walked_in()

    async def link_asked(self) -> tuple[str, str]:
        """Two such cases that a colleague says are one person's."""
        case, same_as = await self.of_one_person()
        body = {"same_as": same_as, "reason": "person_told"}
        await self._staff("counsellor").do(f"/files/{case}/links", body)
        return case, same_as

    async def linked(self) -> tuple[str, str]:
        """Two such cases that are told as one person's."""
        case, same_as = await self.link_asked()
        await self.chain.as_(*STAFF["counsellor"], "second").do(f"/files/{case}/links/{same_as}/confirm")
        return case, same_as

    async def adoptable(self) -> tuple[str, str]:
        """A case of somebody from Germany who has walked in, of which the desks there know, and its reference."""
        person = await self._person().walked_in(target_group="RETURNEE_DE", return_type="voluntary_own")
        await self._read_by("referral", person)
        rows = await self.chain.rows("counselling", "select case_ref from walk_in where id::text = $1", person.case_id)
        return person.case_id, rows[0][0]

    async def adoption_asked(self) -> str:
        """Such a case that a desk asks for, and that the person allows it to have."""
        case, reference = await self.adoptable()
        person = Person(self._staff, case)
        await person.signs("adoption", SCOUTS)
        await self._staff("scout").do("/adoptions", {"case_ref": reference})
        await self._read_by("counselling", person)
        return case

    async def opened_without_consent(self) -> str:
        """A file of such a person that somebody of the centre has opened all the same, by its break-glass."""
        path = f"/files/{await self.taken_back()}/break-glass"
        opened = await self._staff("counsellor").do(path, {"reason": "danger_to_life"})
        return str(opened["break_glass_id"])

    async def signed(self) -> tuple[str, str]:
        """The same, and the consent that was signed there."""
        body = new_file(profile={"given_name": "Ada"})
        opened = await self._staff("counsellor").do("/files", body)
        return opened["case_id"], opened["consent_id"]

    # --- placement ---------------------------------------------------------------------------------------------------

    async def vacancy(self) -> str:
        """A vacancy of its own."""
        return await vacancy(self._staff, self.employer)

    async def known_to_desk(self) -> str:
        """A candidacy of somebody of whose profile the placement desk has heard."""
        person = await (await self._person().opened(profile={"given_name": "Ada"})).referred()
        person = await (await self._to_pool(person)).shortlisted(self.job)
        for reader in ("referral", "placement"):
            await self._read_by(reader, person)
        return person.candidacy_id

    async def pooled(self) -> Person:
        """Somebody whom the desk may pick."""
        return await self._to_pool(await self._referred())

    async def _to_pool(self, person: Person) -> Person:
        await person.consents("matching", "country:NG")
        await person.accepted()
        await self._read_by("placement", person)
        return person

    async def shortlisted(self) -> str:
        """A candidacy whose consent to be presented has come."""
        person = await (await self.pooled()).shortlisted(self.job)
        await person.consents("presentation", f"employer:{self.employer}")
        await self._read_by("placement", person)
        return person.candidacy_id

    async def _presented(self) -> Person:
        person = await (await self.pooled()).shortlisted(self.job)
        return await person.presented(self.employer)

    async def presented(self) -> str:
        """A candidacy that the employer knows of."""
        return (await self._presented()).candidacy_id

    async def invited(self) -> str:
        """A candidacy with an interview that nobody has reported on."""
        candidacy = await self.presented()
        interview = {"at": f"{ahead(1)}T09:30:00Z", "mode": "phone"}
        await self._staff("officer").do(f"/candidacies/{candidacy}/interview", interview)
        return candidacy

    async def interviewed(self) -> str:
        """A candidacy of which is told what became of its interview."""
        candidacy = await self.invited()
        told = {"held_on": in_lagos(), "outcome": "held"}
        await self._staff("officer").do(f"/candidacies/{candidacy}/interview/held", told)
        return candidacy

    async def offer(self) -> str:
        """An offer that waits for its answer."""
        return (await (await self._presented()).offered()).offer_id

    async def taken(self) -> str:
        """An offer that was accepted."""
        offer = await self.offer()
        await self._staff("officer").do(f"/offers/{offer}/accept")
        return offer

    async def offered(self) -> str:
        """A candidacy with an offer that waits for its answer."""
        return (await (await self._presented()).offered()).candidacy_id

    async def employed(self) -> str:
        """A candidacy of somebody who works."""
        return (await (await (await self._presented()).offered()).employed()).candidacy_id

    async def disputed(self) -> str:
        """A candidacy with an offer that a colleague says there was not."""
        candidacy = await self.offered()
        await self._staff("officer").do(f"/candidacies/{candidacy}/offer/void", {"reason": "wrong_person"})
        return candidacy

    async def _read_by(self, reader: str, person: Person) -> None:
        """Waits until a service has read all that others have told of the person."""
        await until(partial(self._has_read, reader, person.case_id), f"{reader} to know {person.case_id}")

    async def _has_read(self, reader: str, case_id: str) -> bool:
        rows = await self.chain.rows(reader, "select source, sequence from position where key = $1", case_id)
        known = dict(rows)
        for source in READS[reader]:
            if source in SERVICES:
                told = await self.chain.rows(source, "select topic, sequence from stream where key = $1", case_id)
                if any(known.get(topic, 0) < sequence for topic, sequence in told):
                    return False
        return True

    # --- the switch per country --------------------------------------------------------------------------------------

    def country(self) -> str:
        """One that nothing has been asked for in this walk. Raises IndexError if there is none left."""
        return self._countries.popleft()

    async def switch_requested(self) -> str:
        """A country that somebody else wants to be suspended."""
        country = self.country()
        await self._switch(country, "request", {"status": "suspended", "reason": "security"})
        return country

    async def _switch(self, country: str, step: str, body: Any = None, sub: str = "walk") -> int:
        bearer = token(self.chain.stack, sub=sub, roles=["programme_manager"], org="programme:desk")
        headers = {"Authorization": f"Bearer {bearer}", "Idempotency-Key": str(uuid4())}
        async with self._client("referral") as client:
            answer = await client.post(f"/countries/{country}/status/{step}", json=body, headers=headers)
        return answer.status_code

    async def _active(self, country: str) -> None:
        """Drops what somebody wants of the country, and takes a suspension back."""
        for sub in ("walk", "everything", "programme_manager"):  # one of them is not who has asked
            await self._switch(country, "reject", sub=sub)
        await self._switch(country, "request", {"status": "active", "reason": "programme_resumed"})
        await self._switch(country, "confirm", sub="another")

    async def held(self) -> dict[str, str]:
        """A case whose records are held, and the hold."""
        person = await self._person().opened()
        return {"case_id": person.case_id, "hold_id": await person.held()}

    async def held_at_centre(self) -> dict[str, str]:
        """The same of somebody who has walked in."""
        person = await self._person().walked_in()
        return {"case_id": person.case_id, "hold_id": await person.held_at_centre()}

    # --- parked records ----------------------------------------------------------------------------------------------

    async def park(self, service: str, count: int) -> None:
        """Has so many records parked by a service, each under a key of its own."""
        topic, type_, source = READ[service]
        headers = [("ce_type", type_.encode()), ("ce_source", source.encode())]
        keys = [str(uuid4()) for _ in range(count)]
        async with AIOKafkaProducer(bootstrap_servers=self.chain.broker.bootstrap) as producer:
            for key in keys:
                await producer.send_and_wait(topic, UNFIT, key=key.encode(), headers=headers)
        await until(partial(self._all_parked, service, keys), f"{service} to park {count} records")

    async def _all_parked(self, service: str, keys: list[str]) -> bool:
        rows = await self.chain.rows(service, "select id, key from parked where key = any($1)", keys)
        self._parked = deque(str(id_) for id_, _ in rows)
        return len(rows) == len(keys)

    def parked_id(self) -> str:
        """One that nobody has decided on; in turn."""
        self._parked.rotate(-1)
        return self._parked[-1]

    # --- what can be read --------------------------------------------------------------------------------------------

    async def page(self, service: str, path: str, headers: Mapping[str, str], query: Mapping[str, Any]) -> Any:
        """One page of a list."""
        async with self._client(service) as client:
            answer = await client.get(path, params=query, headers=headers)
            answer.raise_for_status()
            return answer.json()

    def _client(self, service: str) -> httpx.AsyncClient:
        return httpx.AsyncClient(base_url=self.chain.stack.urls()[service], timeout=30)
