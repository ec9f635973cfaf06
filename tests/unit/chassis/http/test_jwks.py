"""The key cache: what it reads, when it asks the issuer again, and how long it trusts what it has."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Awaitable, Callable
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey

from chassis.http.jwks import (
    MAX_BYTES,
    IssuerUnreachable,
    KeyCache,
    UnusableKeySet,
    parse,
    reader,
)
from tests.support.issuer import Issuer

ISSUER = Issuer()


class Source:
    """A key set that can change, be down, be slow; counts how often it is read."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.down = False
        self.delay = 0.0
        self.reads = 0
        self.finished = 0

    def read(self) -> bytes:
        self.reads += 1
        time.sleep(self.delay)
        self.finished += 1
        if self.down:
            raise ConnectionRefusedError
        return self.content


class Ticks:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def run(story: Callable[[Source, Ticks, KeyCache], Awaitable[None]]) -> None:
    async def play() -> None:
        source, ticks = Source(ISSUER.jwks()), Ticks()
        cache = KeyCache(source.read, renew_after=300, keep_for=3600, cooldown=10, monotonic=ticks)
        await story(source, ticks, cache)

    asyncio.run(play())


def test_keys_are_read_once_for_many_requests() -> None:
    async def story(source: Source, ticks: Ticks, cache: KeyCache) -> None:
        found = await asyncio.gather(*(cache.find("ed-1") for _ in range(100)))
        assert all(found)
        assert source.reads == 1

    run(story)


def test_an_unknown_key_id_renews_at_once_and_finds_a_new_key() -> None:
    async def story(source: Source, ticks: Ticks, cache: KeyCache) -> None:
        await cache.warm()
        fresh = OKPKey.generate_key("Ed25519", {"kid": "ed-2"})
        source.content = ISSUER.jwks(fresh)
        ticks.now += 11
        assert await cache.find("ed-2") is not None
        assert await cache.find("ed-1") is None, "a key that the issuer withdrew is no longer known"

    run(story)


def test_a_flood_of_unknown_key_ids_reads_once_per_cooldown() -> None:
    async def story(source: Source, ticks: Ticks, cache: KeyCache) -> None:
        await cache.warm()
        ticks.now += 11
        source.delay = 0.02
        await asyncio.gather(*(cache.find(f"invented-{n}") for n in range(500)))
        assert source.reads == 2
        for n in range(100):
            assert await cache.find(f"more-{n}") is None
        assert source.reads == 2
        ticks.now += 11
        await cache.find("again")
        assert source.reads == 3

    run(story)


def test_old_keys_serve_without_waiting_while_they_are_renewed() -> None:
    async def story(source: Source, ticks: Ticks, cache: KeyCache) -> None:
        await cache.warm()
        ticks.now += 301
        source.delay = 0.3
        assert await cache.find("ed-1") is not None
        assert source.finished == 1, "the renewal has not come back yet"
        await asyncio.sleep(0.4)
        assert source.reads == 2

    run(story)


def test_known_keys_serve_while_the_issuer_is_briefly_down() -> None:
    async def story(source: Source, ticks: Ticks, cache: KeyCache) -> None:
        await cache.warm()
        source.down = True
        ticks.now += 1800
        assert await cache.find("ed-1") is not None
        assert await cache.find("ec-1") is not None

    run(story)


def test_keys_older_than_the_limit_are_no_longer_trusted() -> None:
    async def story(source: Source, ticks: Ticks, cache: KeyCache) -> None:
        await cache.warm()
        source.down = True
        ticks.now += 3601
        with pytest.raises(IssuerUnreachable):
            await cache.find("ed-1")
        source.down = False
        ticks.now += 11
        assert await cache.find("ed-1") is not None

    run(story)


def test_an_issuer_that_was_never_reached_is_told_apart_from_an_unknown_key() -> None:
    async def story(source: Source, ticks: Ticks, cache: KeyCache) -> None:
        source.down = True
        await cache.warm()
        with pytest.raises(IssuerUnreachable):
            await cache.find("ed-1")

    run(story)


def test_a_failed_attempt_is_repeated_sooner_but_not_at_every_request() -> None:
    async def story(source: Source, ticks: Ticks, cache: KeyCache) -> None:
        source.down = True
        for _ in range(50):
            with pytest.raises(IssuerUnreachable):
                await cache.find("ed-1")
        assert source.reads == 1
        source.down = False
        ticks.now += 2
        assert await cache.find("ed-1") is not None

    run(story)


def test_a_broken_key_set_leaves_the_old_keys_in_place() -> None:
    async def story(source: Source, ticks: Ticks, cache: KeyCache) -> None:
        await cache.warm()
        source.content = b"<html>maintenance</html>"
        ticks.now += 11
        assert await cache.find("unknown") is None
        assert await cache.find("ed-1") is not None

    run(story)


