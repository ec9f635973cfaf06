"""Placement on PostgreSQL: its tables and indexes fit its states, and every list and count says what is there."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from chassis.settings import ROOT
from tests.support import outbox
from tests.support.placement import bodies
from tests.support.placement.api import ACCRAS, DAKARS, EDOS, OFFICER, PROGRAMME
from tests.support.placement.process import DAY, TODAY, Placement
from tests.support.placement.world import ACCRA, DAKAR, EDO, LAGOS

ENDS_OF_CONSENTS, RESERVED_AT_THE_OFFER, INTERVIEWS = (
    (ROOT / "services/placement/migrations" / name).read_text(encoding="utf-8")
    for name in (
        "0002_consent_ends.sql",
        "0003_reserved_at_the_offer.sql",
        "0009_interviews.sql",
    )
)


def ids(page: dict[str, Any], name: str = "case_id") -> set[str]:
    return {item[name] for item in page["items"]}


async def test_a_person_goes_from_a_referral_into_work(placement: Placement) -> None:
    case_id = await placement.refer()
    employer_id = await placement.employer()
    vacancy_id = await placement.vacancy(employer_id)
    offer = await placement.offer(employer_id, vacancy_id, case_id)
    accepted = await placement.post(f"/offers/{offer['offer_id']}/accept")
    assert (accepted["status"], accepted["vacancy_status"]) == ("accepted", "filled")
    await placement.post("/employments", bodies.employment(offer["offer_id"], started_on=TODAY.isoformat()))
    assert (await placement.get(f"/candidates/{case_id}"))["status"] == "placed"
    rows = await placement.pool.fetch("select record from outbox order by id")
    told = [outbox.read(row["record"]) for row in rows]
    assert [(each.headers["ce_type"].split(".")[2], each.value.get("deadline_type")) for each in told] == [
        ("VacancyPublished", None),
        ("CandidateShortlisted", None),
        ("CandidatePresented", None),
        ("JobOffered", None),
        ("DeadlineMet", "employer_feedback"),
        ("JobOfferAccepted", None),
        ("VacancyClosed", None),
        ("EmploymentStarted", None),
        ("DeadlineMet", "employment_start"),
    ]


async def test_the_name_of_an_employer_leaves_its_table_in_no_event(placement: Placement) -> None:
    await placement.vacancy(await placement.employer())
    records = b"".join(row["record"] for row in await placement.pool.fetch("select record from outbox"))
    assert records
    assert b"Lekki" not in records


async def test_the_pool_of_a_desk_is_who_consents_in_its_country(placement: Placement) -> None:
    here = await placement.refer()
    lagos_only = await placement.refer()
    await placement.refer(age_band="under_18")
    gone, expired, abroad = await placement.refer(), await placement.refer(), await placement.refer("GH", ACCRA)
    for case_id in (lagos_only, gone, expired):
        consents = await placement.pool.fetchval(
            "select data -> 'consents' -> 0 ->> 'id' from candidate where id = $1", case_id
        )
        await placement.tell("referral", "ConsentWithdrawn", case_id, consent_id=consents, purpose="matching")
    await placement.consent(lagos_only, "matching", LAGOS)
    await placement.consent(expired, "matching", LAGOS, until=TODAY - 2 * DAY)
    assert ids(await placement.get("/candidates")) == {str(here), str(lagos_only)}
    assert ids(await placement.get("/candidates", EDOS)) == {str(here)}
    assert ids(await placement.get("/candidates", ACCRAS)) == {str(abroad)}
    assert len(ids(await placement.get("/candidates", PROGRAMME))) == 6
    assert ids(await placement.get("/candidates", PROGRAMME, country="GH")) == {str(abroad)}


async def test_a_person_is_in_the_pool_until_the_moment_at_which_their_consent_ends(placement: Placement) -> None:
    case_id = await placement.refer("GH", ACCRA)
    end = placement.clock.now() + timedelta(hours=1)
    await placement.consent(case_id, "matching", LAGOS, expires_at=end.isoformat())
    await placement.tell("referral", "ReturneeReferred", case_id, **placement.referral("NG", LAGOS))
    placement.clock.advance(timedelta(minutes=59))
    assert ids(await placement.get("/candidates")) == {str(case_id)}
    placement.clock.advance(timedelta(minutes=1))
    assert ids(await placement.get("/candidates")) == set()


async def test_the_pool_is_filtered_by_skill_and_status_and_paged(placement: Placement) -> None:
    tailor = await placement.refer(skills=["7531"])
    people = {str(await placement.refer()) for _ in range(4)} | {str(tailor)}
    await placement.arrive(tailor, TODAY)
    assert ids(await placement.get("/candidates", skill="7531")) == {str(tailor)}
    assert ids(await placement.get("/candidates", status="active")) == {str(tailor)}
    assert ids(await placement.get("/candidates", status="placed")) == set()
    seen = [item["case_id"] for item in await placement.all("/candidates", limit=2)]
    assert sorted(seen) == sorted(people)
    assert seen == sorted(seen)


async def test_vacancies_employers_and_offers_are_listed_by_country_and_filter(placement: Placement) -> None:
    employer_id = await placement.employer()
    painter = await placement.vacancy(employer_id)
    welder = await placement.vacancy(employer_id, isco08="7212", openings=2)
    case_id, other = await placement.refer(), await placement.refer()
    first = await placement.offer(employer_id, painter, case_id)
    second = await placement.offer(employer_id, welder, other)
    await placement.post(f"/offers/{second['offer_id']}/decline", {"reason": "wage"})
    assert ids(await placement.get("/vacancies"), "vacancy_id") == {painter, welder}
    assert ids(await placement.get("/vacancies", isco08="7212"), "vacancy_id") == {welder}
    assert ids(await placement.get("/vacancies", status="reserved"), "vacancy_id") == {painter}
    assert ids(await placement.get("/vacancies", employer_id=uuid4()), "vacancy_id") == set()
    assert ids(await placement.get("/vacancies", employer_id=employer_id), "vacancy_id") == {painter, welder}
    assert ids(await placement.get("/employers"), "employer_id") == {employer_id}
    assert ids(await placement.get("/offers"), "offer_id") == {first["offer_id"], second["offer_id"]}
    assert ids(await placement.get("/offers", status="declined"), "offer_id") == {second["offer_id"]}
    mine = await placement.get("/offers", case_id=case_id)
    assert [(item["offer_id"], item["case_id"], item["isco08"]) for item in mine["items"]] == [
        (first["offer_id"], str(case_id), "7131")
    ]
    page = await placement.get("/offers", limit=1)
    assert ids(page, "offer_id") == {first["offer_id"]}
    assert ids(await placement.get("/offers", cursor=page["next_cursor"]), "offer_id") == {second["offer_id"]}
    for path in ("/vacancies", "/employers", "/offers", "/candidates"):
        assert (await placement.get(path, ACCRAS))["items"] == []
        assert (await placement.get(path, PROGRAMME, country="NG"))["items"]


async def test_a_desk_lists_and_counts_all_its_countries_or_the_one_that_it_names(placement: Placement) -> None:
    there, here = await placement.refer("GM", DAKAR), await placement.refer("SN", DAKAR)
    employer_id, own = await placement.employer(DAKARS, country="GM"), await placement.employer(DAKARS)
    vacancy_id = await placement.vacancy(employer_id, DAKARS, admin1=None)
    offer = await placement.offer(employer_id, vacancy_id, there, DAKARS)
    for case_id in (there, here):
        await placement.arrive(case_id, TODAY)
    for countries, people, kept, found in (
        (["SN", "GM"], {str(there), str(here)}, {employer_id, own}, {offer["offer_id"]}),
        (["GM"], {str(there)}, {employer_id}, {offer["offer_id"]}),
        (["SN"], {str(here)}, {own}, set()),
    ):
        named = {} if len(countries) > 1 else {"country": countries[0]}
        assert ids(await placement.get("/candidates", DAKARS, **named)) == people
        assert ids(await placement.get("/employers", DAKARS, **named), "employer_id") == kept
        assert ids(await placement.get("/offers", DAKARS, **named), "offer_id") == found
        assert len((await placement.get("/vacancies", DAKARS, **named))["items"]) == len(found)
        summary = await placement.get("/summary", DAKARS, **named)
        assert (summary["countries"], summary["total"]["arrived"]) == (countries, None), "one or two people"
        assert summary["total"]["with_offer"] == (None if found else 0)
    assert (await placement.get("/summary", PROGRAMME))["countries"] is None
    assert ids(await placement.get("/candidates", ACCRAS)) == set()


async def test_a_desk_lists_offers_of_whom_it_may_know_and_those_that_it_has_to_end(placement: Placement) -> None:
    employer_id = await placement.employer()
    vacancy_id = await placement.vacancy(employer_id, openings=9)
    people = [await placement.refer() for _ in range(3)]
    offers = [(await placement.offer(employer_id, vacancy_id, case_id))["offer_id"] for case_id in people]
    open_, accepted, declined = offers
    await placement.post(f"/offers/{accepted}/accept")
    await placement.post(f"/offers/{declined}/decline", {"reason": "distance"})

    async def listed(who: Mapping[str, Any]) -> set[str]:
        return ids(await placement.get("/offers", who), "offer_id")

    assert [await listed(who) for who in (OFFICER, EDOS, PROGRAMME)] == [set(offers)] * 3
    for case_id in people:
        await placement.withdraw(case_id)
    assert await listed(OFFICER) == {open_, accepted}
    assert (await listed(EDOS), await listed(PROGRAMME)) == (set(), set(offers))
    await placement.post("/employments", bodies.employment(accepted, started_on=TODAY.isoformat()))
    assert await listed(OFFICER) == {open_}
    await placement.consent(people[2], "matching", EDO)
    assert (await listed(OFFICER), await listed(EDOS)) == ({open_}, {declined})


async def test_the_last_opening_goes_to_exactly_one_of_many_at_once(placement: Placement) -> None:
    employer_id = await placement.employer()
    vacancy_id = await placement.vacancy(employer_id)
    paths = []
    for _ in range(6):
        case_id = await placement.refer()
        await placement.consent(case_id, "presentation", f"employer:{employer_id}")
        shortlisted = await placement.post("/candidacies", bodies.candidacy(vacancy_id, case_id))
        paths.append(f"/candidacies/{shortlisted['candidacy_id']}")
        await placement.post(f"{paths[-1]}/present")
    offer = {**bodies.OFFER, "starts_on": (TODAY + 30 * DAY).isoformat()}
    answers = await asyncio.gather(*(placement.ask("POST", f"{path}/offer", OFFICER, json=offer) for path in paths))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409, 409, 409]
    refused = {answer.json()["code"] for answer in answers if answer.status_code == 409}
    assert refused == {"no_opening_left"}


async def test_the_summary_counts_people_once_and_by_month_of_arrival(placement: Placement) -> None:
    employer_id = await placement.employer()
    vacancy_id = await placement.vacancy(employer_id, openings=9 * 5)
    # Offers are dated today: in time for those who arrived up to 90 days ago, in 180 days for up to 180.
    for days in (0, 89, 91, 200) * 5:
        case_id = await placement.refer()
        await placement.arrive(case_id, TODAY - days * DAY)
        await placement.offer(employer_id, vacancy_id, case_id)
    for _ in range(5):
        waiting, local = await placement.refer(), await placement.refer(target_group="LOCAL")
        await placement.arrive(waiting, TODAY - 100 * DAY)
        await placement.arrive(local, TODAY)
        await placement.refer()
    summary = await placement.get("/summary")
    total = summary["total"]
    assert (summary["countries"], total["arrived"], total["with_offer"], total["employed"]) == (["NG"], 25, 20, 0)
    assert total["targets"] == [
        {"days": 90, "elapsed": 15, "offered": 0, "running": 10, "running_offered": 10},
        {"days": 180, "elapsed": 5, "offered": 0, "running": 20, "running_offered": 15},
    ]
    assert sum(cohort["arrived"] for cohort in summary["cohorts"]) == 25
    assert (await placement.get("/summary", PROGRAMME))["total"] == total
    assert (await placement.get("/summary", ACCRAS))["total"]["arrived"] == 0


async def test_the_summary_counts_nobody_without_consent_no_minors_and_tells_no_small_number(
    placement: Placement,
) -> None:
    people = [await placement.refer() for _ in range(11)]
    minors = [await placement.refer(age_band="under_18") for _ in range(5)]
    for case_id in (*people, *minors):
        await placement.arrive(case_id, TODAY)

    async def arrived(who: Mapping[str, Any]) -> int | None:
        found: int | None = (await placement.get("/summary", who))["total"]["arrived"]
        return found

    assert [await arrived(who) for who in (OFFICER, EDOS, PROGRAMME)] == [10, 10, 10], "11, to the next five"
    for case_id in people[:7]:
        await placement.withdraw(case_id)
    assert [await arrived(who) for who in (OFFICER, EDOS, PROGRAMME)] == [None] * 3, "4"
    for case_id in people[:6]:
        await placement.consent(case_id, "matching", EDO)
    assert [await arrived(who) for who in (OFFICER, EDOS, PROGRAMME)] == [None, 10, 10], "4, 10, 10"
    placement.clock.advance(timedelta(days=1000))
    assert [await arrived(who) for who in (OFFICER, EDOS, PROGRAMME)] == [0] * 3, "consents end"


async def test_withdrawals_and_deadlines_change_the_stored_vacancy(placement: Placement) -> None:
    employer_id = await placement.employer()
    vacancy_id = await placement.vacancy(employer_id, openings=2)
    case_id, other = await placement.refer(), await placement.refer()
    offer = await placement.offer(employer_id, vacancy_id, case_id)
    shortlisted = await placement.post("/candidacies", bodies.candidacy(vacancy_id, other))
    await placement.tell("referral", "ReferralWithdrawn", other, referral_id=str(uuid4()))
    placement.clock.advance(timedelta(days=15))
    while await placement.deadlines.fire_due():
        pass
    detail = await placement.get(f"/vacancies/{vacancy_id}")
    found = {each["candidacy_id"]: each["closed_reason"] for each in detail["candidacies"]}
    assert found == {
        shortlisted["candidacy_id"]: "referral_withdrawn",
        offer["candidacy_id"]: "offer_expired",
    }
    placement.clock.advance(timedelta(days=60))
    while await placement.deadlines.fire_due():
        pass
    assert (await placement.get(f"/vacancies/{vacancy_id}"))["status"] == "expired"
    assert await placement.pool.fetchval("select status from vacancy where id = $1", UUID(vacancy_id)) == "expired"


async def test_a_consent_that_was_stored_before_ends_had_deadlines_gets_one(placement: Placement) -> None:
    employer_id = await placement.employer()
    vacancy_id = await placement.vacancy(employer_id)
    case_id, gone = await placement.refer(), await placement.refer()
    await placement.withdraw(case_id)
    end = placement.clock.now() + timedelta(days=5)
    await placement.consent(case_id, "matching", LAGOS, expires_at=end.isoformat())
    candidacy = await placement.post("/candidacies", bodies.candidacy(vacancy_id, case_id))
    ends = "select owner, due_at from deadline where name = 'consent_end' order by owner"
    granted = await placement.pool.fetch(ends)
    assert {row["owner"] for row in granted} == {case_id, gone}
    await placement.withdraw(gone)
    await placement.pool.execute("delete from deadline where name = 'consent_end'")
    for _ in range(2):
        await placement.pool.execute(ENDS_OF_CONSENTS)
    assert await placement.pool.fetch(ends) == [row for row in granted if row["owner"] == case_id]
    placement.clock.advance(timedelta(days=5))
    while await placement.deadlines.fire_due():
        pass
    [found] = (await placement.get(f"/vacancies/{vacancy_id}", PROGRAMME))["candidacies"]
    assert (found["candidacy_id"], found["closed_reason"]) == (candidacy["candidacy_id"], "consent_expired")


async def test_the_dead_are_in_no_list_but_their_offer_is_shown_to_the_desk_that_picked_them(
    placement: Placement,
) -> None:
    employer_id = await placement.employer()
    vacancy_id, case_id = await placement.vacancy(employer_id), await placement.refer()
    offer_id = (await placement.offer(employer_id, vacancy_id, case_id))["offer_id"]
    assert ids(await placement.get("/offers", EDOS), "offer_id") == {offer_id}
    died = {"referral_id": str(uuid4()), "reason": "person_deceased", "ends_case": True}
    await placement.tell("counselling", "ReferralFailed", case_id, **died)
    for query in ({}, {"status": "deceased"}):
        assert ids(await placement.get("/candidates", **query)) == set()
    assert ids(await placement.get("/candidates", PROGRAMME, status="deceased")) == {str(case_id)}
    [shown] = (await placement.get("/offers", status="void"))["items"]
    assert (shown["offer_id"], shown["candidacy_status"]) == (offer_id, "closed")
    assert ids(await placement.get("/offers", EDOS), "offer_id") == set()
    assert ids(await placement.get("/offers", PROGRAMME), "offer_id") == {offer_id}


async def test_what_was_reserved_by_people_without_an_offer_is_open_again(placement: Placement) -> None:
    employer_id = await placement.employer()
    wanted, offered = await placement.vacancy(employer_id), await placement.vacancy(employer_id)
    await placement.post("/candidacies", bodies.candidacy(wanted, await placement.refer()))
    await placement.offer(employer_id, offered, await placement.refer())
    await placement.pool.execute("update vacancy set status = 'reserved'")
    for _ in range(2):
        await placement.pool.execute(RESERVED_AT_THE_OFFER)
    assert ids(await placement.get("/vacancies", status="open"), "vacancy_id") == {wanted}
    assert ids(await placement.get("/vacancies", status="reserved"), "vacancy_id") == {offered}


async def test_an_interview_that_was_stored_without_an_id_gets_that_of_its_candidacy_and_is_told_so(
    placement: Placement,
) -> None:
    employer_id = await placement.employer()
    vacancy_id, case_id = await placement.vacancy(employer_id), await placement.refer()
    await placement.post("/candidacies", bodies.candidacy(vacancy_id, await placement.refer()))
    await placement.consent(case_id, "presentation", f"employer:{employer_id}")
    picked = await placement.post("/candidacies", bodies.candidacy(vacancy_id, case_id))
    path = f"/candidacies/{picked['candidacy_id']}"
    await placement.post(f"{path}/present")
    soon = placement.clock.now() + timedelta(hours=1)
    await placement.post(f"{path}/interview", {"at": soon.isoformat(), "mode": "phone"})
    report = {"held_on": TODAY.isoformat(), "outcome": "held"}
    await placement.post(f"{path}/interview/held", report)
    corrected = {**report, "outcome": "person_absent", "reason": "misunderstood"}
    await placement.post(f"{path}/interview/held/correct", corrected)
    of_one = "data #> '{candidacies,1}'"
    owed_from = await placement.pool.fetchval(f"select {of_one} ->> 'answer_owed_from' from vacancy")
    for lost in ("interview,id", "interviews_corrected,0,was,id", "interviews_corrected,0,now,id"):
        await placement.pool.execute(f"update vacancy set data = data #- '{{candidacies,1,{lost}}}'")
    await placement.pool.execute(
        "update vacancy set data = jsonb_set(data, '{candidacies,1,interview,reported_at}', 'null')"
    )
    for _ in range(2):
        await placement.pool.execute(INTERVIEWS)
    stored = json.loads(await placement.pool.fetchval(f"select {of_one} from vacancy"))
    [kept] = stored["interviews_corrected"]
    assert {each["id"] for each in (stored["interview"], kept["was"], kept["now"])} == {picked["candidacy_id"]}
    assert (stored["interview"]["reported_at"], kept["was"]["outcome"]) == (owed_from, "held")
    assert (await placement.get(path))["interview"]["outcome"] == "person_absent"
    await placement.post(f"{path}/interview/held/void", {"reason": "wrong_person"})
    rows = await placement.pool.fetch("select record from outbox order by id")
    [told] = [
        each for each in (outbox.read(row["record"]) for row in rows) if "InterviewVoided" in each.headers["ce_type"]
    ]
    assert told.value["interview_id"] == picked["candidacy_id"]
