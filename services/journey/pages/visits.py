"""A page between a browser and what it shows: who looks, may they, and is what they send theirs.

Whatever goes wrong is told as a page, in the words of the problem that an API would answer.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl, quote
from uuid import UUID

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Match, Route
from starlette.types import Scope

from chassis.audit.rows import DONE, SHOWN
from chassis.http.auditing import NOTE, Note, note_as, note_of, note_refusal
from chassis.http.auth import CALLER
from chassis.http.bodies import read_body
from chassis.http.exception_handlers import route_of
from chassis.http.problems import Problem, instance_of
from chassis.http.starting import started
from chassis.postgres.database import MAY_BE_OUTAGES, is_outage, told
from chassis.telemetry.logs import get_logger
from journey.pages.frame import html
from journey.pages.menu import HOME, PARKED, Entry, menu_of
from journey.sign_in.sessions import Session, Sessions
from journey.sign_in.settings import SignInSettings
from vocabulary.copying import replace

FORM = "application/x-www-form-urlencoded"
MAX_FIELDS = 20

_REMEDIES = {
    "role_required": "Sign in as somebody who has that role.",
    "role_elsewhere": "Sign in at the organisation in which you have this role.",
    "audit_unavailable": "Try again in a few seconds.",
}
"""Where the API speaks of tokens and keys."""

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
    """One request of a visitor. `form` and `query` have only fields that the page knows. `access` gives the token with
    which the page may act in the visitor's name, if there is one."""

    request: Request
    visitor: Visitor
    form: dict[str, str]
    query: dict[str, str]
    access: Callable[[], Awaitable[str | None]]

    def page(self, template: str, status: int = 200, **values: Any) -> Response:
        """An answer with the frame around it."""
        here = self.request.url.path
        return html(template, status, visitor=self.visitor, here=here, **values)

    def about(self, subjects: Iterable[UUID]) -> None:
        """Whom the visit is about: what the audit says of it, whatever comes of it."""
        self._note.subjects |= set(subjects)

    async def shown(self, subjects: Iterable[UUID] = ()) -> None:
        """Notes in the audit that these cases are shown; nothing of them is sent before. Raises `Problem` 503."""
        self.about(subjects)
        await note_as(started(self.request, "auditor"), self._note, SHOWN)

    def because(self, ground: str) -> None:
        """What the audit says beside the subjects."""
        self._note.ground = ground

    async def decided(self) -> None:
        """Notes in the audit that the visitor has decided something, before a service is told so. Raises `Problem`
        503."""
        await note_as(started(self.request, "auditor"), self._note, DONE)
        self._note.is_written = True

    async def refused(self, problem: Problem) -> None:
        """Notes in the audit that this was refused. Raises `Problem` 503."""
        await note_refusal(started(self.request, "auditor"), self._note, problem)

    @property
    def _note(self) -> Note:
        note = note_of(self.request)
        assert note is not None, "the route is not personal"
        return note


Shows = Callable[[Visit], Awaitable[Response]]


class Page(Route):
    """A route whose template stands in logs and metrics, as those of the API do."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Starlette's answer, with the route itself."""
        match, child = super().matches(scope)
        return match, ({**child, "route": self} if match is not Match.NONE else child)


class Visits:
    """Makes routes of what pages show."""

    def __init__(
        self, settings: SignInSettings, sessions: Sessions, menu: Sequence[Entry], acting: Collection[str] = ()
    ) -> None:
        """`acting`: the roles in which somebody does something at a service by a page."""
        self._sessions = sessions
        self.menu = menu
        self.acting = frozenset(acting)
        self.cookie = "__Host-ph_session" if settings.is_safe else "ph_session"

    def route(
        self,
        path: str,
        shows: Shows,
        *,
        roles: Sequence[str],
        method: str = "GET",
        fields: Sequence[str] = (),
        personal: bool = False,
    ) -> Route:
        """A page for `roles`. `fields`: those of its form, or of its address; a blank one counts as left out.
        `personal`: it tells of cases, so what it shows or refuses is a row of the audit."""

        async def endpoint(request: Request) -> Response:
            return await shown_as_page(request, lambda: self._answer(request, shows, roles, fields, personal=personal))

        return Page(path, endpoint, methods=[method], name=_name(shows), include_in_schema=False)

    async def session(self, request: Request) -> Session | None:
        """That of the browser's cookie."""
        id_ = request.cookies.get(self.cookie)
        return None if not id_ else await self._sessions.find(started(request, "workshop").pool, id_)

    async def _answer(
        self, request: Request, shows: Shows, roles: Sequence[str], fields: Sequence[str], *, personal: bool
    ) -> Response:
        session = await self.session(request)
        if session is None:
            return _to_sign_in(request)
        who = session.who
        note = Note(session.person, who.org, request.scope["route"].name, request.app.state.subject_field)
        request.scope[NOTE] = note if personal else None
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
            note.role = request.app.state.door.acting(request, who, roles)
            visitor = replace(visitor, role=note.role)
            return await shows(await self._visit(request, session, visitor, fields))
        except Problem as problem:
            if personal:
                note.subjects = note.subjects or {
                    each for each in request.path_params.values() if isinstance(each, UUID)
                }
                await note_refusal(started(request, "auditor"), note, problem)
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
        access = partial(self._sessions.access, started(request, "workshop").pool, session.id)
        return Visit(request, visitor, form, query, access)


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
        link=_link(request, problem),
        instance=instance_of(request.scope),
    )
    answer.headers.update(problem.headers)
    return answer


def _link(request: Request, problem: Problem) -> Entry:
    """Where somebody goes on after a problem."""
    if problem.code == "sign_in_again":
        return Entry(f"/pages/sign-in?to={PARKED.path}", "Sign in again", ())
    if problem.status == HTTPStatus.UNAUTHORIZED:
        return Entry(HOME, "Sign in", ())
    if request.url.path.startswith(f"{PARKED.path}/"):
        return Entry(PARKED.path, "To the parked records", ())
    return Entry(HOME, "To the first page", ())


def _to_sign_in(request: Request) -> Response:
    """A page is shown after signing in. What a form would have done is not done later, and no redirect leads from it to
    the provider: `form-action` of our pages holds for every step on the way."""
    if request.method in {"GET", "HEAD"}:
        return RedirectResponse(f"/pages/sign-in?to={quote(request.url.path, safe='/')}", 303)
    raise Problem(
        status=401,
        code="session_ended",
        detail="Your session has ended, so nothing was done.",
        remedy="Sign in and fill in the form again.",
    )


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
