"""A person whom nobody referred, through the chain: taken in, placed, gone and back. No desk in Germany is asked."""

from __future__ import annotations

from deploy.local.places import SERVICES
from tests.support.chain import Chain, until
from tests.support.people import STAFF, Person, new_employer, vacancy


async def test_a_local_walks_in_gets_an_offer_works_leaves_and_comes_back(chain: Chain) -> None:
    def staff(name: str) -> object:
        return chain.as_(*STAFF[name])

    person = await Person(staff).walked_in(profile={"given_name": "Ama", "family_name": "Quartey"})  # type: ignore[arg-type]
    counsellor, officer = chain.as_(*STAFF["counsellor"]), chain.as_(*STAFF["officer"])

    async def pooled() -> bool:
        answer = await officer.send(f"/candidates/{person.case_id}", method="GET")
        return answer.status_code == 200 and answer.json()["status"] == "active"

    await until(pooled, "the person in the pool")
    shown = await officer.get(f"/candidates/{person.case_id}")
    assert (shown["target_group"], shown["arrived_on"], shown["admin1"]) == ("LOCAL", None, "NG-LA")

    employer_id = await new_employer(staff)  # type: ignore[arg-type]
    await person.shortlisted(await vacancy(staff, employer_id))  # type: ignore[arg-type]
    await person.signs("presentation", f"employer:{employer_id}")

    async def presented() -> bool:
        answer = await officer.send(f"/candidacies/{person.candidacy_id}/present")
        return answer.status_code == 200

    await until(presented, "the consent at the desk")
    await person.offered()
    await person.employed()

    async def at_work() -> bool:
        file = await counsellor.get(f"/files/{person.case_id}")
        return bool(file["employments"])

    await until(at_work, "the work in the file")
    await person.completed()

    async def placed() -> bool:
        return bool((await officer.get(f"/candidates/{person.case_id}"))["status"] == "placed")

    await until(placed, "the work at the desk")
    await counsellor.do(f"/referrals/{person.referral_id}/reopen", {"reason": "need_again"})
    assert (await counsellor.get(f"/files/{person.case_id}"))["status"] == "in_contact"
    assert (await counsellor.get(f"/files/{person.case_id}/profile"))["family_name"] == "Quartey"

    await chain.quiet()
    assert await chain.rows("referral", "select status from case_elsewhere where id = $1", person.case_id) == [
        ("opened",)
    ]
    assert await chain.rows("referral", "select count(*) from case_file where id = $1", person.case_id) == [(0,)]
    for service in SERVICES:
        assert await chain.rows(service, "select failure from parked where key = $1", person.case_id) == []
