"""Signing in and out."""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from chassis.http.auditing import remembered
from chassis.http.problems import Problem
from chassis.http.starting import started
from chassis.telemetry.logs import get_logger
from journey.pages.frame import HEADERS, html
from journey.pages.menu import HOME, Entry, anybody
from journey.pages.visits import Page, Visit, Visits, shown_as_page
from journey.sign_in.provider import Attempt, Provider
from journey.sign_in.sessions import Sessions
from journey.sign_in.settings import CALLBACK, SignInSettings

SIGNING_IN_SECONDS = 600
"""From the first page of the provider to the last."""
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
            page("/pages/signed-out", self.signed_out),
            self._visits.route("/pages/sign-out", self.sign_out, roles=anybody(self._visits.menu), method="POST"),
        ]

    async def sign_in(self, request: Request) -> Response:
        """Sends the browser to the provider, with a secret of its own to come back with."""
        if not self._settings.issuer:
            raise Problem(
                status=503,
                code="sign_in_not_set_up",
                detail="Nobody can sign in here: no provider is named.",
                remedy="Have the operators set JOURNEY_OIDC_ISSUER and what belongs to it.",
            )
        to = request.query_params.get("to", HOME)
        attempt = Attempt.new()
        answer = RedirectResponse(await self._provider.address(attempt), 303, dict(HEADERS))
        place = to if _PLACE.fullmatch(to) else HOME
        kept = f"{attempt.secret}.{urlsafe_b64encode(place.encode()).decode().rstrip('=')}"
        self._set(answer, self._attempt, kept, SIGNING_IN_SECONDS)
        return answer

    async def signed_in(self, request: Request) -> Response:
        """Where the provider sends the browser back to."""
        secret, _, place = request.cookies.get(self._attempt, "").partition(".")
        if not secret:
            raise Problem(
                status=403,
                code="state_mismatch",
                detail="This sign-in was begun in another browser, or too long ago.",
                remedy="Sign in again.",
            )
        who = await self._provider.person(Attempt(secret), dict(request.query_params))
        request.app.state.door.acting(request, who, anybody(self._visits.menu))
        [newest, *_] = remembered(request, who.subject)
        before = request.cookies.get(self._visits.cookie)
        made = await self._sessions.make(started(request, "workshop").pool, who, newest, before)
        log.info("signed_in")
        answer = RedirectResponse(_place(place), 303, dict(HEADERS))
        self._set(answer, self._visits.cookie, made, None)
        self._forget(answer, self._attempt)
        return answer

    async def sign_out(self, visit: Visit) -> Response:
        """Ends the session here; the one at the provider goes on."""
        id_ = visit.request.cookies[self._visits.cookie]
        await self._sessions.end(started(visit.request, "workshop").pool, id_)
        answer = RedirectResponse("/pages/signed-out", 303, dict(HEADERS))
        self._forget(answer, self._visits.cookie)
        return answer

    async def signed_out(self, _request: Request) -> Response:
        """Says so, and does not sign in again by itself."""
        return html(
            "told.html",
            visitor=None,
            here="",
            title="Signed out",
            says="Your session here has ended.",
            remedy="If others use this computer, sign out at your provider as well.",
            bad=False,
            link=Entry("/pages", "Sign in again", ()),
            instance="",
        )

    def _set(self, answer: Response, name: str, value: str, seconds: int | None) -> None:
        answer.set_cookie(
            name, value, max_age=seconds, path="/", secure=self._settings.is_safe, httponly=True, samesite="lax"
        )

    def _forget(self, answer: Response, name: str) -> None:
        answer.delete_cookie(name, path="/", secure=self._settings.is_safe, httponly=True, samesite="lax")


def _place(kept: str) -> str:
    """Where to go, from the cookie; whoever has changed it comes to the first page."""
    try:
        place = urlsafe_b64decode(kept + "=" * (-len(kept) % 4)).decode()
    except ValueError:
        return HOME
    return place if _PLACE.fullmatch(place) else HOME
