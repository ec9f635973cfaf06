"""Who a person is: what a desk or a centre may take down, in which parts it is sealed, and how a part's key is told."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import date
from typing import Annotated, Any, Final
from uuid import UUID, uuid5

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field

from chassis.pure.answers import Answer
from chassis.pure.bodies import body
from chassis.pure.codes import LATEST_YEAR, Language, written_out_day
from chassis.pure.sealing import Vault
from vocabulary.codes import LINE
from vocabulary.parts import SealedPart
from vocabulary.terms import ProfilePart, SexAsSaid

NAMESPACE: Final = UUID("0199f6a0-6d4e-7c11-9d0b-6a1f0f6f5c3f")
FIELDS: Final[Mapping[ProfilePart, tuple[str, ...]]] = {
    "identity": ("given_name", "family_name", "birth_date", "sex"),
    "contact": ("phone", "email", "messenger", "interpreter", "guardian", "emergency_contact"),
    "care": ("notes",),
}
"""What each part holds. A receiver is given the keys of whole parts."""
NEEDS: Final = "needs"
"""In the part *care* of somebody whom a centre has taken on: by root of the referral, all codes of needs."""
BOX: Final = "profile"
"""The name of the one box of a part: JSON of its fields."""
OLDEST_BIRTH_YEAR = 1906
"""Nobody older is alive; 1900-01-01 and its like are sentinels of other systems (docs/domain.md: no-sentinels)."""


def _a_life(day: date) -> date:
    if day.year < OLDEST_BIRTH_YEAR:
        raise ValueError("is no plausible birth date: give the real one, or leave the field out if it is unknown")
    if day.year > LATEST_YEAR:
        raise ValueError("lies in the future: give the real birth date, or leave the field out if it is unknown")
    return day


BirthDate = Annotated[date, BeforeValidator(written_out_day), AfterValidator(_a_life)]
Name = Annotated[str, Field(max_length=120, pattern=r"\S")]
Text = Annotated[str, Field(max_length=4000)]
Phone = Annotated[str, Field(pattern=r"^\+?[0-9 ()/-]{5,30}$")]
Email = Annotated[str, Field(pattern=r"^[^@\s]{1,64}@[^@\s]{1,190}$")]


class ProfileBody(BaseModel):
    """Who the person is. Every field is optional: leave out what is unknown."""

    model_config = body(
        given_name="Ada", family_name="Example", birth_date="1990-05-17", sex="female", phone="+49 151 0000000"
    )

    given_name: Name | None = None
    family_name: Name | None = None
    birth_date: BirthDate | None = None
    sex: SexAsSaid | None = None
    phone: Phone | None = None
    email: Email | None = None
    messenger: Name | None = Field(default=None, description="such as the number or the name under which it is used")
    interpreter: Language | None = Field(default=None, description="the language to be interpreted, if one is needed")
    guardian: Text | None = Field(default=None, description="who acts for a minor, and how to reach them")
    emergency_contact: Text | None = None
    notes: Text | None = None

    def texts(self) -> dict[str, str]:
        """The fields that are given, as text."""
        return {name: str(value) for name, value in self.model_dump(mode="json", exclude_none=True).items()}


class ContactView(Answer):
    """Who the person is and how they are reached, in clear: the parts *identity* and *contact*."""

    case_id: UUID
    given_name: str | None = None
    family_name: str | None = None
    birth_date: date | None = None
    sex: SexAsSaid | None = None
    phone: str | None = None
    email: str | None = None
    messenger: str | None = None
    interpreter: str | None = Field(default=None, description="the language to be interpreted, if one is needed")
    guardian: str | None = None
    emergency_contact: str | None = None


class ProfileView(ContactView):
    """The profile in clear, for the organisation that keeps it."""

    notes: str | None = None


def in_parts(
    vault: Vault, case_id: UUID, texts: Mapping[str, str], new_id: Callable[[], UUID]
) -> dict[ProfilePart, SealedPart]:
    """Each part under a new key. All parts are there, whatever was given: which are empty tells nothing."""
    sealed = dict[ProfilePart, SealedPart]()
    for part, names in FIELDS.items():
        sealing = new_id()
        text = written({name: texts[name] for name in names if name in texts})
        key, boxes = vault.seal(case_id, part, {BOX: text}, version=str(sealing))
        sealed[part] = SealedPart(key, boxes[BOX], sealing)
    return sealed


def written(fields: Mapping[str, Any]) -> str:
    """The fields of a part as they lie in its box. Each letter as it is: by escapes one of Arabic is six bytes, and a
    long text is larger than a box may be (`vocabulary.codes.MOST_LINES`)."""
    return json.dumps(fields, ensure_ascii=False)


def part_in_clear(vault: Vault, case_id: UUID, part: ProfilePart, sealed: SealedPart) -> dict[str, Any]:
    """The fields of one part, for the service whose key wraps the part's. Raises `VaultError`."""
    return dict(json.loads(vault.open(case_id, part, sealed.key, {BOX: sealed.box}, str(sealed.sealing))[BOX]))


def key_id_of(case_id: UUID, part: str, receiver: str) -> UUID:
    """Under which key of the topic the key of a part is told to a receiver: the last word on it counts."""
    return uuid5(NAMESPACE, f"{case_id}/{part}/{receiver}")


def lines_of(box: str) -> tuple[str, ...]:
    """A box as an event carries it."""
    return tuple(box[start : start + LINE] for start in range(0, len(box), LINE))


def box_of(lines: tuple[str, ...]) -> str:
    """The box again."""
    return "".join(lines)
