"""How `ph` asks a service over HTTP, behind a token instead of a database role."""

from __future__ import annotations

import time
from typing import Any, ClassVar

import httpx

from chassis.trouble import Trouble

TIMEOUT_SECONDS = 30.0
ATTEMPTS = 3
PAUSE_SECONDS = 1.0

AWAY = frozenset({502, 503, 504})
"""What it answers, or whatever stands before it, while it cannot."""


class Unreached(Trouble):
    """The service does not answer now; it may later."""


class ServiceApi:
    """What one service answers. Every fault is a `Trouble` in the service's own words; `unreached` is what to do if it
    answers nothing."""

    unreached: ClassVar[str] = "Check the address, and whether the service runs."

    def __init__(self, service: str, url: str, token: str) -> None:
        self.service = service
        self.url = url.rstrip("/")
        self._http = httpx.Client(headers={"Authorization": f"Bearer {token}"}, timeout=TIMEOUT_SECONDS)

    def ask(self, method: str, path: str, **request: Any) -> Any:
        """The JSON that it answers. Asks again if it cannot be reached, or is starting. Raises `Trouble`."""
        attempt = 0
        while True:
            attempt += 1
            try:
                answer = self._http.request(method, f"{self.url}{path}", **request)
            except httpx.InvalidURL as error:
                raise self._trouble(f"the address is not usable ({error})", "Give it as https://host:port.") from error
            except httpx.TransportError as error:
                what = f"the service cannot be reached ({error})"
                if isinstance(error, httpx.UnsupportedProtocol):
                    raise self._trouble(what, self.unreached) from error
                if attempt == ATTEMPTS:
                    raise self._trouble(what, self.unreached, Unreached) from error
            else:
                if answer.status_code != 503 or attempt == ATTEMPTS:
                    return self._told(answer)
            time.sleep(PAUSE_SECONDS)

    def _told(self, answer: httpx.Response) -> Any:
        if answer.is_success:
            return answer.json()
        try:
            problem = answer.json()
            what, remedy = problem["detail"], problem["remedy"]
        except (ValueError, KeyError, TypeError):
            what, remedy = f"the answer is {answer.status_code}, and no problem document", "Check the address."
        else:
            what += "".join(f" {each['field']}: {each['detail']}" for each in problem["errors"])
        raise self._trouble(what, remedy, Unreached if answer.status_code in AWAY else Trouble)

    def _trouble(self, what: str, remedy: str, kind: type[Trouble] = Trouble) -> Trouble:
        return kind(what, where=f"API of {self.service}, {self.url}", remedy=remedy)
