"""Startup, liveness and readiness probes, at the intervals and with the thresholds that are declared."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tests.k8s.runner.fields import Refused
from tests.k8s.runner.programs import NotStarted

Exec = Callable[[list[str]], Awaitable[int]]
"""Runs a command in the container; its exit code. Raises `NotStarted`."""


@dataclass(frozen=True)
class Timing:
    """The numbers of a probe, with the API server's defaults."""

    delay: float
    period: float
    timeout: float
    successes: int
    failures: int

    @classmethod
    def of(cls, probe: Mapping[str, Any]) -> Timing:
        """From a manifest."""
        return cls(
            probe.get("initialDelaySeconds", 0),
            probe.get("periodSeconds", 10),
            probe.get("timeoutSeconds", 1),
            probe.get("successThreshold", 1),
            probe.get("failureThreshold", 3),
        )


class Prober:
    """Asks one container again and again, and tells `told(passes, why)` whenever the answer has turned."""

    def __init__(self, probe: Mapping[str, Any], address: str, ports: Mapping[str, int], run: Exec) -> None:
        self.timing = Timing.of(probe)
        self._probe = probe
        self._address = address
        self._ports = ports
        self._run = run
        self.asked = 0

    async def watch(self, told: Callable[[bool, str], None], *, at_first: bool | None = None) -> None:
        """Never ends by itself."""
        state, row = at_first, 0
        last: bool | None = None
        await asyncio.sleep(self.timing.delay)
        while True:
            why = await self.ask()
            passes = not why
            row = row + 1 if passes is last else 1
            last = passes
            needed = self.timing.successes if passes else self.timing.failures
            if row >= needed and state is not passes:
                state = passes
                told(passes, why)
            await asyncio.sleep(self.timing.period)

    async def until_passed(self) -> str:
        """For a startup probe: empty once it passes, else why it never did."""
        await asyncio.sleep(self.timing.delay)
        failed = 0
        while why := await self.ask():
            failed += 1
            if failed >= self.timing.failures:
                return why
            await asyncio.sleep(self.timing.period)
        return ""

    async def ask(self) -> str:
        """Once; empty if it passes, else why not."""
        self.asked += 1
        try:
            async with asyncio.timeout(self.timing.timeout):
                if "httpGet" in self._probe:
                    return await self._http(self._probe["httpGet"])
                if "tcpSocket" in self._probe:
                    return await self._tcp(self._probe["tcpSocket"]["port"])
                code = await self._run(list(self._probe["exec"]["command"]))
        except TimeoutError:
            return f"no answer within {self.timing.timeout} s"
        except NotStarted as error:
            return f"could not be run: {error}"
        except OSError as error:
            return error.strerror or str(error)
        return "" if code == 0 else f"exit code {code}"

    def port(self, value: int | str) -> int:
        """A port by its number or by the name that the container gives it."""
        if isinstance(value, int):
            return value
        if value not in self._ports:
            raise Refused(f"a probe asks port {value!r}, which the container does not declare")
        return self._ports[value]

    async def _tcp(self, port: int | str) -> str:
        _, writer = await asyncio.open_connection(self._address, self.port(port))
        writer.close()
        return ""

    async def _http(self, get: Mapping[str, Any]) -> str:
        port = self.port(get["port"])
        headers = {"Host": f"{self._address}:{port}", "User-Agent": "kube-probe", "Connection": "close"}
        headers |= {each["name"]: each["value"] for each in get.get("httpHeaders") or ()}
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        reader, writer = await asyncio.open_connection(self._address, port)
        try:
            writer.write(f"GET {get.get('path', '/')} HTTP/1.1\r\n{lines}\r\n".encode())
            answer = await reader.read(4096)
            status = int(answer.split(maxsplit=2)[1])
        except (IndexError, ValueError):
            return "the answer is no HTTP"
        finally:
            writer.close()
        body = answer.partition(b"\r\n\r\n")[2].decode(errors="replace")[:300]
        return "" if 200 <= status < 400 else f"status {status}: {body}"
