"""Commands that hold to what their caller has seen: which tag counts for which, and when a tag changes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from placement import commands
from tests.support.placement import bodies
from tests.support.placement.api import ACCRAS, DAKARS, EDOS, OFFICER, PROGRAMME, Api
from tests.support.placement.world import (
    ACCRA,
    CASE,
    DAKAR,
    DAY,
    OTHER_CASE,
    TODAY,
    World,
    arrived,
    assessed,
    completed,
    consent,
    referred,
)
from tests.support.web import problem

PERSON = f"/candidates/{CASE}"


@pytest.fixture
def api() -> Api:
    """A desk in Lagos with a vacancy that has two openings, and a person in the pool."""
    return Api(World(openings=2))


def stale(answer: Any, *changed: str) -> None:
    document = problem(answer, 412, "changed_meanwhile")
    assert document["errors"][0]["field"] == "If-Match"
    assert document["detail"] == f"Since you read it, this has changed: {', '.join(changed)}."


def test_a_vacancy_is_not_closed_by_somebody_who_has_not_seen_its_latest_candidacy(api: Api) -> None:
    path = f"/vacancies/{api.world.vacancy_id}"
    tag = api.tag(path)
    api.world.shortlist()
    stale(api.post(f"{path}/close", **{"If-Match": tag}), "candidacies")
    assert api.world.vacancy.ended is None
    assert api.post(f"{path}/close", **{"If-Match": api.tag(path)}).json()["status"] == "withdrawn"


def test_a_person_is_not_picked_by_somebody_who_has_not_seen_the_latest_of_them(api: Api) -> None:
    pick, tag = bodies.candidacy(api.world.vacancy_id), api.tag(PERSON)
    api.world.tell(assessed("after_support"), completed("passed", "7132"))
    stale(api.post("/candidacies", pick, **{"If-Match": tag}), "skills", "verified_skills", "readiness")
    assert api.world.vacancy.candidacies == ()
    assert api.post("/candidacies", pick, **{"If-Match": api.tag(PERSON)}).status_code == 201


def test_two_desks_that_have_seen_the_same_person_do_not_pick_them_for_two_vacancies_at_once(api: Api) -> None:
    second, tags = api.world.publish(), {"": api.tag(PERSON), "edo": api.tag(PERSON, EDOS)}
    assert api.post("/candidacies", bodies.candidacy(api.world.vacancy_id), **{"If-Match": tags[""]}).is_success
    stale(api.post("/candidacies", bodies.candidacy(second), EDOS, **{"If-Match": tags["edo"]}), "candidacies")


def offer_id(api: Api, candidacy_id: Any) -> Any:
    offer = api.world.candidacy(candidacy_id).offer
    assert offer is not None
    return offer.id


COMMANDS: dict[str, tuple[Callable[[World], Any], Callable[[Api, Any], tuple[str, Any]], int]] = {
    "present": (World.shortlist, lambda _, id_: (f"/candidacies/{id_}/present", None), 200),
    "offer": (World.present, lambda _, id_: (f"/candidacies/{id_}/offer", bodies.OFFER), 201),
    "close": (
        World.present,
        lambda _, id_: (f"/candidacies/{id_}/close", {"reason": "unreachable", "by": "officer"}),
        200,
    ),
    "accept": (World.offer, lambda api, id_: (f"/offers/{offer_id(api, id_)}/accept", None), 200),
    "decline": (World.offer, lambda api, id_: (f"/offers/{offer_id(api, id_)}/decline", {"reason": "wage"}), 200),
    "start": (World.accept, lambda api, id_: ("/employments", bodies.employment(offer_id(api, id_))), 201),
}
"""How to come to the candidacy, what is asked for then, and the answer to it."""


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_on_a_candidacy_holds_to_the_candidacy_as_it_was_seen(api: Api, name: str) -> None:
    reach, call, status = COMMANDS[name]
    api.world.tell(referred(OTHER_CASE, OTHER_CASE), consent(case_id=OTHER_CASE, number=8))
    candidacy_id = reach(api.world)
    api.world.tell(consent("presentation", f"employer:{api.world.employer}", number=9))
    path, body = call(api, candidacy_id)
    other = api.tag(f"/candidacies/{api.world.shortlist(OTHER_CASE)}")
    before = api.world.service.snapshot()
    problem(api.post(path, body, **{"If-Match": other}), 412, "if_match_foreign")
    assert api.world.service.snapshot() == before
    seen = api.tag(f"/candidacies/{candidacy_id}")
    answer = api.post(path, body, **{"If-Match": f'"of-something-else", {seen}'})
    assert (answer.status_code, answer.json()["candidacy_id"]) == (status, str(candidacy_id))
    again = problem(api.post(path, body, **{"If-Match": seen}), 412, "changed_meanwhile")
    assert "status" in again["detail"]


@pytest.mark.parametrize("name", COMMANDS)
def test_any_tag_of_what_is_there_will_do_if_the_caller_says_so(api: Api, name: str) -> None:
    reach, call, status = COMMANDS[name]
    candidacy_id = reach(api.world)
    api.world.tell(consent("presentation", f"employer:{api.world.employer}", number=9))
    assert api.post(*call(api, candidacy_id), **{"If-Match": "*"}).status_code == status


def test_what_is_not_there_or_not_to_be_seen_matches_no_tag(api: Api) -> None:
    path = f"/vacancies/{api.world.vacancy_id}/close"
    problem(api.post(path, None, ACCRAS, **{"If-Match": "*"}), 403, "other_organisation")
    pick = bodies.candidacy(api.world.vacancy_id, OTHER_CASE)
    problem(api.post("/candidacies", pick, **{"If-Match": "*"}), 404, "candidate_not_found")


@pytest.mark.parametrize(
    ("path", "body"),
    [("/employers", lambda _: bodies.EMPLOYER), ("/vacancies", lambda world: bodies.vacancy(world.employer))],
)
def test_what_is_made_anew_has_not_been_seen(api: Api, path: str, body: Any) -> None:
    problem(api.post(path, body(api.world), **{"If-Match": "*"}), 400, "if_match_unusable")


def test_a_change_that_a_desk_is_not_shown_does_not_change_its_tag(api: Api) -> None:
    tag = api.tag(PERSON)
    api.world.tell(consent("matching", ACCRA, number=5))
    assert api.tag(PERSON) == tag, "whom else a person lets look at them"
    shortlisted = api.world.shortlist()
    api.world.tell(referred(to_centre=DAKAR, country="GM", admin1=None), consent("matching", DAKAR, number=6))
    in_dakar, everywhere = api.tag(PERSON, DAKARS), api.tag(PERSON, PROGRAMME)
    api.world.do(commands.CloseCandidacy(*api.world.ids(shortlisted), "unreachable", "officer"))
    assert api.tag(PERSON, DAKARS) == in_dakar, "candidacies in countries that are not the desk's"
    assert api.tag(PERSON, PROGRAMME) != everywhere


def test_a_vacancys_tag_does_not_change_with_what_only_the_person_shows(api: Api) -> None:
    candidacy_id = api.world.shortlist()
    paths = (f"/vacancies/{api.world.vacancy_id}", f"/candidacies/{candidacy_id}")
    tags = [api.tag(path) for path in paths]
    api.world.tell(arrived(), completed(), assessed("now"))
    assert [api.tag(path) for path in paths] == tags
    api.world.tell(consent("presentation", f"employer:{api.world.employer}", number=2))
    api.world.do(commands.Present(*api.world.ids(candidacy_id)))
    assert all(api.tag(path) != tag for path, tag in zip(paths, tags, strict=True))


def test_a_tag_does_not_change_because_days_pass(api: Api) -> None:
    api.world.tell(arrived())
    tag, first = api.tag(PERSON), api.get(PERSON).json()
    api.world.service.advance(91 * DAY)
    later = api.get(PERSON).json()
    assert (first["days_since_arrival"], later["days_since_arrival"]) == (0, 91)
    assert [first["targets"][0]["state"], later["targets"][0]["state"]] == ["running", "missed"]
    assert api.tag(PERSON) == tag
    api.world.tell(arrived(TODAY - DAY))
    assert api.tag(PERSON) != tag


def test_two_people_who_are_shown_the_same_have_the_same_tag(api: Api) -> None:
    path = f"/vacancies/{api.world.vacancy_id}"
    assert api.tag(path) == api.tag(path, EDOS) == api.tag(path, PROGRAMME) == api.tag(path, OFFICER)
