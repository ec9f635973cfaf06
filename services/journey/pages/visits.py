"""A page between a browser and what it shows: who looks, may they, and is what they send theirs.

Whatever goes wrong is told as a page, in the words of the problem that an API would answer.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qsl, quote
from uuid import UUID

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Match, Route
from starlette.types import Scope

from chassis.audit.rows import SHOWN, Who
from chassis.audit.writer import AuditUnavailableError
from chassis.http.auth import CALLER
from chassis.http.bodies import read_body
from chassis.http.exception_handlers import route_of
from chassis.http.problems import Problem, instance_of
from chassis.http.starting import started
from chassis.postgres.database import MAY_BE_OUTAGES, is_outage, told
from chassis.telemetry.logs import get_logger
from journey.pages.frame import html
from journey.pages.menu import Entry, menu_of
from journey.sign_in.sessions import Session, Sessions
from journey.sign_in.settings import SignInSettings

FORM = "application/x-www-form-urlencoded"
MAX_FIELDS = 20

_REMEDIES = {
    "role_required": "Sign in as somebody who has that role.",
    "role_elsewhere": "Sign in at the organisation in which you have this role.",
}
"""Where the API speaks of tokens."""

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who looks at a page, in the role that opens it."""

    role: str
    org: str
    country: str
    person: bytes
    form_token: str
    menu: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Visit:
    """One request of a visitor. `form` and `query` have only fields that the page knows."""

    request: Request
    visitor: Visitor
    form: dict[str, str]
    query: dict[str, str]

    def page(self, template: str, status: int = 200, **values: Any) -> Response:
        """An answer with the frame around it."""
        here = self.request.url.path
        return html(template, status, visitor=self.visitor, here=here, **values)

    async def shown(self, subjects: Iterable[UUID]) -> None:
        """Notes in the audit that these cases are shown; nothing of them is sent before. Raises `Problem` 503."""
        visitor = self.visitor
        who = Who(visitor.person, visitor.role, visitor.org, self.request.scope["route"].name)
        try:
            await started(self.request, "auditor").write(who.row(subjects, SHOWN))
        except AuditUnavailableError:
            raise Problem(
                status=503,
                code="audit_unavailable",
                detail="Nobody could note that you see this, so it is not shown.",
                remedy="Try again in a few seconds.",
            ) from None


Shows = Callable[[Visit], Awaitable[Response]]


class Page(Route):
    """A route whose template stands in logs and metrics, as those of the API do."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Starlette's answer, with the route itself."""
        match, child = super().matches(scope)
        return match, ({**child, "route": self} if match is not Match.NONE else child)


class Visits:
    """Makes routes of what pages show."""

    def __init__(self, settings: SignInSettings, sessions: Sessions, menu: Sequence[Entry]) -> None:
        self._sessions = sessions
        self.menu = menu
        self.cookie = "__Host-ph_session" if settings.is_safe else "ph_session"

    def route(
        self, path: str, shows: Shows, *, roles: Sequence[str], method: str = "GET", fields: Sequence[str] = ()
    ) -> Route:
        """A page for `roles`. `fields`: those of its form, or of its address; a blank one counts as left out."""

        async def endpoint(request: Request) -> Response:
            return await shown_as_page(request, lambda: self._answer(request, shows, roles, fields))

        return Page(path, endpoint, methods=[method], name=_name(shows), include_in_schema=False)

    async def session(self, request: Request) -> Session | None:
        """That of the browser's cookie."""
        id_ = request.cookies.get(self.cookie)
        return None if not id_ else await self._sessions.find(started(request, "workshop").pool, id_)

    async def _answer(self, request: Request, shows: Shows, roles: Sequence[str], fields: Sequence[str]) -> Response:
        session = await self.session(request)
        if session is None:
            return _to_sign_in(request)
        who = session.who
        visitor = Visitor(
            role=sorted(who.roles)[0],
            org=who.org,
            country=who.country,
            person=session.person,
            form_token=session.form_token,
            menu=menu_of(self.menu, who.roles),
        )
        try:
            request.app.state.rates.take(who.org, who.subject)
            request.scope[CALLER] = who
            visitor = replace(visitor, role=request.app.state.door.acting(request, who, roles))
            return await shows(await self._visit(request, session, visitor, fields))
        except Problem as problem:
            return told_as_page(request, problem, visitor)

    async def _visit(self, request: Request, session: Session, visitor: Visitor, fields: Sequence[str]) -> Visit:
        form: dict[str, str] = {}
        if request.method == "POST":
            form = await _form(request, ("form_token", *fields))
            if not session.sent(form.pop("form_token", "")) or not _from_here(request):
                raise Problem(
                    status=403,
                    code="form_foreign",
                    detail="This form was not made for your session.",
                    remedy="Go back, load the page again and send the form once more.",
                )
        query = _fields(request.scope["query_string"].decode(), () if request.method == "POST" else fields, "parameter")
        return Visit(request, visitor, form, query)


