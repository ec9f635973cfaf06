"""The people of whom something is put right, or who leave a state that once nobody could leave."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

from deploy.local.places import StackError
from deploy.local.story import germany, work
from deploy.local.story import world as seen
from deploy.local.story.named import WORK_DAY, departed_and_met, referred_and_accepted
from deploy.local.story.people import NAMED, Person
from deploy.local.story.turns import departure_seen, pooled_as, referral_seen
from deploy.local.story.world import World, counsellor, officer, scout

DESTROYED: Final = NAMED[21][1]
"""The title of whose profile nobody can read any more, in the end."""
OF_AGE_DAY: Final = 20
"""The eighteenth birthday; the age band changes with the next first of a month."""
DESTRUCTION_DAYS: Final = 4
"""Until keys are gone that two people want destroyed: three days, and one by the clock of the story."""


async def stays(w: World, person: Person) -> None:
    """Is accepted, and stays in Germany: the referral is taken back, and nobody waits any more."""
    await referred_and_accepted(w, person)
    path = f"/cases/{person.case_id}/journey/cancel"
    await w.api.post(scout(person), "referral", path, {"reason": "person_stays"})
    await departure_seen(w, person, "cancelled")
    body = {"reason": "departure_cancelled"}
    await w.api.post(scout(person), "referral", f"/referrals/{person.referral_id}/withdraw", body)
    await w.api.until(
        f"the file of {person} as withdrawn, which the centre does not see any more",
        lambda: seen.whole_file(w, person),
        lambda file: file["status"] == "withdrawn",
    )
    await pooled_as(w, person, "withdrawn")
    if await seen.profile(w, person) is not None:
        raise StackError(f"{person.centre} sees who {person} is after the referral was taken back")
    w.tell(person, "accepted, stays in Germany after all: taken back everywhere, and the centre reads no name any more")


async def offer_taken_back(w: World, person: Person) -> None:
    """The employer takes back what the person had accepted: that was no offer, and the desk owes another one."""
    await referred_and_accepted(w, person)
    await departed_and_met(w, person)
    candidacy_id = await work.to_employer(w, person)
    first = await work.offer(w, person, candidacy_id)
    await work.take(w, person, first)
    body = {"reason": "offer_retracted", "by": "employer"}
    await w.api.post(officer(person), "placement", f"/candidacies/{candidacy_id}/close", body)
    await work.offer_seen(w, person, first, "retracted")
    await w.api.until(
        f"the retraction in the timeline of {person.scouts}",
        lambda: seen.timeline(w, person),
        lambda entries: seen.mentions(entries, "JobOfferRetracted", first),
    )
    w.tell(person, "accepted an offer, and the employer took it back: centre and scout know")
    await work.take(w, person, await work.offer(w, person, await work.to_employer(w, person)))
    w.tell(person, "was offered other work, and accepted")


async def arrival_put_right(w: World, person: Person) -> None:
    """The day of the arrival was wrong: two people put it right, and every clock counts from the right one."""
    await referred_and_accepted(w, person)
    await departed_and_met(w, person)
    right = germany.departure_day(w, person)
    path = f"/files/{person.case_id}"
    body = {"arrived_on": right.isoformat(), "method": "seen", "admin1": person.admin1, "reason": "wrong_day"}
    await w.api.post(counsellor(person), "counselling", f"{path}/arrival/correct", body)
    confirm = f"{path}/correction/confirm"
    await w.api.refused(counsellor(person), "counselling", confirm, None, 403, "same_person")
    await w.api.post(counsellor(person)._replace(person="colleague"), "counselling", confirm)
    await w.api.until(
        f"the right day of arrival of {person} at the placement desk",
        lambda: seen.candidate(w, person),
        lambda candidate: candidate["arrived_on"] == right.isoformat(),
    )
    await w.api.until(
        f"the right day of arrival of {person} at {person.scouts}",
        lambda: seen.case(w, person),
        lambda case: case["journey"]["arrived_on"] == right.isoformat(),
    )
    w.tell(person, f"arrived on {right}, not a day later: a second person has confirmed it, and every desk counts anew")


async def comes_of_age(w: World, person: Person) -> None:
    """A minor whom no desk may place; a birthday later one may."""
    person.age_band, person.birth_date = "under_18", _years_before(w.day(OF_AGE_DAY), 18)
    await referred_and_accepted(w, person)
    vacancy_id, employer_id = await work.vacancy(w, person)
    body = {"vacancy_id": vacancy_id, "case_id": person.case_id}
    await w.api.refused(officer(person), "placement", "/candidacies", body, 409, "minor")
    w.tell(person, "is seventeen: a guardian has signed, and no desk may look for work for them")
    await w.wait_for(w.day(WORK_DAY))
    await w.api.until(
        f"{person} of age at the placement desk",
        lambda: seen.candidate(w, person),
        lambda candidate: candidate["age_band"] == "18_24",
    )
    person.age_band = "18_24"
    await departed_and_met(w, person)
    candidacy_id = await work.shortlist(w, person, vacancy_id)
    await work.allow_presentation(w, person, employer_id)
    await work.present(w, person, candidacy_id)
    await work.take(w, person, await work.offer(w, person, candidacy_id))
    w.tell(person, "is eighteen, and every service knows it: presented, offered work, accepted")


async def keys_destroyed(w: World, person: Person) -> None:
    """Wants nobody to know them any more: two people of the desk destroy the keys, and three days later it is done."""
    await referred_and_accepted(w, person)
    path = f"/cases/{person.case_id}/profile/destruction"
    await w.api.post(scout(person), "referral", f"{path}/request", {"reason": "person_asked"})
    await w.api.refused(scout(person), "referral", f"{path}/confirm", None, 403, "same_person")
    await w.api.post(scout(person)._replace(person="colleague"), "referral", f"{path}/confirm")
    w.tell(person, "wants nobody to know them any more: a second person of the desk has confirmed it")
    await w.wait_for(w.today + timedelta(days=DESTRUCTION_DAYS))
    profile = f"/cases/{person.case_id}/profile"

    async def gone() -> bool:
        return await w.api.get(scout(person), "referral", profile) is None

    await w.api.until(f"the profile of {person} destroyed at {person.scouts}", gone)
    await w.api.until(
        f"the keys of {person} taken back from {person.centre}",
        lambda: seen.profile(w, person),
        lambda found: found["family_name"] is None,
    )
    w.tell(person, "the keys are gone, here and at the centre: no copy of the profile opens with them")
    body = {"reason": "person_withdrew"}
    await w.api.post(counsellor(person), "counselling", f"/referrals/{person.referral_id}/fail", body)
    await referral_seen(w, person, "failed", "person_withdrew")


def _years_before(day: date, years: int) -> date:
    """The same day of the year, or the first of March for the last of February."""
    try:
        return day.replace(year=day.year - years)
    except ValueError:
        return date(day.year - years, 3, 1)
