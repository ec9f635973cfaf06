"""The people whose way takes a turn: a departure is missed, somebody never arrives, dies, or steps back."""

from __future__ import annotations

from datetime import timedelta

from deploy.local.story import germany, work
from deploy.local.story import world as seen
from deploy.local.story.named import LATER_DAY, WORK_DAY, departed_and_met, referred_and_accepted
from deploy.local.story.people import Person
from deploy.local.story.world import World, counsellor, officer, scout

SECOND_FLIGHT_DAYS = 7
"""From the missed departure to the next one."""


async def lost_and_found(w: World, person: Person) -> None:
    """Misses the departure, leaves a week later, never arrives: said by the centre. Arrives after all: it goes on."""
    await referred_and_accepted(w, person)
    await w.wait_for(w.day(WORK_DAY))
    missed_on = germany.departure_day(w, person)
    journey = f"/cases/{person.case_id}/journey"
    missed = {"missed_on": missed_on.isoformat(), "reason": "connection_cancelled"}
    await w.api.post(scout(person), "referral", f"{journey}/miss", missed)
    await departure_seen(w, person, "missed")
    leaves_on = missed_on + timedelta(days=SECOND_FLIGHT_DAYS)
    window = {"earliest": leaves_on.isoformat(), "latest": leaves_on.isoformat(), "transport": "scheduled_flight"}
    await w.api.post(scout(person), "referral", f"{journey}/plan", window)
    w.tell(person, f"missed the departure of {missed_on}; it is planned anew, and the centre knows")
    await w.wait_for(leaves_on + timedelta(days=1))
    await germany.depart(w, person, leaves_on)
    path = f"/files/{person.case_id}/never-arrived"
    await w.api.refused(counsellor(person), "counselling", path, None, 409, "still_expected")
    await w.wait_for(w.day(LATER_DAY))
    await w.api.post(counsellor(person), "counselling", path)
    await referral_seen(w, person, "failed", "never_arrived")
    await pooled_as(w, person, "left")
    w.tell(person, "never arrived: the referral has failed, the scout knows why, and the placement desk expects nobody")
    body = {"reason": "arrived_after_all"}
    await w.api.post(counsellor(person), "counselling", f"/referrals/{person.referral_id}/reopen", body)
    await referral_seen(w, person, "accepted", None)
    await work.arrive(w, person, leaves_on + timedelta(days=2))
    await work.meet(w, person)
    await pooled_as(w, person, "active")
    w.tell(person, "has arrived after all: the referral goes on, and so does the search for work")


async def dies(w: World, person: Person) -> None:
    """A death ends the case for everybody: no course, no list and no deadline waits for the person any more."""
    await referred_and_accepted(w, person)
    await germany.enrol(w, person)
    body = {"reason": "person_deceased"}
    await w.api.post(counsellor(person), "counselling", f"/referrals/{person.referral_id}/fail", body)
    await referral_seen(w, person, "failed", "person_deceased")
    await pooled_as(w, person, "deceased")
    await w.api.until(
        f"the seat of {person} given back",
        lambda: seen.enrolment(w, person),
        lambda enrolment: enrolment["status"] == "cancelled",
    )
    w.tell(person, "died: no centre, no course and no desk waits for them any more")


async def one_of_two(w: World, first: Person, second: Person) -> None:
    """An employer sees two people for one opening and chooses; who is chosen steps back, and the other one is asked."""
    await referred_and_accepted(w, first)
    await referred_and_accepted(w, second)
    await departed_and_met(w, first)
    await departed_and_met(w, second)
    vacancy_id, employer_id = await work.vacancy(w, first)
    chosen = await _presented(w, first, vacancy_id, employer_id)
    other = await _presented(w, second, vacancy_id, employer_id)
    desk = officer(first)
    meeting = {"at": (w.clocks.now + timedelta(hours=1)).isoformat(), "mode": "in_person"}
    await w.api.post(desk, "placement", f"/candidacies/{chosen}/interview", meeting)
    w.tell(first, f"the employer has one opening, sees two people, and wants to meet this one; {second} waits")
    offer_id = await work.offer(w, first, chosen)
    offer = {
        "hours_per_week": 40,
        "starts_on": (w.today + timedelta(days=work.START_DAYS)).isoformat(),
        "formal": True,
        "subsidised": False,
    }
    await w.api.refused(desk, "placement", f"/candidacies/{other}/offer", offer, 409, "no_opening_left")
    await work.take(w, first, offer_id)
    await _candidacy_seen(w, second, other, "vacancy_filled")
    w.tell(second, "the opening is taken by the other one: the candidacy closes, for a reason that can be read")
    body = {"reason": "person_declined", "by": "person"}
    await w.api.post(desk, "placement", f"/candidacies/{chosen}/close", body)
    w.tell(first, "steps back before the first day: the vacancy is open again")
    again = await work.shortlist(w, second, vacancy_id)
    await work.present(w, second, again)
    await work.take(w, second, await work.offer(w, second, again))
    w.tell(second, "is asked, offered the work, and accepts")


async def _presented(w: World, person: Person, vacancy_id: str, employer_id: str) -> str:
    """The employer knows the person; the candidacy's id."""
    candidacy_id = await work.shortlist(w, person, vacancy_id)
    await work.allow_presentation(w, person, employer_id)
    await work.present(w, person, candidacy_id)
    return candidacy_id


async def referral_seen(w: World, person: Person, status: str, reason: str | None) -> None:
    """Until the scout knows what became of the referral."""
    await w.api.until(
        f"the referral of {person} as {status} at {person.scouts}",
        lambda: seen.referral(w, person),
        lambda referral: (referral["status"], referral["reason"]) == (status, reason),
    )


async def departure_seen(w: World, person: Person, status: str) -> None:
    """Until the centre knows what became of the departure."""
    await w.api.until(
        f"the departure of {person} as {status} in the file of {person.centre}",
        lambda: seen.centre_file(w, person),
        lambda file: (file["departure"] or {}).get("status") == status,
    )


async def pooled_as(w: World, person: Person, status: str) -> None:
    """Until the placement desk has the person as this."""
    await w.api.until(
        f"{person} as {status} at the placement desk",
        lambda: seen.candidate(w, person),
        lambda candidate: candidate["status"] == status,
    )


async def _candidacy_seen(w: World, person: Person, candidacy_id: str, reason: str) -> None:
    await w.api.until(
        f"the candidacy of {person} as closed: {reason}",
        lambda: w.api.get(officer(person), "placement", f"/candidacies/{candidacy_id}"),
        lambda candidacy: candidacy["closed_reason"] == reason,
    )
