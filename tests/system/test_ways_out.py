"""Ways out of what once had none: accepted and never there, a withdrawal that crosses an arrival, an offer that is
taken back, a person who was seventeen. Each on the running chain, and seen by every service that holds the case."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.support.chain import Caller, Chain, until
from tests.support.people import CENTRE, OTHER_CENTRE, STAFF, Person, new_consent, new_employer, past, vacancy

NEED = {"priority": "normal", "needs": ["employment"], "wishes": [], "skills": ["7131"]}


class People:
    """Persons on the chain, and the staff who see them."""

    def __init__(self, chain: Chain) -> None:
        self.chain = chain

    def staff(self, name: str) -> Caller:
        """Somebody of the staff."""
        return self.chain.as_(*STAFF[name])

    def somebody(self) -> Person:
        """Nobody knows them yet."""
        return Person(self.staff)

    async def case(self, person: Person) -> dict[str, Any]:
        """What the desk sees."""
        found: dict[str, Any] = await self.staff("scout").get(f"/cases/{person.case_id}")
        return found

    async def file(self, person: Person) -> dict[str, Any]:
        """What the centre in Lagos sees."""
        found: dict[str, Any] = await self.staff("counsellor").get(f"/files/{person.case_id}")
        return found

    async def candidate(self, person: Person) -> dict[str, Any]:
        """What the placement desk in Lagos sees."""
        found: dict[str, Any] = await self.staff("officer").get(f"/candidates/{person.case_id}")
        return found

    async def statuses(self, person: Person) -> set[tuple[str, str, str]]:
        """Each referral at the desk: which centre, its status, its reason."""
        return {
            (each["to_centre"], each["status"], each["reason"] or "") for each in (await self.case(person))["referrals"]
        }

    async def at_the_desk(self, person: Person, centre: str, status: str, reason: str = "") -> None:
        """Waits until the desk has heard of it."""

        async def heard() -> bool:
            return (centre, status, reason) in await self.statuses(person)

        await until(heard, f"a referral to {centre} that is {status}")


@pytest.fixture
def people(chain: Chain) -> People:
    return People(chain)


@pytest.fixture
async def accepted(people: People) -> Person:
    """Whom the centre has accepted, and whose departure was called off."""
    person = await people.somebody().opened()
    await person.planned(10, 20)
    await person.referred()
    await person.accepted()
    await people.at_the_desk(person, CENTRE, "accepted")
    await people.staff("scout").do(f"/cases/{person.case_id}/journey/cancel", {"reason": "person_stays"})
    return person


async def test_who_was_accepted_and_stays_is_taken_back_by_the_desk(people: People, accepted: Person) -> None:
    path = f"/referrals/{accepted.referral_id}/withdraw"
    await people.staff("scout").do(path, {"reason": "departure_cancelled"})
    await people.at_the_desk(accepted, CENTRE, "withdrawn", "departure_cancelled")

    async def heard() -> bool:
        return (await people.staff("manager_of_counselling").get(f"/files/{accepted.case_id}"))["status"] == "withdrawn"

    await until(heard, "the withdrawal at the centre")

    async def gone() -> bool:
        found = await people.staff("manager_of_placement").get(f"/candidates/{accepted.case_id}")
        return bool(found["status"] == "withdrawn")

    await until(gone, "the withdrawal at the placement desk")


async def test_who_was_accepted_and_stays_is_let_go_by_the_centre_and_may_be_referred_anew(
    people: People, accepted: Person
) -> None:
    path = f"/referrals/{accepted.referral_id}/fail"
    await people.staff("counsellor").do(path, {"reason": "departure_cancelled"})
    await people.at_the_desk(accepted, CENTRE, "failed", "departure_cancelled")
    anew = {**NEED, "to_centre": OTHER_CENTRE}
    answer = await people.staff("scout").do(f"/cases/{accepted.case_id}/referrals", anew)
    assert answer["to_centre"] == OTHER_CENTRE
    await people.at_the_desk(accepted, OTHER_CENTRE, "received")


async def test_a_consent_that_goes_after_the_acceptance_is_a_task_of_the_centre(
    people: People, accepted: Person
) -> None:
    consents = await people.staff("scout").get(f"/cases/{accepted.case_id}/consents")
    for each in consents["consents"]:
        await people.staff("scout").do(f"/consents/{each['consent_id']}/withdraw")

    async def owed() -> bool:
        duties = await people.staff("counsellor").get("/deadlines", type="consent_renewal", limit=100)
        return accepted.case_id in {each["case_id"] for each in duties["items"]}

    await until(owed, "the renewal to be owed")


async def test_a_withdrawal_that_crosses_an_arrival_ends_the_same_for_everybody(chain: Chain, people: People) -> None:
    person = await people.somebody().opened()
    await person.referred()
    await people.at_the_desk(person, CENTRE, "received")
    async with chain.database("referral") as connection, connection.transaction():
        await connection.execute("lock table position in exclusive mode")
        await person.accepted()
        await person.arrived()
        await person.withdrawn()
    assert (CENTRE, "withdrawn", "person_declined") in await people.statuses(person)

    async def asked() -> bool:
        [referral] = (await people.file(person))["referrals"]
        return referral["withdrawal"] is not None

    await until(asked, "the withdrawal at the centre, which has the person in its care")
    await people.staff("counsellor").do(f"/referrals/{person.referral_id}/complete", {"outcome_code": "person_stopped"})
    await people.at_the_desk(person, CENTRE, "completed", "person_stopped")
    journey = (await people.case(person))["journey"]
    assert journey["status"] == "arrived"

    async def left() -> bool:
        found = await people.staff("manager_of_placement").get(f"/candidates/{person.case_id}")
        return bool(found["status"] in ("left", "withdrawn"))

    await until(left, "the end at the placement desk")


async def test_an_offer_that_is_taken_back_after_it_was_accepted_counts_for_nobody(people: People) -> None:
    person = await people.somebody().opened()
    await person.referred()
    await person.accepted()
    await person.arrived()
    await person.assessed()
    await person.consents("matching", "country:NG")
    employer_id = await new_employer(people.staff)
    await person.shortlisted(await vacancy(people.staff, employer_id))
    await person.presented(employer_id)
    await person.offered()
    await people.staff("officer").do(f"/offers/{person.offer_id}/accept")
    close = f"/candidacies/{person.candidacy_id}/close"
    await people.staff("officer").do(close, {"reason": "offer_retracted", "by": "employer"})

    async def at_the_centre() -> bool:
        offers = (await people.file(person))["offers"]
        return [each["status"] for each in offers] == ["retracted"]

    async def in_the_timeline() -> bool:
        entries = await people.staff("scout").get(f"/cases/{person.case_id}/timeline")
        return "JobOfferRetracted" in {each["type"] for each in entries["items"]}

    await until(at_the_centre, "the retraction at the centre")
    await until(in_the_timeline, "the retraction at the desk")
    vacancy_anew = await vacancy(people.staff, employer_id)
    assert (await person.shortlisted(vacancy_anew)).candidacy_id


async def test_who_was_seventeen_comes_of_age_in_every_service(chain: Chain, people: People) -> None:
    person = await people.somebody().opened(age_band="under_18")
    today = past()
    born = today.replace(year=today.year - 18, day=1) + timedelta(days=31)
    scout = people.staff("scout")
    path = f"/cases/{person.case_id}"
    await scout.do(f"{path}/profile", {"given_name": "Arta", "birth_date": born.isoformat()}, method="PUT")
    for purpose in ("referral", "matching"):
        await scout.do(f"{path}/consents", {**new_consent(purpose, "country:NG"), "guardian": True})
    person.referral_id = (await scout.do(f"{path}/referrals", NEED))["referral_id"]
    await person.accepted()

    async def bands() -> set[str]:
        file = await people.file(person)
        candidate = await people.staff("manager_of_placement").get(f"/candidates/{person.case_id}")
        shown = {each["preview"]["age_band"] for each in file["referrals"] if each["preview"]}
        return {(await people.case(person))["age_band"], candidate["age_band"], *shown}

    async def all_of(band: str) -> bool:
        return await bands() == {band}

    await until(lambda: all_of("under_18"), "every service to know a minor")
    await chain.as_("referral", "operator", "programme:desk").do("/local/clock", {"advance_hours": 24 * 95})
    try:
        await until(lambda: all_of("18_24"), "every service to know somebody of age")
    finally:
        chain.real_time_again("referral")
