"""Canaries: a person's data is put wherever it belongs and wherever a careless client may put it, then looked for.

It may be found in the answer to those who may read the profile, and nowhere else: at the desk that keeps the case, at
the centre that has the person in its care, at the provider that has a seat for them, and at the placement desk that has
picked them. What tells of the person's health is looked for too: needs, assistance at the departure, and levels of an
assessment lie in clear nowhere.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from deploy.local.places import SERVICES
from tests.support import keys
from tests.support.canaries import Canary, traces
from tests.support.chain import TOPICS, Caller, Chain, until
from tests.support.openapi import Operation, operations
from tests.support.people import STAFF, Person, course, new_case, new_employer, new_file, vacancy
from tests.support.tokens import at_home

PROFILE = {
    "given_name": "Zyxanthë Ilmarind",
    "family_name": "O'Qorvellum",
    "birth_date": "1963-02-27",
    "phone": "+49 1599 7731842",
    "email": "zyx.qorvellum@dzhanibek.example",
    "messenger": "zyxanthe.ilmarind.qorv",
    "guardian": "Brunhilde Quetzelmoor",
    "emergency_contact": "Vandersloot Ixchelina, 0049-1599-5551234",
    "notes": "Wyrmwood-Straße 17, schläft bei Quillfeather",
}
"""All of it is made up."""
KNOWN = {name: value for name, value in PROFILE.items() if name != "notes"}
"""What a provider and a placement desk may be shown of it."""
KEYS_HELD = "select distinct status from profile_key where links @> array[$1::uuid]"
CANARIES = [Canary(name, text) for name, text in PROFILE.items()]
BORN = "2012-02-27"
BIRTHDAYS = [Canary("birthday", f"{year}-02-27") for year in (2012, 2030, 2037, 2047, 2062)]
"""Of somebody who was born then: the days with which an age band is over, each of them as good as the birth date."""
SUBJECT = Canary("subject", "grizeldonia.pfeffervogt@desk.example")
"""Who works with the case is a person too."""
IN_ARABIC = Canary("name", "زيكسانتيل")
"""Somebody who is looked for in another script."""
WORD = Canary("word", "Thrumblewick")
"""A name that looks like a code."""
NEED = "psychosocial"
HEALTH = [Canary("need", NEED), Canary("assistance", "psychosocial_session")]
"""Codes of a special category, which stand in no other word of the chain."""
LEVEL = Canary("level", '"health"')
"""A domain of an assessment, as it would stand in a document."""
FOREIGN = Canary("foreign", "Umberfinch Karolowsky")
"""Put on a topic by somebody who should not have."""


class Careless:
    """Sends requests that nobody should send, and keeps the answers."""

    def __init__(self, chain: Chain) -> None:
        self._chain = chain
        self._clients = {
            service: httpx.AsyncClient(
                base_url=url,
                timeout=30,
                headers={
                    "Authorization": f"Bearer {at_home(chain.stack, service, sub=SUBJECT.text)}",
                    "User-Agent": f"{WORD.text}/1.0",
                    "Referer": f"https://desk.example/{WORD.text}",
                    "X-Request-Id": WORD.text,
                    "Traceparent": WORD.text,
                    "Tracestate": f"desk={WORD.text}",
                    "Baggage": f"name={WORD.text}",
                },
            )
            for service, url in chain.stack.urls().items()
        }
        self.answers: list[tuple[str, httpx.Response]] = []

    async def send(self, operation: Operation, what: str, **request: Any) -> None:
        """One request; `url`, `params`, `json`, `content` and `headers` as for httpx."""
        headers = {"Idempotency-Key": str(uuid4()), **request.pop("headers", {})}
        bearer = at_home(self._chain.stack, operation.service, operation.path, sub=SUBJECT.text)
        headers.setdefault("Authorization", f"Bearer {bearer}")
        url = request.pop("url", operation.url())
        client = self._clients[operation.service]
        answer = await client.request(operation.method, url, headers=headers, **request)
        self.answers.append((f"{operation}: {what}", answer))

    async def close(self) -> None:
        for client in self._clients.values():
            await client.aclose()


@pytest.fixture(scope="module")
async def planted(chain: Chain) -> AsyncIterator[list[tuple[str, httpx.Response]]]:
    """All canaries are planted, and the chain has come to rest; the answers to what was careless."""
    careless = Careless(chain)
    staff = lambda name: chain.as_(*STAFF[name])  # noqa: E731
    person = Person(staff)
    person.case_id = (await staff("scout").do("/cases", new_case(profile=PROFILE)))["case_id"]
    await staff("scout").do(f"/cases/{person.case_id}/profile", PROFILE, method="PUT")
    assert (await staff("scout").get(f"/cases/{person.case_id}/profile")).items() >= PROFILE.items()
    await person.referred()
    await person.accepted()
    young = await Person(staff).opened()
    await young.referred()
    await staff("scout").do(f"/cases/{young.case_id}/profile", {"birth_date": BORN}, method="PUT")
    in_need = await Person(staff).opened()  # nobody is careless with this case, and nobody destroys its key
    await in_need.referred(needs=["employment", NEED])
    await in_need.accepted()
    await in_need.planned()
    await in_need.departed(assistance_codes=["bridging_cash", "psychosocial_session"])
    await in_need.arrived()
    await in_need.assessed(levels={"economic": 1, "health": 3})
    forgotten = (await staff("scout").do("/cases", new_case(profile=PROFILE)))["case_id"]
    await chain.destroyed(forgotten)
    walks_in = await staff("counsellor").do("/files", new_file(age_band="50_plus", profile=PROFILE))
    await staff("counsellor").do(f"/files/{walks_in['case_id']}/profile", PROFILE, method="PUT")
    assert (await staff("counsellor").get(f"/files/{walks_in['case_id']}/profile")).items() >= PROFILE.items()
    looked_for = {"name": f"{PROFILE['given_name']} {PROFILE['family_name']}"}
    looked_for |= {"phone": PROFILE["phone"], "birth_date": PROFILE["birth_date"]}
    kept = {"counsellor": ("/files/search", walks_in["case_id"]), "scout": ("/cases/search", person.case_id)}
    for who, (path, case) in kept.items():
        found = await staff(who).do(path, looked_for)
        assert case in {each["case_id"] for each in found["items"]}
        assert "items" in await staff(who).do(path, {**looked_for, "name": IN_ARABIC.text})
    for service in SERVICES:
        for operation in await documented(chain, service):
            if not operation.path.startswith(("/health", "/metrics", "/local")):
                await be_careless(careless, operation, person)
    await chain.broker.send(
        "ph.referral.v1",
        json.dumps({"name": FOREIGN.text}).encode(),
        headers={
            "ce_type": "ph.referral.ReturneeReferred.v1",
            "ce_source": "/ph/referral",
            "ce_subject": FOREIGN.text,
        },
    )
    await until(lambda: is_parked(chain), "the foreign record to be parked")
    await chain.quiet()
    await asyncio.sleep(2)  # spans leave every half second
    yield careless.answers
    await careless.close()
    chain.real_time_again("referral")


async def documented(chain: Chain, service: str) -> list[Operation]:
    async with httpx.AsyncClient(base_url=chain.stack.urls()[service], timeout=30) as client:
        return operations(service, (await client.get("/openapi.json")).json())


async def is_parked(chain: Chain) -> bool:
    query = "select count(*) from parked where failure = 'key_missing'"
    return all([await chain.rows(service, query) != [(0,)] for service in SERVICES if service != "referral"])


async def be_careless(careless: Careless, operation: Operation, person: Person) -> None:
    """Everything that comes to mind with one operation."""
    name = PROFILE["given_name"]
    known = operation.path.replace("{case_id}", person.case_id).replace("{referral_id}", person.referral_id)
    url = known if "{" not in known else operation.url()
    await careless.send(operation, "query", url=url, params={**PROFILE, "cursor": name, "after": name, "country": name})
    await careless.send(operation, "fragment of a path", url=f"{url}/{name}")
    if "{" in operation.path:
        await careless.send(operation, "path", url=operation.url(name))
        await careless.send(operation, "word in the path", url=operation.url(WORD.text))
    if not operation.changes:
        return
    await careless.send(operation, "key", url=url, json=operation.example(), headers={"Idempotency-Key": WORD.text})
    await careless.send(
        operation, "odd key", url=url, json=operation.example(), headers={"Idempotency-Key": "Ixchelina!"}
    )
    body = operation.example() or {}
    await careless.send(operation, "unknown fields", url=url, json={**body, **PROFILE, name: name})
    await careless.send(operation, "text as body", url=url, json=name)
    await careless.send(operation, "list as body", url=url, json=[PROFILE])
    broken = json.dumps({**body, **PROFILE})[:-1].encode()
    json_type = {"Content-Type": "application/json"}
    await careless.send(operation, "malformed", url=url, content=broken, headers=json_type)
    await careless.send(operation, "form", url=url, data=PROFILE)
    await careless.send(operation, "Latin-1", url=url, content=name.encode("latin-1"), headers=json_type)
    for field in operation.properties:
        for value in (name, WORD.text, [name], {name: name}):
            if field in {"name", "profile", *PROFILE}:
                continue  # an employer's name and a profile are meant to be kept
            await careless.send(operation, f"{field} wrong", url=url, json={**body, field: value})
        if isinstance(body.get(field), list):
            await careless.send(operation, f"{field}/0 wrong", url=url, json={**body, field: [name, WORD.text]})
    if {"given_name", "profile"} & set(operation.properties):
        wrong = {**PROFILE, "birth_date": "27.02.1963", "phone": "Ixchelina", "email": name, "nickname": name}
        profile = {"profile": wrong} if "profile" in operation.properties else wrong
        await careless.send(operation, "profile wrong", url=url, json={**body, **profile})


ALL = [*CANARIES, *BIRTHDAYS, WORD, IN_ARABIC, SUBJECT]


def test_the_search_finds_what_is_there() -> None:
    for canary in [*ALL, *HEALTH[1:], LEVEL, FOREIGN]:
        for text in (canary.text, canary.text.upper(), json.dumps([canary.text])):
            assert traces([canary], text) == [canary.name]
    assert traces(CANARIES, "nothing of the kind") == []


def test_every_careless_request_was_answered_without_a_fault_of_ours(
    planted: list[tuple[str, httpx.Response]],
) -> None:
    assert len(planted) > 500
    assert [what for what, answer in planted if answer.status_code >= 500] == []


def test_no_answer_repeats_what_was_sent(planted: list[tuple[str, httpx.Response]]) -> None:
    for what, answer in planted:
        told = answer.content + b"\n".join(b"%b: %b" % pair for pair in answer.headers.raw)
        assert traces(ALL, told) == [], f"{what}: {answer.status_code} {answer.text}"


async def test_no_topic_holds_any_of_it(chain: Chain, planted: object) -> None:
    for topic in [f"ph.{name}.v1" for name in TOPICS]:
        for record in await chain.broker.read(topic):
            parts = [record.key or b"", record.value or b""]
            parts += [part for name, value in record.headers for part in (name.encode(), value or b"")]
            place = f"{topic} {record.partition}/{record.offset} {record.headers}"
            assert traces([*ALL, *HEALTH], b"\n".join(parts)) == [], place


async def test_others_hear_of_a_birth_date_the_band_alone(chain: Chain, planted: object) -> None:
    told = [
        json.loads(record.value or b"")
        for record in await chain.broker.read("ph.referral.v1")
        if dict(record.headers).get("ce_type") == b"ph.referral.AgeBandChanged.v1"
    ]
    assert "under_18" in [each["age_band"] for each in told]
    assert {frozenset(each) for each in told} == {frozenset({"case_id", "country", "age_band"})}


def test_no_log_holds_any_of_it(chain: Chain, planted: object) -> None:
    for path in chain.stack.logs.iterdir():
        for number, line in enumerate(path.read_bytes().splitlines(), 1):
            assert traces([*ALL, *HEALTH, FOREIGN], line) == [], f"{path.name}:{number}: {line!r}"


def test_no_span_holds_any_of_it(chain: Chain, planted: object) -> None:
    assert {span.service for span in chain.collector.spans()} == set(SERVICES)
    for body in chain.collector.bodies:
        assert traces([*ALL, *HEALTH, FOREIGN], body) == []


async def test_no_metric_holds_any_of_it(chain: Chain, planted: object) -> None:
    for service in SERVICES:
        text = (await chain.as_(service, "operator", "programme:desk").http.get("/metrics")).text
        for line in text.splitlines():
            assert traces([*ALL, *HEALTH, FOREIGN], line) == [], line


async def test_no_database_holds_any_of_it_in_clear(chain: Chain, planted: object) -> None:
    for service in SERVICES:
        for line in (await chain.dump(service)).splitlines():
            assert traces([*ALL, *HEALTH, LEVEL], line) == [], f"{service}: {line}"
            if not line.startswith("parked: "):
                assert traces([FOREIGN], line) == [], f"{service}: {line}"


async def everything(caller: Caller, path: str) -> list[dict[str, Any]]:
    """All pages of a list."""
    page = await caller.get(path, limit=100)
    items = list(page["items"])
    while page["next_cursor"] is not None:
        page = await caller.get(path, limit=100, cursor=page["next_cursor"])
        items += page["items"]
    return items


async def test_the_staff_reads_what_lies_sealed(chain: Chain, planted: object) -> None:
    scout, counsellor = chain.as_(*STAFF["scout"]), chain.as_(*STAFF["counsellor"])
    listed = await everything(scout, "/referrals")
    assert all("needs" not in referral for referral in listed), "those are read one by one"
    needs = [(await scout.get(f"/referrals/{referral['referral_id']}"))["needs"] for referral in listed]
    assert ["employment", NEED] in needs
    lines = await everything(counsellor, "/files")
    files = [line["case_id"] for line in lines if line["status"] is not None]  # else no consent covers the centre now
    found = [(await counsellor.get(f"/files/{case}/assessments"))["items"] for case in files]
    assert {"economic": 1, "health": 3} in [item["levels"] for items in found for item in items]


def test_operators_see_a_parked_record_without_its_contents(chain: Chain, planted: object) -> None:
    for service in ("counselling", "placement", "training"):
        listed = chain.stack.ph("parked", "list", "--service", service)
        assert "key_missing" in listed
        assert traces([FOREIGN], listed) == []


async def test_the_centre_sees_who_it_has_in_its_care_and_no_longer_and_the_audit_says_who_looked(chain: Chain) -> None:
    staff = lambda name: chain.as_(*STAFF[name])  # noqa: E731
    person = await Person(staff).opened(profile=PROFILE)
    await person.referred()
    path, counsellor = f"/files/{person.case_id}/profile", staff("counsellor")

    async def code() -> str:
        answer = await counsellor.http.get(path)
        return str(answer.json().get("code", answer.status_code))

    async def is_asked() -> bool:
        return await code() == "not_taken_on"

    async def is_open() -> bool:
        if await code() != "200":
            return False
        return {part["status"] for part in (await counsellor.get(path))["parts"]} == {"open"}

    async def is_gone() -> bool:
        keys = f"select distinct status from profile_key where links @> array['{person.case_id}']::uuid[]"
        return await chain.rows("counselling", keys) == [("destroyed",)]

    async def is_known_to_be_gone() -> bool:
        shares = f"select data #> '{{shares,0,destroyed_at}}' <> 'null' from case_file where id = '{person.case_id}'"
        return await chain.rows("referral", shares) == [(True,)]

    await until(is_asked, "the referral to be there, and nothing to be shown")
    assert await chain.rows("counselling", f"select id from profile where id = '{person.case_id}'") == []
    await person.accepted()
    await until(is_open, "the keys to come")
    assert (await counsellor.get(path)).items() >= PROFILE.items()
    assert (await staff("manager_of_counselling").http.get(path)).status_code == 403
    officer = chain.as_("counselling", "data_protection_officer", "programme:desk")
    rows = (await officer.get("/audit", case=person.case_id))["items"]
    assert {row["action"] for row in rows} >= {"read_profile"}
    await person.withdrawn()
    await until(is_gone, "the centre's copies to be destroyed")
    await until(is_known_to_be_gone, "the desk to hear of it")
    assert await code() != "200"


async def test_the_provider_sees_who_has_a_seat_and_no_longer_and_nobody_does_before(chain: Chain) -> None:
    staff = lambda name: chain.as_(*STAFF[name])  # noqa: E731
    session = await course(staff, seats=1)
    first = await (await Person(staff).opened()).enrolled(session)
    person = await (await Person(staff).opened(profile=PROFILE)).enrolled(session)
    path, clerk = f"/enrolments/{person.enrolment_id}/profile", staff("clerk")
    await chain.quiet()
    assert (await clerk.http.get(path)).json()["code"] == "not_taking_part"
    for table in ("profile where id", "profile_key where links[1]"):
        rows = await chain.rows("training", f"select id from {table} = $1", UUID(person.case_id))
        assert rows == [], "while the person waits, neither ciphertext nor key is there"
    await first.seat_given_back()
    await until(partial(is_open, clerk, path), "the keys to come")
    assert (await clerk.get(path)).items() >= KNOWN.items()
    dump = await chain.dump("training")
    assert traces(CANARIES, dump) == []
    officer = chain.as_("training", "data_protection_officer", "programme:desk")
    rows = (await officer.get("/audit", case=person.case_id))["items"]
    assert {row["action"] for row in rows} >= {"read_profile"}
    await person.seat_given_back()
    await until(
        partial(is_gone_from, chain, "provider:", person), "the copies to be destroyed, and the desk to hear of it"
    )
    assert (await clerk.http.get(path)).json()["code"] == "not_taking_part"
    assert await chain.rows("training", KEYS_HELD, UUID(person.case_id)) == [("destroyed",)]


async def test_a_placement_desk_sees_whom_it_has_picked_and_no_longer_though_its_centre_has_the_person(
    chain: Chain,
) -> None:
    staff = lambda name: chain.as_(*STAFF[name])  # noqa: E731
    person = await Person(staff).opened(profile=PROFILE)
    await person.referred()
    await person.accepted()
    await person.consents("matching", "country:NG")
    job = await vacancy(staff, await new_employer(staff))
    await chain.quiet()
    assert await chain.rows("counselling", KEYS_HELD, UUID(person.case_id)) == [("held",)]
    assert await chain.rows("placement", KEYS_HELD, UUID(person.case_id)) == []
    await person.shortlisted(job)
    path, officer = f"/candidacies/{person.candidacy_id}/profile", staff("officer")
    await until(partial(is_open, officer, path), "the keys to come")
    assert (await officer.get(path)).items() >= KNOWN.items()
    assert traces(CANARIES, await chain.dump("placement")) == []
    auditor = chain.as_("placement", "data_protection_officer", "programme:desk")
    rows = (await auditor.get("/audit", case=person.case_id))["items"]
    assert {row["action"] for row in rows} >= {"read_profile"}
    await officer.do(f"/candidacies/{person.candidacy_id}/close", {"reason": "not_suitable", "by": "officer"})
    await until(
        partial(is_gone_from, chain, "placement:", person), "the copies to be destroyed, and the desk to hear of it"
    )
    assert (await officer.http.get(path)).status_code in {403, 404}
    assert await chain.rows("placement", KEYS_HELD, UUID(person.case_id)) == [("destroyed",)]
    assert await chain.rows("counselling", KEYS_HELD, UUID(person.case_id)) == [("held",)]


async def is_open(caller: Caller, path: str) -> bool:
    """Whether every part that a caller may be handed is open to them."""
    answer = await caller.http.get(path)
    return answer.status_code == 200 and {part["status"] for part in answer.json()["parts"]} == {"open"}


async def is_gone_from(chain: Chain, kind: str, person: Person) -> bool:
    """Whether the desk knows that nobody of this kind has a key of the person any more."""
    query = """
    select bool_and(share ->> 'destroyed_at' is not null)
    from case_file, jsonb_array_elements(data -> 'shares') as share
    where id = $1 and starts_with(share ->> 'receiver', $2)
    """
    return await chain.rows("referral", query, UUID(person.case_id), kind) == [(True,)]


async def test_a_new_generation_of_keys_seals_without_a_restart(chain: Chain, planted: object) -> None:
    file, staff = chain.stack.secrets / "referral-vault.keys", lambda name: chain.as_(*STAFF[name])
    file.write_text(f"{file.read_text()}\n{keys.line('second', 2)}\n")

    async def seals() -> bool:
        case = (await Person(staff).opened(profile=PROFILE)).case_id
        wrapped = (
            f"select split_part(data #>> '{{profile_keys,identity,key}}', ':', 1) from case_file where id = '{case}'"
        )
        return await chain.rows("referral", wrapped) == [("second",)]

    await until(seals, "the new generation to seal")
