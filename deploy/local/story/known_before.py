"""Two people whom nobody referred, and who are no strangers: one is taken down twice, one comes from a desk in Germany.

In Belgrade a colleague opens a second file of a woman whose name is written in Cyrillic; two people of the centre find
that it is the same person's, and every desk has her once. In Lahore a man whose name is written in Urdu has returned
from Germany; a desk there asks for his case by the reference that he has, and with his signature the centre hands it
over.
"""

from __future__ import annotations

from functools import partial

from deploy.local.places import StackError
from deploy.local.story import walk_ins
from deploy.local.story import world as seen
from deploy.local.story.api import Answer, Reply, Who
from deploy.local.story.clock import OPERATOR
from deploy.local.story.names import NAMES
from deploy.local.story.walk_ins import WalkIn
from deploy.local.story.work import shortlist, vacancy
from deploy.local.story.world import World, counsellor, officer, scout

DESK = "scouts:berlin"
"""Whom the man from Lahore had been with."""
NOT_YET = 404
"""The desk has not heard that a centre has opened the case."""


def taken_down_twice() -> tuple[WalkIn, WalkIn]:
    """The woman in Belgrade, by her first file and by her second one."""
    return _in_belgrade(103, "walks in"), _in_belgrade(104, "the same, taken down again")


def from_germany() -> WalkIn:
    """The man in Lahore."""
    name = NAMES["ur"][-1]
    title = "walks in, adopted by a desk"
    person = walk_ins.invented(105, "PK", "PK-PB", "ur", "centre:PK-LHE", ("7411",), title, name)
    person.scouts = DESK
    return WalkIn(person, "RETURNEE_DE", "male", "Tiwana")


async def linked(w: World, first: WalkIn, second: WalkIn) -> None:
    """Nobody looks whether she was here before. Then two people say so, and she is picked for work once."""
    one, other = first.person, second.person
    for each in (first, second):
        await walk_ins.taken_in(w, each)
        await walk_ins.sign(w, each.person, "matching", [])
        await walk_ins.pooled(w, each)
    await walk_ins.found_by_name(w, second, one, other)
    path, body = f"/files/{other.case_id}/links", {"same_as": one.case_id, "reason": "profiles_compared"}
    await w.api.post(counsellor(other), "counselling", path, body)
    confirm = f"{path}/{one.case_id}/confirm"
    await w.api.refused(counsellor(other), "counselling", confirm, None, 403, "same_person")
    await w.api.post(counsellor(other)._replace(person="colleague"), "counselling", confirm)
    w.tell(other, f"is the same person as {one}: found by her name in Latin script, and two of the centre have said so")
    await w.api.until(
        f"{other} as the same person as {one} at the placement desk",
        lambda: w.api.get(officer(other), "placement", f"/candidates/{other.case_id}"),
        lambda candidate: candidate["same_person"] == [one.case_id],
    )
    vacancy_id, _ = await vacancy(w, one)
    await shortlist(w, one, vacancy_id)
    pick = {"vacancy_id": vacancy_id, "case_id": other.case_id}
    await w.api.refused(officer(other), "placement", "/candidacies", pick, 409, "candidacy_exists")
    w.tell(one, "picked for work, and not a second time under her other case: the desk has her once in its pool")


async def adopted(w: World, one: WalkIn) -> None:
    """A desk asks by the reference; the person signs for just that desk, and the centre hands the case over."""
    person = one.person
    await walk_ins.taken_in(w, one)
    await walk_ins.sign(w, person, "matching", [])
    await walk_ins.pooled(w, one)
    body = {"case_ref": person.case_ref}

    async def ask() -> Reply | None:
        reply = await w.api.send(scout(person), "referral", "/adoptions", body)
        return None if reply.status == NOT_YET else reply

    reply = await w.api.until(f"{person} known to be a centre's", ask)
    if reply.code or reply.body["status"] != "asked":
        raise StackError(f"{person}: {DESK} cannot ask for the case: {reply.code or reply.body['status']}")
    await w.api.until(
        f"the wish of {DESK} in the file of {person}",
        lambda: seen.centre_file(w, person),
        lambda file: (file["adoption"] or {}).get("desk") == DESK,
    )
    confirm = f"/files/{person.case_id}/adoption/confirm"
    await w.api.refused(counsellor(person), "counselling", confirm, None, 409, "consent_missing")
    await walk_ins.sign(w, person, "adoption", [DESK])
    await w.api.post(counsellor(person), "counselling", confirm)
    await w.api.until(f"the case of {person} at {DESK}", lambda: seen.case(w, person))
    w.tell(person, f"had been with {DESK}: it asked by the reference, he signed, and the case is the desk's")


async def read_back(w: World, pair: tuple[WalkIn, WalkIn], one: WalkIn) -> None:
    """Whether each is one person, and one case; raises if not."""
    first, second = (each.person for each in pair)
    pool = await _pool(w, officer(first))
    if first.case_id not in pool or second.case_id in pool:
        raise StackError(f"{first} and {second} are one person, and not once in the pool of their desk")
    heard = await w.api.until(
        f"{first} and {second} as one person in journey",
        lambda: w.api.get(OPERATOR, "journey", f"/cases/{second.case_ref}"),
        lambda trace: trace["same_person"],
    )
    if [each["case_id"] for each in heard["same_person"]] != [first.case_id]:
        raise StackError(f"{second}: journey does not tell which other case the person has")
    case = await w.api.until(f"the case of {one.person} at {DESK}", lambda: seen.case(w, one.person))
    if case["case_ref"] != one.person.case_ref:
        raise StackError(f"{one.person}: the desk knows the case by another reference than the centre has given")
    profile = await w.api.until(f"the name of {one.person}", lambda: seen.profile(w, one.person))
    if profile["family_name"] != one.person.family_name:
        raise StackError(f"{one.person}: the centre reads another name than it has taken down")
    w.screen.line(
        f"{first} and {second} are one person, once in the pool; {one.person} is a case of {DESK}, "
        "and the name stays with the centre"
    )


async def _page(w: World, desk: Who, cursor: dict[str, str]) -> Answer | None:
    return await w.api.get(desk, "placement", "/candidates", limit="100", **cursor)


async def _pool(w: World, desk: Who) -> set[str]:
    """Everybody whom the desk finds in its pool."""
    found: set[str] = set()
    cursor: dict[str, str] = {}
    while True:
        page = await w.api.until("the pool of a placement desk", partial(_page, w, desk, cursor))
        found |= {each["case_id"] for each in page["items"]}
        if not page["next_cursor"]:
            return found
        cursor = {"cursor": page["next_cursor"]}


def _in_belgrade(number: int, title: str) -> WalkIn:
    name = NAMES["sr"][-1]
    person = walk_ins.invented(number, "RS", "RS-00", "sr", "centre:RS-BEG", ("9412",), title, name)
    return WalkIn(person, "LOCAL", "female", "Djurdja Stojkovic")
