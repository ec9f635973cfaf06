"""The steps in the country of return: arrival, contact, assessment, and the way into work."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta

from deploy.local.story import world as seen
from deploy.local.story.api import Answer
from deploy.local.story.germany import consent
from deploy.local.story.people import Person
from deploy.local.story.world import World, counsellor, officer

VACANCY_DAYS = 90
ANSWER_DAYS = 60
START_DAYS = 7
"""From the offer to the first day of work."""


async def arrive(w: World, person: Person, on: date) -> None:
    """The centre has seen the person: the scout's hand-over is done, and placement's clock to a job offer starts."""
    body = {"arrived_on": on.isoformat(), "admin1": person.admin1, "method": "seen"}
    await w.api.post(counsellor(person), "counselling", f"/files/{person.case_id}/arrival", body)
    await w.api.until(
        f"the arrival of {person} at the placement desk",
        lambda: seen.candidate(w, person),
        lambda candidate: candidate["arrived_on"] == on.isoformat(),
    )
    await w.api.until(
        f"the arrival of {person} at {person.scouts}",
        lambda: seen.referral(w, person),
        lambda referral: referral["status"] == "in_progress",
    )
    w.count(person, "arrived")


async def meet(w: World, person: Person) -> None:
    """First contact, assessment and plan: the placement desk learns only whether the person can begin to work."""
    contact = {"channel": "in_person", "attempts": 1, "contacted_on": w.today.isoformat()}
    await w.api.post(counsellor(person), "counselling", f"/files/{person.case_id}/contacts", contact)
    assessment = {
        "readiness": "now", "priority": "normal", "assessed_on": w.today.isoformat(),
        "levels": {"economic": 2, "social": 1, "health": int(person.vulnerable), "arrival": 0},
    }  # fmt: skip
    await w.api.post(counsellor(person), "counselling", f"/files/{person.case_id}/assessments", assessment)
    plan = {"measures": ["documents", "job_placement"], "agreed_on": w.today.isoformat()}
    await w.api.post(counsellor(person), "counselling", f"/files/{person.case_id}/plans", plan)
    await w.api.until(
        f"the readiness of {person} at the placement desk",
        lambda: seen.candidate(w, person),
        lambda candidate: candidate["readiness"] == "now",
    )
    w.count(person, "assessed")


async def vacancy(w: World, person: Person) -> tuple[str, str]:
    """A vacancy in the person's trade with an employer of their country of return: ids of both."""
    employer_id = await _employer(w, person)
    body = {
        "employer_id": employer_id, "isco08": person.isco08[0], "skills": list(person.isco08[1:]),
        "admin1": person.admin1, "openings": 1, "employment_type": "full_time",
        "wage_band": "minimum_to_median", "formal": True,
        "expires_on": (w.today + timedelta(days=VACANCY_DAYS)).isoformat(),
    }  # fmt: skip
    answer = await w.api.post(officer(person), "placement", "/vacancies", body)
    w.shared_keys.add(answer["vacancy_id"])
    return answer["vacancy_id"], employer_id


async def _employer(w: World, person: Person) -> str:
    """One employer for each desk and country, registered by whoever needs it first."""
    key = (person.centre, person.country)

    async def register() -> str:
        name = f"Invented Works of {person.centre.partition(':')[2]} in {person.country}"
        body = {"name": name, "isic": "F", "country": person.country}
        return str((await w.api.post(officer(person), "placement", "/employers", body))["employer_id"])

    if key not in w.employers:
        w.employers[key] = asyncio.create_task(register())
    return await w.employers[key]


async def shortlist(w: World, person: Person, vacancy_id: str) -> str:
    """A human picks the person; the candidacy's id."""
    body = {"vacancy_id": vacancy_id, "case_id": person.case_id}
    return str((await w.api.post(officer(person), "placement", "/candidacies", body))["candidacy_id"])