async def shown_as_page(request: Request, answer: Callable[[], Awaitable[Response]]) -> Response:
    """The answer, or the page that tells why there is none."""
    try:
        return await answer()
    except Problem as problem:
        return told_as_page(request, problem)
    except MAY_BE_OUTAGES as error:
        if not is_outage(error):
            raise
        log.warning("request_unavailable", route=route_of(request.scope), **told(error))
        return told_as_page(
            request,
            Problem(
                status=503,
                code="temporarily_unavailable",
                detail="The service cannot reach its database at the moment, or is overloaded.",
                remedy="Try again in a few seconds.",
                headers={"Retry-After": "2"},
            ),
        )


def told_as_page(request: Request, problem: Problem, visitor: Visitor | None = None) -> Response:
    """A problem in words."""
    answer = html(
        "told.html",
        problem.status,
        visitor=visitor,
        here="",
        title=problem.code.replace("_", " ").capitalize(),
        says=problem.detail,
        remedy=_REMEDIES.get(problem.code, problem.remedy),
        bad=True,
        link=Entry("/pages", "To the first page", ()),
        instance=instance_of(request.scope),
    )
    answer.headers.update(problem.headers)
    return answer


def _to_sign_in(request: Request) -> Response:
    """A page is shown after signing in; what a form would have done is not done later."""
    to = request.url.path if request.method in {"GET", "HEAD"} else "/pages"
    return RedirectResponse(f"/pages/sign-in?to={quote(to, safe='/')}", 303)


def _from_here(request: Request) -> bool:
    """Whether the browser says that one of our pages sends the form; older ones say nothing."""
    return request.headers.get("sec-fetch-site", "same-origin") == "same-origin"


async def _form(request: Request, names: Sequence[str]) -> dict[str, str]:
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != FORM:
        raise Problem(
            status=415,
            code="media_type_unsupported",
            detail="The body is no form.",
            remedy=f"Send it with the header Content-Type: {FORM}.",
        )
    body = await read_body(request.headers, request.receive, request.app.state.max_body_bytes)
    return _fields(body.decode("ascii", errors="replace"), names, "field")


def _fields(text: str, names: Sequence[str], kind: str) -> dict[str, str]:
    """The fields that are filled in. Raises `Problem` 422 for one that is unknown or comes twice: a misspelled filter
    would list everything."""
    try:
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=MAX_FIELDS, errors="strict")
    except ValueError:
        raise _unusable(f"The {kind}s cannot be read, or there are too many.") from None
    found = dict(pairs)
    if len(found) < len(pairs) or not found.keys() <= set(names):
        raise _unusable(f"A {kind} is unknown or comes more than once.")
    if any("\0" in value or not _is_text(value) for value in found.values()):
        raise _unusable(f"A {kind} holds a character that is no text.")
    return {name: value.strip() for name, value in found.items() if value.strip()}


def _is_text(value: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in value)


def _unusable(detail: str) -> Problem:
    return Problem(
        status=422,
        code="request_invalid",
        detail=detail,
        remedy="Go back and use the page's own form.",
    )


def _name(shows: Shows) -> str:
    name: str = getattr(shows, "__name__", "page")
    return name.strip("_")
