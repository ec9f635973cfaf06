"""The people whose story is told, each from top to bottom. A `wait_for` is the only place where time passes."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from uuid import uuid4

from deploy.local.places import StackError
from deploy.local.story import germany, poison, work
from deploy.local.story import world as seen
from deploy.local.story.people import Person, answer_limits, fallback_desk
from deploy.local.story.world import Course, World, counsellor, officer, scout

WORK_DAY = 58
"""Most people depart eight weeks after the referral (day 56) and arrive on the next day; this is the one after."""
LATER_DAY = 74
"""More than the 14 days later for which an offer holds if the employer names no date."""


async def referred_and_accepted(w: World, person: Person) -> None:
    """The usual beginning: registered, referred, accepted."""
    await germany.register(w, person)
    await germany.refer(w, person)
    await germany.open_the_ways(w, person)
    await germany.accept(w, person)


async def departed_and_met(w: World, person: Person) -> None:
    """The usual middle: departed as planned, arrived, in contact, assessed."""
    await w.wait_for(w.day(WORK_DAY))
    await germany.depart(w, person, germany.departure_day(w, person))
    await work.arrive(w, person, germany.departure_day(w, person) + timedelta(days=1))
    await work.meet(w, person)


async def all_the_way(w: World, person: Person) -> None:
    """From the referral to the first day of work, through all four services."""
    await germany.register(w, person)
    key, body = str(uuid4()), germany.wish(person)
    await germany.refer(w, person, body, key=key)
    again = await w.api.send(scout(person), "referral", f"/cases/{person.case_id}/referrals", body, key=key)
    if not again.replayed or again.body["referral_id"] != person.referral_id:
        raise StackError(f"{person}: a repeated request did not get the stored answer")
    w.tell(person, f"referred to {person.centre}; the same request sent again changed nothing")
    await germany.open_the_ways(w, person)
    await germany.accept(w, person)
    day = germany.departure_day(w, person).isoformat()
    await w.api.post(scout(person), "referral", f"/cases/{person.case_id}/journey/book", {"on": day})
    status = await germany.enrol(w, person)
    await germany.enrolment_seen(w, person)
    w.tell(person, f"accepted, booked for {day}, course with {person.provider}: {status}")
    await w.wait_for(w.after_courses)
    await germany.complete(w, person, "passed")
    w.tell(person, f"passed the examination; {person.centre} has {', '.join(person.isco08)} as verified skills")
    await departed_and_met(w, person)
    w.tell(person, "departed, arrived, met, assessed as ready to work")
    offer_id = await work.offer(w, person, await work.to_employer(w, person))
    await work.take(w, person, offer_id)
    w.tell(person, "shortlisted, presented with consent, offered work, accepted")
    await w.wait_for(w.day(LATER_DAY))
    await work.begin_work(w, person, offer_id, w.day(WORK_DAY + work.START_DAYS))
    w.tell(person, "works; the referral is completed with employment_found: the scout knows")


async def redirected(w: World, person: Person) -> None:
    """The centre passes the referral on in one step; the scout sees both, under one root."""
    await germany.register(w, person)
    await germany.refer(w, person)
    await germany.open_the_ways(w, person)
    first, first_centre = person.referral_id, person.centre
    body = {"to_centre": "centre:NG-EDO", "reason": "person_moved"}
    answer = await w.api.post(counsellor(person), "counselling", f"/referrals/{first}/redirect", body)
    person.referral_id, person.centre = answer["child_referral_id"], answer["to_centre"]
    await germany.received(w, person)
    await w.api.until(
        f"the redirection of {person} at {person.scouts}",
        lambda: seen.referral(w, person, first),
        lambda parent: (parent["status"], parent["child_referral_id"]) == ("referred_onward", person.referral_id),
    )
    await germany.accept(w, person)
    w.tell(person, f"referred to {first_centre}, passed on to {person.centre}, accepted there; the scout sees both")
    await w.api.until(
        f"{person} moved to the placement desk of {person.centre}",
        lambda: seen.candidate(w, person),
        lambda candidate: candidate["centre"] == person.centre,
    )
    await departed_and_met(w, person)
    w.tell(person, f"departed, arrived and assessed at {person.centre}")


async def last_seat(w: World, first: Person, second: Person, course: Course) -> None:
    """One seat for two: the departure of the first moves forward, the course no longer fits, the seat is free."""
    second.provider = first.provider
    await referred_and_accepted(w, first)
    await referred_and_accepted(w, second)
    if (status := await germany.enrol(w, first, course)) != "confirmed":
        raise StackError(f"{first}: the only seat is free, and yet the enrolment is {status}")
    await germany.enrolment_seen(w, first)
    if (status := await germany.enrol(w, second, course)) != "waitlisted":
        raise StackError(f"{second}: the only seat is taken, and yet the enrolment is {status}")
    w.tell(second, f"the last seat is taken: on the waiting list of {second.provider}")
    journey = f"/cases/{first.case_id}/journey"
    day = germany.departure_day(w, first).isoformat()
    await w.api.post(scout(first), "referral", f"{journey}/book", {"on": day})
    earlier = course.ends_on.isoformat()
    move = {"earliest": earlier, "latest": earlier, "reason": "authority_request"}
    await w.api.post(scout(first), "referral", f"{journey}/reschedule", move)
    await w.api.until(
        f"the end of the enrolment of {first}, whose course ends too late now",
        lambda: seen.enrolment(w, first),
        lambda enrolment: (enrolment["status"], enrolment["cancel_reason"]) == ("cancelled", "departure_before_end"),
    )
    await w.api.until(
        f"the cancelled enrolment in the timeline of {first.scouts}",
        lambda: seen.timeline(w, first),
        lambda entries: seen.mentions(entries, "EnrolmentCancelled", first.enrolment_id, code="departure_before_end"),
    )
    w.tell(first, f"leaves on {earlier} instead of {day}: the course does not fit any more, the seat is free")
    await w.api.until(
        f"the free seat for {second}",
        lambda: seen.enrolment(w, second),
        lambda enrolment: enrolment["status"] == "confirmed",
    )
    await germany.enrolment_seen(w, second)
    w.tell(second, "has the seat now")
    w.director.also(partial(leaves_early, w, first, course))
    await takes_the_seat(w, second)


async def leaves_early(w: World, person: Person, course: Course) -> None:
    """What follows for the one who leaves before the course has ended."""
    await w.wait_for(w.after_courses)
    await germany.depart(w, person, course.ends_on)
    await work.arrive(w, person, course.ends_on + timedelta(days=1))
    await work.meet(w, person)
    w.tell(person, "departed on the earlier day, arrived, assessed")


async def takes_the_seat(w: World, person: Person) -> None:
    """What follows for the one who waited."""
    await w.wait_for(w.after_courses)
    await germany.complete(w, person, "attended")
    w.tell(person, "attended the course to its end")
    await departed_and_met(w, person)


async def unanswered(w: World, person: Person) -> None:
    """Nobody answers: said at three levels, seen by centre and scout, and never answered by a machine."""
    await germany.register(w, person)
    await germany.refer(w, person, {**germany.wish(person), "priority": "urgent"})
    item = await w.api.until(f"{person} in the inbox", lambda: seen.inbox_item(w, person))
    due = datetime.fromisoformat(item["answer_due_at"])
    w.tell(person, f"referred to {person.centre}, urgent: the answer is due by {due:%Y-%m-%d %H:%M} UTC")
    for level, hours in enumerate(answer_limits("urgent"), 1):
        due += timedelta(hours=hours if level > 1 else 0)
        await w.director.wait_for(due + timedelta(minutes=1))
        await overdue(w, person, level)
        w.tell(person, f"DeadlineMissed, level {level} of 3: centre and scout see it")
    entries = await w.api.until(f"the timeline of {person}", lambda: seen.timeline(w, person))
    if (said := sum(entry["type"] == "DeadlineMissed" for entry in entries)) != len(answer_limits("urgent")):
        raise StackError(f"{person}: the scout's timeline tells {said} times that the answer is overdue")
    referral = await w.api.until(f"the referral of {person}", lambda: seen.referral(w, person))
    if referral["status"] != "received":
        raise StackError(f"{person}: nobody answered, and yet the referral is {referral['status']}")


async def overdue(w: World, person: Person, level: int) -> None:
    """Until centre and scout see that the answer is overdue, and how much."""
    await w.api.until(
        f"level {level} of the overdue answer in the inbox of {person.centre}",
        lambda: seen.inbox_item(w, person),
        lambda item: item["overdue_level"] == level,
    )
    await w.api.until(
        f"level {level} of the overdue answer at {person.scouts}",
        lambda: seen.referral(w, person),
        lambda referral: referral["overdue_level"] == level,
    )


async def declines_one(w: World, person: Person) -> None:
    """Declining has no consequence: the next offer comes, and is taken."""
    await referred_and_accepted(w, person)
    await departed_and_met(w, person)
    first = await work.offer(w, person, await work.to_employer(w, person))
    await work.decline(w, person, first, "wage")
    w.tell(person, "declined an offer because of the wage")
    second = await work.offer(w, person, await work.to_employer(w, person))
    await work.take(w, person, second)
    w.tell(person, "was offered other work the same day, and accepted")


async def referred_from_afar(w: World, person: Person) -> None:
    """No centre in the country of return: refused with the way out, which is then taken."""
    await germany.register(w, person)
    desk = fallback_desk(person.country)
    path = f"/cases/{person.case_id}/referrals"
    problem = await w.api.refused(scout(person), "referral", path, germany.wish(person), 409, "no_active_centre")
    if desk not in problem["remedy"]:
        raise StackError(f"{person}: the refusal does not name {desk}, who stands in: {problem['remedy']}")
    w.tell(person, f"refused, {person.country} has no centre; the remedy names {desk}")
    await germany.consent(w, person, "referral", desk)
    await germany.refer(w, person, germany.wish(person, desk))
    w.tell(person, f"referred to {person.centre}, which advises from afar")


async def without_centre(w: World, person: Person) -> None:
    """The promise holds where the programme has no centre: the desk that stands in knows an employer there."""
    await referred_from_afar(w, person)
    await germany.open_the_ways(w, person)
    await germany.accept(w, person)
    await departed_and_met(w, person)
    vacancy_id, employer_id = await work.vacancy(w, person)
    found = await w.api.until(
        f"the vacancy for {person}", lambda: w.api.get(officer(person), "placement", f"/vacancies/{vacancy_id}")
    )
    if found["country"] != person.country:
        raise StackError(f"{person} returns to {person.country}, and the vacancy lies in {found['country']}")
    candidacy_id = await work.shortlist(w, person, vacancy_id)
    await work.allow_presentation(w, person, employer_id)
    await work.present(w, person, candidacy_id)
    offer_id = await work.offer(w, person, candidacy_id)
    await work.take(w, person, offer_id)
    w.tell(person, f"the desk of {person.centre} found work in {person.country}: offered, accepted")


async def held_up(w: World, person: Person) -> None:
    """Somebody writes rubbish under the key of a case: that key waits, others go on, an operator settles it."""
    await referred_and_accepted(w, person)
    await poison.put(w, person)
    await germany.enrol(w, person)
    row = await poison.blocks_only_its_key(w, person)
    await poison.discard(w, person, row)
    await germany.enrolment_seen(w, person)
    w.tell(person, "the events that waited are handled, in their order: the scout sees the seat")
    await w.wait_for(w.after_courses)
    await germany.complete(w, person, "passed")
    await poison.audited(w, person)
    await departed_and_met(w, person)


async def consent_withdrawn(w: World, person: Person) -> None:
    """Taken back before the answer: the referral ends everywhere, and with it the seat."""
    await germany.register(w, person)
    await germany.refer(w, person)
    await germany.open_the_ways(w, person)
    await germany.enrol(w, person)
    await w.api.post(scout(person), "referral", f"/consents/{person.consents['referral']}/withdraw")
    await w.api.until(
        f"the file of {person} as withdrawn, which the centre does not see any more",
        lambda: seen.whole_file(w, person),
        lambda file: file["status"] == "withdrawn",
    )
    await w.api.until(
        f"{person} out of the pool of the placement desks",
        lambda: seen.candidate(w, person),
        lambda candidate: candidate["status"] == "withdrawn",
    )
    await w.api.until(
        f"the seat of {person} given back",
        lambda: seen.enrolment(w, person),
        lambda enrolment: (enrolment["status"], enrolment["cancel_reason"]) == ("cancelled", "person"),
    )
    path = f"/referrals/{person.referral_id}/accept"
    await w.api.refused(counsellor(person), "counselling", path, {}, 409, "referral_withdrawn")
    w.tell(person, f"consent withdrawn: no longer with {person.centre}, nor in the pool, nor in the course")


async def no_presentation(w: World, person: Person) -> None:
    """The placement desk may look for work; it may name the person to an employer only with consent for this one."""
    await referred_and_accepted(w, person)
    await departed_and_met(w, person)
    vacancy_id, employer_id = await work.vacancy(w, person)
    candidacy_id = await work.shortlist(w, person, vacancy_id)
    path, code = f"/candidacies/{candidacy_id}/present", "consent_missing"
    await w.api.refused(officer(person), "placement", path, None, 409, code)
    w.tell(person, "shortlisted; presenting them without consent for this employer is refused")
    await work.allow_presentation(w, person, employer_id)
    await work.present(w, person, candidacy_id)
    await work.offer(w, person, candidacy_id)
    w.tell(person, "with their consent presented, and offered work")


async def offer_expires(w: World, person: Person) -> None:
    """An offer without an answer ends by its date."""
    await referred_and_accepted(w, person)
    await departed_and_met(w, person)
    offer_id = await work.offer(w, person, await work.to_employer(w, person), answer_days=None)
    await w.wait_for(w.day(LATER_DAY))
    await work.offer_seen(w, person, offer_id, "expired")
    w.tell(person, "did not answer a job offer within 14 days: it has expired")


async def suspended(w: World, person: Person) -> None:
    """Nobody is referred to a country where the programme is suspended."""
    await germany.register(w, person)
    path = f"/cases/{person.case_id}/referrals"
    await w.api.refused(scout(person), "referral", path, germany.wish(person), 409, "country_suspended")
    w.tell(person, f"not referred: the programme is suspended in {person.country}; the case stays open")
    w.count(person, "not referred")
