"""By what a person is found inside the organisation that keeps them: keyed hashes beside the sealed profile.

A hash is kept of each word of the name as it is spelled (`folding`), of each as it may be spelled in another script
(`skeletons`), of the phone number and of the birth date. They are set with the profile and go with it, and without the
keys of the service they lead to nobody. What is looked for is personal, so it comes in the body of a POST.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Annotated, Any, Final, Literal, NamedTuple

from pydantic import BaseModel, Field

from chassis.pure.bodies import body
from chassis.pure.decision import Refused
from vocabulary import case_ref
from vocabulary.folding import folded, number, runs, runs_with, spelled
from vocabulary.profiles import BirthDate, Name, Phone
from vocabulary.refusals import birth_date_alone, case_ref_misread, nothing_looked_for
from vocabulary.skeletons import is_latin, skeletons
from vocabulary.terms import ProfilePart

FOUND_BY: Final[tuple[ProfilePart, ...]] = ("identity", "contact")
"""The parts of a profile that hold what somebody is found by."""
MARKING: Final = 1
"""Which version of `marks_of` has made the hashes that are kept; a process of an earlier one says none. Whoever changes
what people are found by raises it, also in the question of each service (`UNMARKED`) and its partial index."""
MOST_FOUND: Final = 20
Fit = Literal["exact", "across_scripts"]
"""How somebody fits: as it was spelled, or by the consonants of a name in another script, which may be another name."""
FoundBy = Annotated[
    Fit,
    Field(
        description="`exact`: as it was taken down, but for marks and for letters that people write in more than one"
        " way; `across_scripts`: a name in another script has the same consonants,"
        " and may be another one"
    ),
]
Marking = Callable[[bytes], Sequence[bytes]]
"""Keyed hashes of the same data by every generation of keys, the one that seals first."""


class Search(BaseModel):
    """Who is looked for. What is given must all fit."""

    model_config = body(name="Shilan Rashid", phone="+964 750 0000000", birth_date="1990-05-17")

    case_ref: str | None = Field(default=None, max_length=20, description="as somebody reads it out")
    name: Name | None = Field(default=None, description="one or more words of it, in any order, in any script")
    phone: Phone | None = None
    birth_date: BirthDate | None = Field(default=None, description="only beside another one of these")


class Wanted(NamedTuple):
    """Hashes for one word, number or day that is looked for, by every generation of keys: one must fit."""

    exact: list[str]
    across_scripts: list[str]


class Sought(NamedTuple):
    """Who is looked for, as a query takes it."""

    case_ref: str | None
    wanted: tuple[Wanted, ...]


class Conditions(NamedTuple):
    """SQL about a column of hashes, and its parameters."""

    fits: str
    exact: str
    parameters: list[list[str]]


def marks_of(marking: Marking, fields: Mapping[str, Any]) -> tuple[str, ...]:
    """What is kept of the fields of a profile, to be found by: hashes by the generation that seals."""
    joined = runs(spelled(fields.get("given_name"), fields.get("family_name")))
    terms = {
        *map(_by_name, joined),
        *(_across(skeleton, latin=is_latin(each)) for each in joined for skeleton in skeletons(each)),
        *_by_others(fields.get("phone"), fields.get("birth_date")),
    }
    return tuple(sorted(marking(term.encode())[0].hex() for term in terms))


def sought(search: Search, marking: Marking) -> Sought | Refused:
    """Who is looked for. A birth date alone finds too many people who are not."""
    reference = None if search.case_ref is None else case_ref.read(search.case_ref)
    if search.case_ref is not None and reference is None:
        return case_ref_misread().at("/case_ref")
    words = spelled(search.name)
    by_name = [runs_with(words, place) for place in range(len(words))]
    found = [
        Wanted(
            _marked(marking, map(_by_name, each)),
            _marked(marking, (_across(one, latin=not is_latin(run)) for run in each for one in skeletons(run))),
        )
        for each in by_name
    ]
    found += [Wanted(_marked(marking, [each]), []) for each in _by_others(search.phone, None)]
    if search.name is not None and not words:
        return nothing_looked_for().at("/name")
    if search.phone is not None and number(search.phone) is None:
        return nothing_looked_for().at("/phone")
    if reference is None and not found:
        return nothing_looked_for().at("/") if search.birth_date is None else birth_date_alone().at("/birth_date")
    found += [Wanted(_marked(marking, [each]), []) for each in _by_others(None, search.birth_date)]
    return Sought(reference, tuple(found))


def conditions(column: str, wanted: Sequence[Wanted], first: int) -> Conditions:
    """That all fits, by whatever hash, and that all fits exactly; an index on the column answers the first. `first`:
    the number of the first parameter."""
    places = range(first, first + 2 * len(wanted), 2)
    return Conditions(
        " and ".join(f"{column} ?| ${place}::text[]" for place in places) or "true",
        " and ".join(f"{column} ?| ${place + 1}::text[]" for place in places) or "true",
        [each for one in wanted for each in ([*one.exact, *one.across_scripts], one.exact)],
    )


def fit_of(exact: bool) -> Fit:
    """How somebody fits of whom a query has said so."""
    return "exact" if exact else "across_scripts"


def _by_name(joined: str) -> str:
    return f"name\0{folded(joined)}"


def _across(skeleton: str, *, latin: bool) -> str:
    """Kept with the kind of script in which the name was spelled; who looks for one asks for the other kind."""
    return f"consonants\0{'latin' if latin else 'other'}\0{skeleton}"


def _by_others(phone: str | None, birth_date: object) -> list[str]:
    digits = number(phone)
    by_phone = [] if digits is None else [f"phone\0{digits}"]
    return by_phone if birth_date is None else [*by_phone, f"born\0{birth_date}"]


def _marked(marking: Marking, terms: Iterable[str]) -> list[str]:
    return [mark.hex() for term in dict.fromkeys(terms) for mark in marking(term.encode())]
