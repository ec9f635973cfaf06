"""What may be taken down as a person's consent, at a desk in Germany or at a centre."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable
from datetime import date, datetime
from typing import Final, Protocol

from chassis.pure.decision import Refused
from chassis.pure.reference import CodeList
from vocabulary.countries import GERMANY, day_at
from vocabulary.reference import Centre, ConsentText, Country, Purpose
from vocabulary.refusals import (
    date_in_future,
    date_in_past,
    dates_reversed,
    guardian_required,
    recipient_not_for_purpose,
    signed_before_withdrawal,
    unknown_code,
)

CANONICAL_ID: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
"""Readers compare recipients letter by letter: another spelling of the id would never be found."""
UNKNOWN_RECIPIENT: Final = unknown_code(
    "/recipients",
    "centres",
    "Use codes of GET /code-lists/centres, GET /code-lists/providers or GET /code-lists/countries; for an employer its "
    "id in small letters, as placement gave it out.",
)
ENDS_BEFORE_IT_BEGINS: Final = dates_reversed("/valid_until", "The consent ends before it was given.")


class Signed(Protocol):
    """What the person has signed, as somebody wants to take it down."""

    @property
    def purpose(self) -> str: ...  # noqa: D102 - as in the list of purposes

    @property
    def recipients(self) -> Iterable[str]: ...  # noqa: D102

    @property
    def text_version(self) -> str: ...  # noqa: D102

    @property
    def granted_on(self) -> date: ...  # noqa: D102

    @property
    def valid_until(self) -> date: ...  # noqa: D102

    @property
    def guardian(self) -> bool: ...  # noqa: D102


class Earlier(Protocol):
    """A consent that the person has given before, and may have taken back."""

    @property
    def purpose(self) -> str: ...  # noqa: D102

    @property
    def recipients(self) -> Iterable[str]: ...  # noqa: D102

    @property
    def withdrawn_at(self) -> datetime | None: ...  # noqa: D102


class Lists(Protocol):
    """The code lists of a service that records consents."""

    @property
    def purposes(self) -> CodeList[Purpose]: ...  # noqa: D102

    @property
    def centres(self) -> CodeList[Centre]: ...  # noqa: D102

    @property
    def countries(self) -> CodeList[Country]: ...  # noqa: D102


class Place:
    """Where consents are signed: its country, whose days count, and the lists that are in force there.

    `texts`: those that are signed there; `providers`: those that may be named.
    """

    def __init__(
        self, country: str, lists: Lists, texts: CodeList[ConsentText], providers: Container[str] = ()
    ) -> None:
        self.country = country
        self._lists = lists
        self._texts = texts
        self._providers = providers

    def why_not(self, signed: Signed, earlier: Iterable[Earlier], now: datetime, *, minor: bool) -> Refused | None:
        """What is wrong with it; None if it may be taken down."""
        day = day_at(self.country, now)
        purpose = self._lists.purposes.get(signed.purpose)
        if purpose is None:
            return unknown_code("/purpose", self._lists.purposes.name)
        if not {recipient.partition(":")[0] for recipient in signed.recipients} <= set(purpose.recipient_kinds):
            return recipient_not_for_purpose()
        if not all(self._knows(recipient, purpose) for recipient in signed.recipients):
            return UNKNOWN_RECIPIENT
        if signed.granted_on > day:
            return date_in_future("/granted_on")
        if self._texts.get(signed.text_version, on=signed.granted_on) is None:
            remedy = f"Use a code of GET /code-lists/{self._texts.name} that was in force on the day of the signature."
            return unknown_code("/text_version", self._texts.name, remedy)
        if signed.valid_until < signed.granted_on:
            return ENDS_BEFORE_IT_BEGINS
        if signed.valid_until < day:
            return date_in_past("/valid_until")
        if minor and not signed.guardian:
            return guardian_required()
        if any(self._taken_back_since(each, signed) for each in earlier):
            return signed_before_withdrawal()
        return None

    def _taken_back_since(self, each: Earlier, signed: Signed) -> bool:
        """Whether the person has since taken the same back: what was signed before says nothing of what they want now.

        On the day of the withdrawal itself they may have signed anew; a day does not tell which came first.
        """
        return (
            each.withdrawn_at is not None
            and signed.granted_on < day_at(self.country, each.withdrawn_at)
            and each.purpose == signed.purpose
            and self._overlap(set(each.recipients), set(signed.recipients))
        )

    def _overlap(self, some: set[str], others: set[str]) -> bool:
        """Whether an organisation is among both: by itself, or by the country that it lies in."""
        return not some.isdisjoint(self._with_countries(others)) or not others.isdisjoint(self._with_countries(some))

    def _with_countries(self, recipients: set[str]) -> set[str]:
        centres = (self._lists.centres.get(each) for each in recipients)
        of_centres = {f"country:{centre.country}" for centre in centres if centre is not None}
        of_providers = {f"country:{GERMANY}" for each in recipients if each.startswith("provider:")}
        return {*recipients, *of_centres, *of_providers}

    def _knows(self, recipient: str, purpose: Purpose) -> bool:
        kind, _, code = recipient.partition(":")
        match kind:
            case "centre":
                return recipient in self._lists.centres
            case "provider":
                return recipient in self._providers
            case "country":
                # All training providers are in Germany; any other purpose names countries of the programme.
                return code == GERMANY if "provider" in purpose.recipient_kinds else code in self._lists.countries
            case "scouts":
                return True  # nobody keeps a list of the desks in Germany
            case _:
                return CANONICAL_ID.fullmatch(code) is not None
