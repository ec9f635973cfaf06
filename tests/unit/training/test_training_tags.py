"""What a caller has seen when it decides: the tag of a course or an enrolment, and the commands that it holds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.support.memory_api import MemoryApi
from tests.support.training.world import ELEC, PAINT, TODAY, World, id_of, in_days
from tests.support.web import problem
from training.app import SERVICE

CLERK = {"roles": ["training_clerk"], "org": PAINT}
OTHER_CLERK = {"roles": ["training_clerk"], "org": ELEC}
SCOUT = {"roles": ["scout"], "org": "scouts:bavaria"}
PROGRAMME = {"roles": ["programme_manager"], "org": "programme:desk"}
REASON = {"reason": "too_few_participants"}


class Api(MemoryApi):
    """A course with two seats, in which amina has one."""

    def __init__(self) -> None:
        self.world = World()
        super().__init__(SERVICE, self.world.service)
        self.world.ready("amina", "bilal", "chidi")
        self.session = self.world.scheduled(seats=2, starts_on=TODAY)
        self.enrolment = self.world.enrolled("amina", self.session)

    def tag(self, who: Mapping[str, Any], path: str) -> str:
        answer = self.get(path, who)
        assert answer.status_code == 200, answer.text
        return str(answer.headers["ETag"])

    def tags(self, path: str) -> dict[str, str]:
        readers = {"clerk": CLERK, "scout": SCOUT, "programme": PROGRAMME}
        return {name: self.tag(who, path) for name, who in readers.items()}


@pytest.fixture
def api() -> Api:
    return Api()


def paths(api: Api) -> dict[str, str]:
    return {"session": f"/sessions/{api.session}", "enrolment": f"/enrolments/{api.enrolment}"}


COMMANDS: list[tuple[str, str, Mapping[str, Any], Any]] = [
    ("session", "cancel", CLERK, REASON),
    ("enrolment", "cancel", CLERK, None),
    ("enrolment", "cancel", SCOUT, None),
    ("enrolment", "complete", CLERK, {"result": "attended", "units": 20, "finished_on": TODAY.isoformat()}),
]


@pytest.mark.parametrize(("what", "act", "who", "body"), COMMANDS)
def test_a_command_is_held_to_what_its_caller_has_seen(
    api: Api, what: str, act: str, who: Mapping[str, Any], body: Any
) -> None:
    path = paths(api)[what]
    stale = api.tag(who, path)
    api.world.planned("amina", in_days(30))  # the course still ends in time, but by when it must is another day
    before = api.world.service.snapshot()
    document = problem(api.post(f"{path}/{act}", who, body, **{"If-Match": stale}), 412, "changed_meanwhile")
    assert document["errors"][0]["field"] == "If-Match"
    changed = "enrolments" if what == "session" else "must_end_by"
    assert f"this has changed: {changed}." in document["detail"]
    assert api.world.service.snapshot() == before
    answer = api.post(f"{path}/{act}", who, body, **{"If-Match": api.tag(who, path)})
    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize(("what", "act", "who", "body"), COMMANDS)
def test_any_tag_will_do_for_who_says_so(api: Api, what: str, act: str, who: Mapping[str, Any], body: Any) -> None:
    answer = api.post(f"{paths(api)[what]}/{act}", who, body, **{"If-Match": "*"})
    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize(
    ("path", "body", "code"),
    [
        ("/sessions/{}/cancel", REASON, "session_not_found"),
        ("/enrolments/{}/cancel", None, "enrolment_not_found"),
    ],
)
def test_what_is_not_there_was_not_seen(api: Api, path: str, body: Any, code: str) -> None:
    problem(api.post(path.format(uuid4()), CLERK, body, **{"If-Match": "*"}), 404, code)


def test_another_organisation_learns_nothing_by_a_tag(api: Api) -> None:
    path = f"/enrolments/{api.enrolment}"
    for who in (OTHER_CLERK, {"roles": ["scout"], "org": "scouts:berlin"}):
        problem(api.get(path, who), 403, "other_organisation")
        problem(api.post(f"{path}/cancel", who, **{"If-Match": "*"}), 403, "other_organisation")


def test_a_request_for_a_seat_is_held_to_the_course_as_it_was_seen(api: Api) -> None:
    body = {"session_id": str(api.session), "case_id": str(id_of("chidi"))}
    seen = api.tag(SCOUT, f"/sessions/{api.session}")
    _bilal_enrols(api.world, api.session)
    problem(api.post("/enrolments", SCOUT, body, **{"If-Match": seen}), 412, "changed_meanwhile")
    now = api.tag(SCOUT, f"/sessions/{api.session}")
    assert api.post("/enrolments", SCOUT, body, **{"If-Match": now}).status_code == 201


def test_a_command_is_refused_for_the_same_reason_with_a_tag_and_without(api: Api) -> None:
    for session, case in ((api.session, uuid4()), (uuid4(), id_of("chidi"))):
        body = {"session_id": str(session), "case_id": str(case)}
        without, tagged = (api.post("/enrolments", SCOUT, body, **tag).json() for tag in ({}, {"If-Match": "*"}))
        assert tagged["code"] == without["code"] in {"case_not_found", "session_not_found"}


def _bilal_enrols(world: World, session: UUID) -> None:
    world.enrolled("bilal", session)


def _amina_plans_to_leave(world: World, session: UUID) -> None:
    world.planned("amina", in_days(30))


def _amina_is_referred_from_another_country(world: World, session: UUID) -> None:
    world.referred("amina", country="GH")


def _amina_consents_again(world: World, session: UUID) -> None:
    world.granted("amina", PAINT, consent="another")


def _chidi_plans_to_leave(world: World, session: UUID) -> None:
    world.planned("chidi", in_days(30))


@pytest.mark.parametrize(
    ("happens", "session", "enrolment"),
    [
        (_bilal_enrols, {"clerk", "scout", "programme"}, set()),
        (_amina_plans_to_leave, {"clerk", "programme"}, {"clerk", "scout", "programme"}),
        (_amina_is_referred_from_another_country, {"programme"}, {"scout", "programme"}),
        (_amina_consents_again, set(), set()),
        (_chidi_plans_to_leave, set(), set()),
    ],
)
def test_a_tag_changes_with_what_its_caller_is_shown_and_with_nothing_else(
    api: Api, happens: Callable[[World, UUID], None], session: set[str], enrolment: set[str]
) -> None:
    before = {name: api.tags(path) for name, path in paths(api).items()}
    happens(api.world, api.session)
    after = {name: api.tags(path) for name, path in paths(api).items()}
    changed = {name: {who for who in tags if tags[who] != before[name][who]} for name, tags in after.items()}
    assert changed == {"session": session, "enrolment": enrolment}


def test_a_tag_stays_as_days_go_by(api: Api) -> None:
    later = api.world.scheduled(starts_on=in_days(3), ends_on=in_days(5))
    path = f"/sessions/{later}"
    shown, before = api.get(path, SCOUT).json(), api.tag(SCOUT, path)
    assert (shown["running"], shown["takes_requests"]) == (False, True)
    api.world.service.now += timedelta(days=4)
    shown = api.get(path, SCOUT).json()
    assert (shown["running"], shown["takes_requests"]) == (True, False)
    assert api.tag(SCOUT, path) == before


def test_a_result_is_put_right_by_http(api: Api) -> None:
    path = f"/enrolments/{api.enrolment}"
    result = {"result": "attended", "units": 20, "finished_on": TODAY.isoformat(), "skills": []}
    assert api.post(f"{path}/complete", CLERK, result).status_code == 200
    before = api.tag(CLERK, path)
    corrected = api.post(f"{path}/complete/correct", CLERK, {**result, "result": "passed", "reason": "misunderstood"})
    assert (corrected.status_code, corrected.json()["status"]) == (200, "completed_passed")
    seen = api.get(path, CLERK)
    assert seen.json()["completion"] == {**result, "result": "passed"}
    reason = {"reason": "wrong_person"}
    stale = api.post(f"{path}/complete/void", CLERK, reason, **{"If-Match": before})
    problem(stale, 412, "changed_meanwhile")
    voided = api.post(f"{path}/complete/void", CLERK, reason, **{"If-Match": seen.headers["ETag"]})
    assert (voided.status_code, voided.json()["status"]) == (200, "confirmed")
    assert api.get(path, CLERK).json()["completion"] is None
    unknown = api.post(f"/enrolments/{uuid4()}/complete/void", CLERK, reason)
    problem(unknown, 404, "enrolment_not_found")
