"""A door between a service and a server, which a test can shut, hold without a word, slow down, or slam."""

from __future__ import annotations

import asyncio
import random
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field


@dataclass(eq=False)
class Link:
    """One connection through the door."""

    client: asyncio.StreamWriter
    server: asyncio.StreamWriter
    doomed: bool = False
    """The server's next answer will not arrive."""
    commits: set[bytes] = field(default_factory=set)
    """Names of the statements that commit by themselves."""

    def cut(self) -> None:
        """Resets both sides."""
        self.client.transport.abort()
        self.server.transport.abort()


class Proxy:
    """Passes TCP connections on to a port of this machine."""

    def __init__(self, target: int) -> None:
        self.target = target
        self._server: asyncio.Server | None = None
        self._flows = asyncio.Event()
        self._flows.set()
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self.port = 0
        self.delay_seconds = 0.0
        """What comes from the client is passed on so much later."""

    async def open(self) -> None:
        """Listens: at `port` if that is set, at a free one else; at the same one ever after. Who listens goes on."""
        if self._server is not None and self._server.is_serving():
            return
        self._server = await asyncio.start_server(self._pass_on, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    def shut(self) -> None:
        """Breaks every connection and refuses new ones, like a server that is gone."""
        if self._server is not None:
            self._server.close()
        self.reset()

    def reset(self) -> None:
        """Breaks every connection; new ones are welcome."""
        for writer in self._writers:
            writer.transport.abort()

    def hold(self) -> None:
        """Takes connections and bytes, and passes nothing on, like a network that swallows packets."""
        self._flows.clear()

    def release(self) -> None:
        """Lets everything flow that was held."""
        self._flows.set()

    async def close(self) -> None:
        """Shuts for good."""
        self.shut()
        self.release()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            await self._flows.wait()
            there, back = await asyncio.open_connection("127.0.0.1", self.target)
            self._writers.add(back)
            link = Link(writer, back)
            tasks = [
                asyncio.create_task(self._pump(link, reader, back, asked=True)),
                asyncio.create_task(self._pump(link, there, writer, asked=False)),
            ]
            self._tasks.update(tasks)
            await asyncio.gather(*tasks, return_exceptions=True)
            self._tasks.difference_update(tasks)
            self._writers.discard(back)
        except OSError:
            writer.transport.abort()
        finally:
            self._writers.discard(writer)

    async def _pump(
        self, link: Link, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, asked: bool
    ) -> None:
        with suppress(OSError):
            while data := await reader.read(65_536):
                await self._flows.wait()
                if asked and self.delay_seconds:
                    await asyncio.sleep(self.delay_seconds)
                if not self._passes(link, data, asked=asked):
                    link.cut()
                    return
                writer.write(data)
                await writer.drain()
        writer.close()

    def _passes(self, link: Link, data: bytes, *, asked: bool) -> bool:
        """False if the connection breaks at these bytes, before they arrive. `asked`: they come from the client."""
        return True


class PostgresProxy(Proxy):
    """Knows a commit when it sees one, and can leave its sender in doubt about the outcome.

    A commit is a COMMIT, or a statement that is a transaction of its own: the one that calls `lost_race`. asyncpg
    sends the text of that one once per connection, later only the name that it was given.
    """

    _COMMIT = b"COMMIT;\x00"
    _ALONE = re.compile(rb"(__asyncpg_stmt_[0-9a-f]+__)\x00[^\x00]*\blost_race\(\)")

    def __init__(self, target: int) -> None:
        super().__init__(target)
        self._dice = random.Random()
        self._share = 0.0
        self.lost_commits = 0
        """Connections cut before the server heard of the COMMIT."""
        self.lost_answers = 0
        """Connections cut after the server had committed."""

    def doubt_commits(self, share: float, dice: random.Random) -> None:
        """This share of commits ends with a broken connection, half of them before they arrive, half after."""
        self._share, self._dice = share, dice

    def _passes(self, link: Link, data: bytes, *, asked: bool) -> bool:
        if not asked:
            self.lost_answers += link.doomed
            return not link.doomed
        commits = self._COMMIT in data or any(name + b"\x00" in data for name in link.commits)
        link.commits.update(self._ALONE.findall(data))  # it is only prepared yet
        if commits and self._dice.random() < self._share:
            if self._dice.random() < 0.5:
                self.lost_commits += 1
                return False
            link.doomed = True
        return True


@asynccontextmanager
async def proxy_to(port: int) -> AsyncIterator[Proxy]:
    """An open door to that port."""
    proxy = Proxy(port)
    await proxy.open()
    try:
        yield proxy
    finally:
        await proxy.close()
