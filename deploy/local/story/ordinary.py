"""The people whose story is not told: the same steps, as far as the rule of the caseload lets each of them come."""

from __future__ import annotations

from deploy.local.story import germany, named, work
from deploy.local.story.people import Person
from deploy.local.story.world import World


async def ordinary(w: World, person: Person) -> None:
    """One of them, from the registration on."""
    if person.country_status == "suspended":
        await named.suspended(w, person)
        return
    if person.country_status == "no_centre":
        await named.referred_from_afar(w, person)
    else:
        await germany.register(w, person)
        await germany.refer(w, person)
    await germany.open_the_ways(w, person)
    if person.rejected:
        await germany.reject(w, person)
        return
    await germany.accept(w, person)
    if person.course != "none":
        await germany.enrol(w, person)
        await w.wait_for(w.after_courses)
        await germany.complete(w, person, person.course)
    if germany.departure_day(w, person) > w.day(named.WORK_DAY):
        return
    await named.departed_and_met(w, person)
    if person.outcome == "none":
        return
    offer_id = await work.offer(w, person, await work.to_employer(w, person))
    if person.outcome == "employed":
        await work.take(w, person, offer_id)
        await w.wait_for(w.day(named.LATER_DAY))
        await work.begin_work(w, person, offer_id, w.day(named.WORK_DAY + work.START_DAYS))
