"""The input of the consumer benchmarks: referrals as the referral service publishes them.

Every case is referred twice, the second time when all cases have been referred once: half of the events meet a new
case, half a document that exists. Everything follows from the number of the event, so that every variant of every
repeat gets the same.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from itertools import islice
from uuid import UUID

from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from chassis.outbox.partitions import partition_of

PARTITIONS = 6
START = datetime(2090, 3, 2, 9, 0, tzinfo=UTC)
"""So far ahead that no deadline of what is read here passes while it is measured."""
TYPE = "ph.referral.ReturneeReferred.v1"
NEEDS = (["employment"], ["employment", "vocational_training"], ["housing", "employment", "vocational_training"])
CENTRES = (("centre:NG-LOS", "NG"), ("centre:GH-ACC", "GH"), ("centre:IQ-EBL", "IQ"))


def uuid(kind: int, number: int) -> str:
    """A valid version 4 id that tells its number."""
    return str(UUID(int=(kind << 96) | (4 << 76) | (2 << 62) | number))


def referral(number: int, cases: int, traced_every: int = 1) -> tuple[str, dict[str, str], bytes]:
    """Key, headers and value of event `number`; the first `cases` are first referrals, the rest second ones.

    Every `traced_every`-th was sampled where it was made; 0: none was.
    """
    case, turn = number % cases, number // cases
    key, referral_id = uuid(0xCA5E, case), uuid(0x4EF + turn, case)
    sampled = traced_every > 0 and number % traced_every == 0
    at = (START + timedelta(seconds=number % 100_000, microseconds=1 + number % 997)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    centre, country = CENTRES[case % len(CENTRES)]
    value = {
        "case_id": key,
        "referral_id": referral_id,
        "root_referral_id": referral_id,
        "to_centre": centre,
        "country": country,
        "admin1": None,
        "priority": ("normal", "urgent", "emergency")[number % 3],
        "needs": NEEDS[(number + turn) % len(NEEDS)],
        "wishes": ["work_in_trade"],
        "skills": ["7131"],
        "isco_version": "ISCO-08",
        "language": "en",
        "target_group": "RETURNEE_DE",
        "return_type": "voluntary_assisted",
        "age_band": "25_34",
        "household_size": 1 + case % 4,
        "vulnerability_present": case % 5 == 0,
        "departure": {"earliest": "2090-05-11", "latest": "2090-05-25"},
        "referred_at": at,
    }
    headers = {
        "content-type": "application/json",
        "ce_specversion": "1.0",
        "ce_id": uuid(0xE0, number),
        "ce_type": TYPE,
        "ce_source": "/ph/referral",
        "ce_subject": key,
        "ce_time": at,
        "ce_recordedtime": at,
        "ce_dataschema": "https://schemas.perspektive-heimat.invalid/events/referral/ReturneeReferred.v1.json",
        "ce_sequence": str(turn + 1),
        "ce_sequencetype": "Integer",
        "ce_partitionkey": key,
        "ce_correlationid": key,
        "ce_traceparent": f"00-{0xABC << 96 | number + 1:032x}-{number + 1:016x}-0{int(sampled)}",
        "ce_actorrole": "scout",
        "ce_actororg": "scouts:DE-BY",
        "ce_country": country,
        "ce_dataclass": "pseudonymous",
    }
    return key, headers, json.dumps(value, separators=(",", ":")).encode()


async def create_topic(bootstrap: str, topic: str) -> None:
    """An empty topic like those of the chain."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(topic, PARTITIONS, 1)])
    finally:
        await admin.close()


async def publish(bootstrap: str, topic: str, events: int, cases: int, traced_every: int = 1) -> None:
    """A new topic with that many referrals."""
    await create_topic(bootstrap, topic)
    await send(bootstrap, topic, (referral(number, cases, traced_every) for number in range(events)))


async def send(bootstrap: str, topic: str, events: Iterable[tuple[str, dict[str, str], bytes]]) -> None:
    """Puts events, each as key, headers and value, into a topic."""
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, linger_ms=20, max_batch_size=400_000)
    await producer.start()
    try:
        remaining = iter(events)
        while some := list(islice(remaining, 2000)):
            sent = [
                await producer.send(
                    topic,
                    value,
                    key=key.encode(),
                    partition=partition_of(key, PARTITIONS),
                    headers=[(name, text.encode()) for name, text in headers.items()],
                )
                for key, headers, value in some
            ]
            await asyncio.gather(*sent)
    finally:
        await producer.stop()