def test_the_event_loop_turns_while_keys_are_read() -> None:
    async def story(source: Source, ticks: Ticks, cache: KeyCache) -> None:
        source.delay = 0.2
        turns = 0

        async def turn() -> None:
            nonlocal turns
            while True:
                turns += 1
                await asyncio.sleep(0.005)

        turning = asyncio.create_task(turn())
        await cache.find("ed-1")
        turning.cancel()
        assert turns > 10

    run(story)


def test_a_token_without_key_id_needs_an_issuer_with_one_key() -> None:
    async def story(source: Source, ticks: Ticks, cache: KeyCache) -> None:
        await cache.warm()
        assert await cache.find(None) is None
        source.content = ISSUER.jwks(ISSUER.p256)
        ticks.now += 11
        assert await cache.find(None) is not None

    run(story)


@pytest.mark.parametrize(
    "content",
    [b"", b"[]", b"{}", b"null", b'{"keys": 7}', b'{"keys": []}', b'{"keys": [1, null, {}]}', b"\xff\xfe"],
)
def test_what_is_no_key_set_is_unusable(content: bytes) -> None:
    with pytest.raises(UnusableKeySet):
        parse(content)


@pytest.mark.parametrize(
    "entry",
    [
        OctKey.generate_key(256, {"kid": "x"}).as_dict(private=True),
        OKPKey.generate_key("Ed448", {"kid": "x"}).as_dict(private=False),
        OKPKey.generate_key("X25519", {"kid": "x"}).as_dict(private=False),
        ECKey.generate_key("P-384", {"kid": "x"}).as_dict(private=False),
        {**RSAKey.generate_key(2048, {"kid": "x"}).as_dict(private=False), "use": "enc"},
        OKPKey.generate_key("Ed25519", {"kid": "x"}).as_dict(private=True),
        {"kty": "AKP", "kid": "x", "alg": "ML-DSA-44", "pub": "AA"},
        {"kty": "EC", "crv": "P-256", "kid": "x", "x": "AA", "y": "AA"},
        {"kty": "OKP", "crv": "Ed25519", "kid": "x", "x": 7},
    ],
    ids=[
        "shared",
        "Ed448",
        "X25519",
        "P-384",
        "encryption",
        "private",
        "post-quantum",
        "not on curve",
        "type",
    ],
)
def test_keys_that_may_not_verify_tokens_are_left_out_and_harm_no_other(entry: Any) -> None:
    good = json.loads(ISSUER.jwks(ISSUER.ed25519))["keys"]
    assert set(parse(json.dumps({"keys": [entry, *good]}).encode())) == {"ed-1"}


@pytest.mark.filterwarnings("ignore:Key size")
def test_short_rsa_keys_are_left_out() -> None:
    short = RSAKey.generate_key(1024, {"kid": "x"}).as_dict(private=False)
    with pytest.raises(UnusableKeySet):
        parse(json.dumps({"keys": [short]}).encode())


def test_keys_are_read_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "jwks.json"
    file.write_bytes(ISSUER.jwks())
    assert set(parse(reader(str(file))())) == {"ed-1", "ec-1", "rsa-1"}
    assert reader(f"file://{file}")() == ISSUER.jwks()


def test_a_missing_file_counts_as_an_unreachable_issuer(tmp_path: Path) -> None:
    async def play() -> None:
        with pytest.raises(IssuerUnreachable):
            await KeyCache(reader(str(tmp_path / "absent"))).find("ed-1")

    asyncio.run(play())


class _Server(BaseHTTPRequestHandler):
    content = ISSUER.jwks()
    status = 200

    def do_GET(self) -> None:
        self.send_response(self.status)
        self.send_header("Content-Length", str(len(self.content)))
        self.end_headers()
        self.wfile.write(self.content)

    def log_message(self, *_: Any) -> None:
        """Silence."""


@pytest.mark.parametrize(
    ("status", "content", "known"),
    [
        (200, ISSUER.jwks(), True),
        (500, ISSUER.jwks(), False),
        (302, ISSUER.jwks(), False),
        (200, b" " * (MAX_BYTES + 1), False),
    ],
    ids=["good", "server error", "redirect", "too large"],
)
def test_keys_are_read_from_a_url(status: int, content: bytes, known: bool) -> None:
    handler = type("Handler", (_Server,), {"status": status, "content": content})
    server = HTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()

    async def play() -> None:
        cache = KeyCache(reader(f"http://127.0.0.1:{server.server_port}/jwks"))
        if known:
            assert await cache.find("rsa-1") is not None
        else:
            with pytest.raises(IssuerUnreachable):
                await cache.find("rsa-1")

    try:
        asyncio.run(play())
    finally:
        server.shutdown()
        server.server_close()
