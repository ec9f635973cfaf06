"""Signing in and out."""

from __future__ import annotations

import re
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from hmac import compare_digest
from typing import Final
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from chassis.http.auditing import keyed, remembered
from chassis.http.problems import Problem
from chassis.http.starting import started
from chassis.telemetry.logs import get_logger
from journey.pages.frame import HEADERS, html
from journey.pages.menu import HOME, PARKED, Entry, anybody
from journey.pages.visits import Page, Visit, Visits, shown_as_page
from journey.sign_in.provider import Attempt, Provider
from journey.sign_in.sessions import Sessions
from journey.sign_in.settings import CALLBACK, SIGNED_OUT, SignInSettings

SIGNING_IN_SECONDS = 600
"""From the first page of the provider to the last."""
ENDED: Final = "ended"
"""In place of the id of a session: somebody has signed out in this browser."""
_PLACE = re.compile(r"/pages(/[A-Za-z0-9-]{1,64}){0,4}")
"""Where a sign-in may lead: to a page of ours, never elsewhere."""

log = get_logger(__name__)


class Entrance:
    """The routes of sign-in. One per process."""

    def __init__(self, settings: SignInSettings, provider: Provider, sessions: Sessions, visits: Visits) -> None:
        self._settings = settings
        self._provider = provider
        self._sessions = sessions
        self._visits = visits
        self._attempt = "__Host-ph_signing_in" if settings.is_safe else "ph_signing_in"

    def routes(self) -> list[Route]:
        """All of them."""

        def page(path: str, answer: object) -> Route:
            async def endpoint(request: Request) -> Response:
                return await shown_as_page(request, lambda: answer(request))  # type: ignore[operator]

            return Page(path, endpoint, name=answer.__name__, include_in_schema=False)  # type: ignore[attr-defined]

        return [
            page("/pages/sign-in", self.sign_in),
            page(CALLBACK, self.signed_in),
            page(SIGNED_OUT, self.signed_out),
            self._visits.route("/pages/sign-out", self.sign_out, roles=anybody(self._visits.menu), method="POST"),
        ]

    async def sign_in(self, request: Request) -> Response:
        """Sends the browser to the provider, with a secret of its own to come back with.

        A browser that brings a session has one that has ended, or that somebody wants to end: whoever sits there now is
        asked who they are, also by a provider that remembers the one before.
        """
        if not self._settings.issuer:
            raise Problem(
                status=503,
                code="sign_in_not_set_up",
                detail="Nobody can sign in here: no provider is named.",
                remedy="Have the operators set JOURNEY_OIDC_ISSUER and what belongs to it.",
            )
        to = request.query_params.get("to", HOME)
        place = to if _PLACE.fullmatch(to) else HOME
        acts = f"{place}/".startswith(f"{PARKED.path}/")
        attempt = Attempt.new(anew=self._visits.cookie in request.cookies, acts=acts)
        answer = RedirectResponse(await self._provider.address(attempt), 303, dict(HEADERS))
        self._set(answer, self._attempt, _kept(request, attempt, place), SIGNING_IN_SECONDS)
        return answer

    async def signed_in(self, request: Request) -> Response:
        """Where the provider sends the browser back to."""
        begun = _begun(request, request.cookies.get(self._attempt, ""))
        if begun is None:
            raise Problem(
                status=403,
                code="state_mismatch",
                detail="This sign-in was begun in another browser, or too long ago.",
                remedy="Sign in again.",
            )
        attempt, place = begun
        who, access = await self._provider.person(attempt, dict(request.query_params))
        request.app.state.door.acting(request, who, anybody(self._visits.menu))
        kept = access if self._visits.acting.intersection(who.roles) else None
        [newest, *_] = remembered(request, who.subject)
        before = request.cookies.get(self._visits.cookie)
        made = await self._sessions.make(started(request, "workshop").pool, who, newest, before, kept)
        log.info("signed_in")
        answer = RedirectResponse(place, 303, dict(HEADERS))
        self._set(answer, self._visits.cookie, made, None)
        self._forget(answer, self._attempt)
        return answer

    async def sign_out(self, visit: Visit) -> Response:
        """Ends the session here, and leads to where the one at the provider ends, if it has such a place. By a page: a
        browser follows no redirect from a form to elsewhere."""
        id_ = visit.request.cookies[self._visits.cookie]
        await self._sessions.end(started(visit.request, "workshop").pool, id_)
        address = quote(await self._provider.farewell(), safe=":/?#[]@!$&'()*+,;=%")
        if address:
            answer = _told(
                "Signing out",
                "Your session here has ended. Your provider now ends yours there.",
                "If nothing happens, follow the link.",
                Entry(address, "Sign out at the provider", ()),
            )
            answer.headers["Refresh"] = f"0; url={address}"
        else:
            answer = RedirectResponse(SIGNED_OUT, 303, dict(HEADERS))
        self._set(answer, self._visits.cookie, ENDED, None)
        return answer

    async def signed_out(self, _request: Request) -> Response:
        """Says so, and does not sign in again by itself."""
        return _told(
            "Signed out",
            "Your session here has ended. Whoever signs in next in this browser is asked who they are.",
            "If others use this computer, see that you are signed out at your provider as well.",
            Entry(HOME, "Sign in again", ()),
        )

    def _set(self, answer: Response, name: str, value: str, seconds: int | None) -> None:
        answer.set_cookie(
            name, value, max_age=seconds, path="/", secure=self._settings.is_safe, httponly=True, samesite="lax"
        )

    def _forget(self, answer: Response, name: str) -> None:
        answer.delete_cookie(name, path="/", secure=self._settings.is_safe, httponly=True, samesite="lax")


def _told(title: str, says: str, remedy: str, link: Entry) -> Response:
    return html(
        "told.html",
        visitor=None,
        here="",
        title=title,
        says=says,
        remedy=remedy,
        bad=False,
        link=link,
        instance="",
    )


def _kept(request: Request, attempt: Attempt, place: str) -> str:
    """What the browser keeps of a sign-in until it comes back, with a mark that only this service can make."""
    where = urlsafe_b64encode(place.encode()).decode().rstrip("=")
    text = f"{attempt.secret}.{attempt.begun}.{attempt.anew:d}.{attempt.acts:d}.{where}"
    return f"{text}.{_marks(request, text)[0]}"


def _begun(request: Request, kept: str) -> tuple[Attempt, str] | None:
    """The sign-in, and where it leads; None if it was not begun here, or too long ago."""
    text, _, mark = kept.rpartition(".")
    if not any(compare_digest(mark.encode(), each.encode()) for each in _marks(request, text)):
        return None
    try:
        secret, begun, anew, acts, where = text.split(".")
    except ValueError:  # begun with another version of this service
        return None
    if time.time() - int(begun) > SIGNING_IN_SECONDS:
        return None
    place = urlsafe_b64decode(where + "=" * (-len(where) % 4)).decode()
    return Attempt(secret, int(begun), anew == "1", acts == "1"), place


def _marks(request: Request, text: str) -> list[str]:
    return [each.hex() for each in keyed(request)(b"sign_in\0" + text.encode())]
