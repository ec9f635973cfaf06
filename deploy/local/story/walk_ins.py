"""Two people whom nobody referred: they walk in at a centre, and nobody in Germany is asked.

A displaced person in Erbil, whose name is written in Sorani, and a local in Accra. Both are found work by the centre's
placement desk, with the consents that they sign there. At the end everything is read back from the services.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import uuid4

from deploy.local.places import StackError
from deploy.local.story import world as seen
from deploy.local.story.api import Answer
from deploy.local.story.germany import CONSENT_DAYS
from deploy.local.story.names import NAMES
from deploy.local.story.people import Person
from deploy.local.story.work import ANSWER_DAYS, START_DAYS, present, shortlist, vacancy
from deploy.local.story.world import World, counsellor, officer


@dataclass(frozen=True)
class WalkIn:
    """Somebody whom the story invents; `person` holds the ids that the services give."""

    person: Person
    target_group: str
    sex: str
    spelled: str
    """The name, as somebody else writes it down."""
    comes_back: bool = False


def people() -> tuple[WalkIn, ...]:
    """The two, as nobody has seen them yet."""
    displaced = invented(101, "IQ", "IQ-AR", "ckb", "centre:IQ-EBL", ("7531",), "walks in, displaced", NAMES["ckb"][-1])
    local = invented(
        102, "GH", "GH-AA", "en", "centre:GH-ACC", ("7126",), "walks in, a local, comes back", NAMES["en"][-1]
    )
    return (
        WalkIn(displaced, "IDP_OR_REFUGEE", "female", "Shilan Rashid"),
        WalkIn(local, "LOCAL", "female", "quartey", comes_back=True),
    )


async def play(w: World, one: WalkIn) -> None:
    """From the door of the centre to an offer that is accepted."""
    person = one.person
    await taken_in(w, one)
    await found_by_name(w, one, person)
    await sign(w, person, "matching", [])
    await pooled(w, one)
    w.tell(person, "in the pool of the placement desk, with the consent that was signed at the centre")
    offer_id = await _offered(w, person)
    await w.api.post(officer(person), "placement", f"/offers/{offer_id}/accept")
    await w.api.until(
        f"the accepted offer in the file of {person}",
        lambda: seen.centre_file(w, person),
        lambda file: seen.offer_of(file, offer_id).get("status") == "accepted",
    )
    w.tell(person, "presented with consent, offered work, accepted")
    if one.comes_back:
        await _comes_back(w, person)


async def found_by_name(w: World, one: WalkIn, *cases: Person) -> None:
    """The centre finds these cases by the name as somebody else writes it down."""
    desk = counsellor(one.person)
    found = await w.api.post(desk, "counselling", "/files/search", {"name": one.spelled})
    if not {each.case_id for each in cases} <= {each["case_id"] for each in found["items"]}:
        raise StackError(f"{one.person}: {one.person.centre} does not find them by their name, spelled otherwise")


async def pooled(w: World, one: WalkIn) -> None:
    """Until the placement desk has them."""
    await w.api.until(
        f"{one.person} in the pool of the placement desk",
        lambda: seen.candidate(w, one.person),
        lambda candidate: candidate["status"] == "active" and candidate["target_group"] == one.target_group,
    )


async def read_back(w: World, everybody: Sequence[WalkIn]) -> None:
    """What the services show of them now; raises if it is not what was taken down."""
    lines = []
    for one in everybody:
        person = one.person
        file, profile, candidate = await _seen(w, person)
        if (profile["given_name"], profile["family_name"]) != (person.given_name, person.family_name):
            raise StackError(f"{person}: the centre reads another name than it has taken down")
        if await w.api.get(seen.MANAGEMENT, "referral", f"/cases/{person.case_id}") is not None:
            raise StackError(f"{person}: nobody has referred them, and yet there is a case in Germany")
        offers = ", ".join(each["status"] for each in file["offers"])
        stages = (file["status"].replace("_", " "), candidate["status"], f"offer {offers}")
        lines.append((person.number, person.case_ref, person.country, person.title, *stages))
    columns = ("no.", "case", "", "story", "counselling", "placement", "")
    w.screen.table("Who walked in, referred by nobody, as the services show them now", columns, lines)


async def _seen(w: World, person: Person) -> tuple[Answer, Answer, Answer]:
    """The file, who they are, and what the placement desk knows."""
    path = f"/files/{person.case_id}"
    return (
        await w.api.until(f"the file of {person}", lambda: w.api.get(counsellor(person), "counselling", path)),
        await w.api.until(
            f"the name of {person}", lambda: w.api.get(counsellor(person), "counselling", f"{path}/profile")
        ),
        await w.api.until(f"{person} as candidate", lambda: seen.candidate(w, person)),
    )


async def taken_in(w: World, one: WalkIn) -> None:
    """The centre opens a file, with the consent to be advised, and assesses."""
    person = one.person
    body = {
        "target_group": one.target_group, "admin1": person.admin1, "language": person.language,
        "age_band": person.age_band, "sex": one.sex, "needs": list(person.needs), "skills": list(person.isco08),
        "consent": _sheet(w, person),
        "profile": {"given_name": person.given_name, "family_name": person.family_name, "notes": w.canary},
    }  # fmt: skip
    opened = await w.api.post(counsellor(person), "counselling", "/files", body)
    person.case_id, person.case_ref = opened["case_id"], opened["case_ref"]
    person.referral_id = opened["referral_id"]
    w.tell(person, f"has walked in at {person.centre}, referred by nobody: in contact at once")
    assessment = {
        "readiness": "now", "priority": "normal", "assessed_on": w.today.isoformat(),
        "levels": {"economic": 2, "social": 1},
    }  # fmt: skip
    await w.api.post(counsellor(person), "counselling", f"/files/{person.case_id}/assessments", assessment)


async def _offered(w: World, person: Person) -> str:
    vacancy_id, employer_id = await vacancy(w, person)
    candidacy_id = await shortlist(w, person, vacancy_id)
    await sign(w, person, "presentation", [f"employer:{employer_id}"])
    await w.api.until(
        f"the consent of {person} at the placement desk",
        lambda: seen.candidate(w, person),
        lambda candidate: f"employer:{employer_id}" in candidate["may_be_presented_to"],
    )
    await present(w, person, candidacy_id)
    body = {
        "hours_per_week": 40, "starts_on": (w.today + timedelta(days=START_DAYS)).isoformat(), "formal": True,
        "subsidised": False, "expires_at": (w.clocks.now + timedelta(days=ANSWER_DAYS)).isoformat(),
    }  # fmt: skip
    answer = await w.api.post(officer(person), "placement", f"/candidacies/{candidacy_id}/offer", body)
    return str(answer["offer_id"])


async def _comes_back(w: World, person: Person) -> None:
    path = f"/referrals/{person.referral_id}"
    await w.api.post(counsellor(person), "counselling", f"{path}/complete", {"outcome_code": "employment_found"})
    w.tell(person, "the support is completed")
    await w.api.post(counsellor(person), "counselling", f"{path}/reopen", {"reason": "need_again"})
    await w.api.until(
        f"the file of {person} as open again",
        lambda: seen.centre_file(w, person),
        lambda file: file["status"] == "assessed",
    )
    w.tell(person, "has come back, and is in the centre's care again: no scout was asked")


async def sign(w: World, person: Person, purpose: str, recipients: list[str]) -> None:
    """They sign at the centre."""
    body = {"purpose": purpose, "recipients": recipients, **_sheet(w, person)}
    await w.api.post(counsellor(person), "counselling", f"/files/{person.case_id}/consents", body)


def _sheet(w: World, person: Person) -> dict[str, Any]:
    return {
        "text_version": "centre-2026-01", "language": person.language, "evidence_ref": str(uuid4()),
        "granted_on": w.today.isoformat(), "valid_until": (w.today + timedelta(days=CONSENT_DAYS)).isoformat(),
    }  # fmt: skip


def invented(
    number: int,
    country: str,
    admin1: str,
    language: str,
    centre: str,
    isco08: tuple[str, ...],
    title: str,
    name: tuple[str, str],
) -> Person:
    """Somebody of whom no desk in Germany knows."""
    given_name, family_name = name
    return Person(
        number=number,
        country=country,
        country_status="active",
        admin1=admin1,
        trade="",
        isco08=isco08,
        provider="",
        language=language,
        scouts="",
        age_band="25_34",
        household_size=1,
        vulnerable=False,
        return_type="unknown",
        needs=("employment",),
        given_name=given_name,
        family_name=family_name,
        title=title,
        centre=centre,
    )
