"""Things in several states, so that made-up requests get past the lookups; and who asks for them."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from deploy.local.stack import LocalStack
from tests.support.chain import Chain
from tests.support.openapi import Operation
from tests.support.people import STAFF, Person, course, new_employer, vacancy
from tests.support.tokens import HOMES, OPERATIONS, at_home, token

DESK = ("programme:desk", "")
ROLES: Mapping[str, tuple[str, str]] = {
    "scout": HOMES["referral"],
    "return_counsellor": HOMES["referral"],
    "training_clerk": HOMES["training"],
    "centre_counsellor": HOMES["counselling"],
    "centre_manager": HOMES["counselling"],
    "placement_officer": HOMES["placement"],
    "programme_manager": DESK,
    "data_protection_officer": DESK,
    "operator": OPERATIONS,
}
"""Every role, with an organisation of its kind and its country."""
AT_HOME = 0.6
"""Share of operations whose caller has every role at an organisation that the operation lets in: most requests should
get far."""

Ids = Mapping[str, Sequence[str]]


async def things(chain: Chain) -> Ids:
    """Ids of things in several states, by the names of the fields that hold them."""
    people = [Person(lambda name: chain.as_(*STAFF[name])) for _ in range(4)]
    employer = await new_employer(people[0].staff)
    job = await vacancy(people[0].staff, employer, openings=10)
    session = await course(people[0].staff, seats=2)
    consents = []
    for number, person in enumerate(people):
        await person.opened()
        await person.referred()
        consents.append(await person.consents("matching", "country:NG"))
        await person.enrolled(session)
        if number > 0:
            await person.accepted()
            await person.shortlisted(job)
            await person.presented(employer)
        if number > 1:
            await person.planned(20)
            await person.departed()
            await person.arrived()
            await person.offered()
    return {
        "case_id": [person.case_id for person in people],
        "case": [person.case_id for person in people],
        "referral_id": [person.referral_id for person in people],
        "consent_id": consents,
        "hold_id": [await person.held() for person in people],
        "session_id": [session],
        "enrolment_id": [person.enrolment_id for person in people],
        "employer_id": [employer],
        "vacancy_id": [job],
        "candidacy_id": [person.candidacy_id for person in people if person.candidacy_id],
        "offer_id": [person.offer_id for person in people if person.offer_id],
    }


def callers(
    stack: LocalStack, operations: Iterable[Operation], dice: random.Random | None = None
) -> dict[str, list[str]]:
    """Tokens, and the operations that are asked with each: of somebody with every role whom the operation lets in, or,
    with dice, often of somebody with one role only."""
    asked = defaultdict(list)
    for operation in operations:
        name = f"{operation.method} {operation.path}"
        if dice is None or dice.random() < AT_HOME:
            who = at_home(stack, operation.service, operation.path, sub="everything")
        else:
            role = dice.choice(list(ROLES))
            org, country = ROLES[role]
            who = token(stack, org=org, country=country, roles=[role], sub=role)
        asked[who].append(name)
    return dict(asked)
