"""The frame of every page: templates that escape whatever they are given, headers that let a browser load nothing else.

A page has no script, no style of its own and nothing from elsewhere, so its policy forbids all three: HTML that came
in by a field would show as text, and do nothing even if it did not.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

HERE = Path(__file__).parent
STYLE: Final = "/pages/style.css"
POLICY: Final = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS: Final[Mapping[str, str]] = {
    "Content-Security-Policy": POLICY,
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}


def moment(at: datetime) -> str:
    """A time as people read it: of the one clock that all services share, whatever zone a reader is in."""
    return f"{at:%Y-%m-%d %H:%M} UTC"


def span(length: timedelta) -> str:
    """A length of time in its two largest units."""
    minutes = int(abs(length).total_seconds() // 60)
    days, hours, minutes = minutes // 1440, minutes // 60 % 24, minutes % 60
    if days >= 10:
        return f"{days} d"
    parts = [f"{number} {unit}" for number, unit in ((days, "d"), (hours, "h"), (minutes, "min")) if number]
    return " ".join(parts[:2]) or "under 1 min"


def share(value: float) -> str:
    """A share as a percentage."""
    return f"{100 * value:.0f} %"


def words(code: str) -> str:
    """A code as words."""
    return code.replace("_", " ")


def iso(value: datetime | date) -> str:
    """For the attribute of `<time>`."""
    return value.isoformat()


def _environment() -> Environment:
    """`StrictUndefined`: what a template misspells is an error, and not an empty place on a page."""
    made = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {"moment": moment, "span": span, "share": share, "words": words, "iso": iso}
    return made


_TEMPLATES: Final = _environment()


def render(template: str, **values: Any) -> str:
    """The page as text. What it is given is data: no value becomes HTML."""
    return _TEMPLATES.get_template(template).render(style=STYLE, **values)


def html(template: str, status: int = 200, **values: Any) -> Response:
    """The page as an answer."""
    return HTMLResponse(render(template, **values), status, dict(HEADERS))


def style_route() -> Route:
    """The stylesheet; anybody may have it, and browsers keep it for a while."""
    content = (HERE / "style.css").read_bytes()
    headers = {**HEADERS, "Cache-Control": "public, max-age=300"}

    async def stylesheet(_request: Request) -> Response:
        return Response(content, media_type="text/css", headers=headers)

    return Route(STYLE, stylesheet, include_in_schema=False)