async def allow_presentation(w: World, person: Person, employer_id: str) -> None:
    """The person consents at the centre to be presented to this employer; the placement desk sees it."""
    await consent(w, person, "presentation", f"employer:{employer_id}", counsellor(person))
    await w.api.until(
        f"the consent of {person} at the placement desk",
        lambda: seen.candidate(w, person),
        lambda candidate: f"employer:{employer_id}" in candidate["may_be_presented_to"],
    )


async def present(w: World, person: Person, candidacy_id: str) -> None:
    """The employer learns of the person."""
    await w.api.post(officer(person), "placement", f"/candidacies/{candidacy_id}/present")


async def to_employer(w: World, person: Person) -> str:
    """From the search to the employer's door; the candidacy's id."""
    vacancy_id, employer_id = await vacancy(w, person)
    candidacy_id = await shortlist(w, person, vacancy_id)
    await allow_presentation(w, person, employer_id)
    await present(w, person, candidacy_id)
    return candidacy_id


async def offer(w: World, person: Person, candidacy_id: str, answer_days: int | None = ANSWER_DAYS) -> str:
    """The employer offers work: scout and centre learn of it. Without a number the offer holds as long as is usual."""
    before = await w.api.until(f"the case of {person}", lambda: seen.case(w, person))
    body: Answer = {
        "hours_per_week": 40,
        "starts_on": (w.today + timedelta(days=START_DAYS)).isoformat(),
        "formal": True,
        "subsidised": False,
    }
    if answer_days is not None:
        body["expires_at"] = (w.clocks.now + timedelta(days=answer_days)).isoformat()
    answer = await w.api.post(officer(person), "placement", f"/candidacies/{candidacy_id}/offer", body)
    offer_id = str(answer["offer_id"])
    await offer_seen(w, person, offer_id, "offered")
    await w.api.until(
        f"the job offer of {person} at {person.scouts}",
        lambda: seen.case(w, person),
        lambda case: case["job_offers"] == before["job_offers"] + 1,
    )
    w.count(person, "offered work")
    return offer_id


async def offer_seen(w: World, person: Person, offer_id: str, status: str) -> None:
    """Until the centre knows how the offer stands."""
    await w.api.until(
        f"the offer of {person} as {status} in the file of {person.centre}",
        lambda: seen.centre_file(w, person),
        lambda file: seen.offer_of(file, offer_id).get("status") == status,
    )


async def take(w: World, person: Person, offer_id: str) -> None:
    """The person accepts."""
    await w.api.post(officer(person), "placement", f"/offers/{offer_id}/accept")
    await offer_seen(w, person, offer_id, "accepted")


async def decline(w: World, person: Person, offer_id: str, reason: str) -> None:
    """The person does not; nothing but a free opening follows from it."""
    await w.api.post(officer(person), "placement", f"/offers/{offer_id}/decline", {"reason": reason})
    await offer_seen(w, person, offer_id, "declined")


async def begin_work(w: World, person: Person, offer_id: str, on: date) -> None:
    """The first day of work; the centre closes the loop with the outcome, and the scout sees both."""
    body = {"offer_id": offer_id, "started_on": on.isoformat(), "evidence_type": "contract"}
    await w.api.post(officer(person), "placement", "/employments", body)
    await w.api.until(
        f"the employment of {person} at {person.scouts}",
        lambda: seen.case(w, person),
        lambda case: case["status"] == "employed",
    )
    await w.api.until(
        f"the employment of {person} in the file of {person.centre}",
        lambda: seen.centre_file(w, person),
        lambda file: any(each["offer_id"] == offer_id for each in file["employments"] or ()),
    )
    outcome = {"outcome_code": "employment_found"}
    await w.api.post(counsellor(person), "counselling", f"/referrals/{person.referral_id}/complete", outcome)
    await w.api.until(
        f"the outcome of the referral of {person} at {person.scouts}",
        lambda: seen.referral(w, person),
        lambda referral: (referral["status"], referral["reason"]) == ("completed", "employment_found"),
    )
    w.count(person, "in work")
