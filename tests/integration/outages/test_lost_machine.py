"""A machine that is lost closes no connection: PostgreSQL must ask after whoever holds a lock that others wait for."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path

import asyncpg

from tests.support.restores import EMPTY, Emitter, led, relay_of, until_value

KEEPALIVE = 2
"""The kind of a timer in /proc/net/tcp; the time that is left stands beside it, in hundredths of a second."""


def timer(server: int, client: int) -> tuple[int, float]:
    """The timer of the server's end of a connection: its kind, and the seconds that are left."""
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        _, local, remote, _, _, timing, *_ = line.split()
        if (int(local.partition(":")[2], 16), int(remote.partition(":")[2], 16)) == (server, client):
            kind, _, left = timing.partition(":")
            return int(kind, 16), int(left, 16) / 100
    raise LookupError(f"no connection from port {client} to {server}")


async def test_postgres_asks_after_a_relay_that_says_nothing(mill: Emitter) -> None:
    relay = relay_of(mill.dsn, mill.broker.bootstrap, topics=(mill.topic,))
    await mill.emit("a")
    async with led(relay):
        await until_value(mill.dsn, EMPTY, 0)
        connection = await asyncpg.connect(mill.dsn)
        try:
            query = "select client_port, host(inet_server_addr()), current_setting('port')::int from pg_stat_activity"
            client, address, server = await connection.fetchrow(f"{query} where application_name = 'relay'")
        finally:
            await connection.close()
        assert socket.inet_aton(address)[0] == 127
        async with asyncio.timeout(10):  # between two statements
            while (found := timer(server, client))[0] != KEEPALIVE:
                await asyncio.sleep(0.01)
        assert found[1] <= 10
