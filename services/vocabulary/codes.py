"""Shapes of codes in events and HTTP bodies. The lists of codes are reference data, not constants."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, Field

from chassis.pure.codes import LATEST_YEAR, Code, Day
from vocabulary.roles import ORG_KINDS

Country = Annotated[str, Field(pattern=r"^[A-Z]{2}$", description="ISO 3166-1 alpha-2, XK for Kosovo")]
Admin1 = Annotated[str, Field(pattern=r"^[A-Z]{2}-[A-Z0-9]{1,4}$", description="ISO 3166-2 first-level subdivision")]
CaseRef = Annotated[
    str,
    Field(
        pattern=r"^PH-[0-9A-HJKMNP-TV-Z]{7}-[0-9A-HJKMNP-TV-Z]$",
        description="the reference that the person has on paper, such as PH-7K3M9QX-F",
    ),
]
LINE: Final = 1024
"""Characters of a line of a box: a longer text would not be bounded by its pattern."""
MOST_LINES: Final = 96
MOST_PARTS: Final = 16
"""Of a profile, as events tell of them: more than there are, since the list of parts is open."""
"""Of a box: the longest profile fits, whatever its characters, and so do the needs of all referrals that a person may
have. Three such boxes would be too large for an event, but two parts of a profile have short fields or one text."""
BoxLine = Annotated[str, Field(pattern=rf"^[A-Za-z0-9+/]{{2,{LINE}}}={{0,2}}$", description="base64 of a ciphertext")]
Box = Annotated[tuple[BoxLine, ...], Field(min_length=1, max_length=MOST_LINES)]
"""A sealed box, in lines."""
KeyId = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,15}$", description="a key of public_keys")]
Isco08 = Annotated[str, Field(pattern=r"^[0-9]{4}$", description="ISCO-08 unit group")]
IscoVersion = Literal["ISCO-08"]
"""The classification that unit groups are of."""
CourseCode = Annotated[str, Field(pattern=r"^[A-Z0-9][A-Z0-9-]{1,31}$", description="a code of courses")]
TextVersion = Annotated[
    str, Field(pattern=r"^[0-9A-Za-z.-]{1,40}$", description="a code of consent_texts: the text that was signed")
]
Org = Annotated[
    str,
    Field(
        pattern=rf"^({'|'.join(ORG_KINDS)}):[A-Za-z0-9-]{{1,40}}$",
        description="kind and code of an organisation, such as centre:NG-LOS",
    ),
]
KeyReceiver = Annotated[
    str,
    Field(
        pattern=r"^[a-z]{1,20}:[A-Za-z0-9-]{1,40}$",
        description="whose private key opens it: an organisation, or the placement desk of a centre",
    ),
]
Centre = Annotated[str, Field(pattern=r"^centre:[A-Za-z0-9-]{1,40}$", description="such as centre:NG-LOS")]
Desk = Annotated[str, Field(pattern=r"^scouts:[A-Za-z0-9-]{1,40}$", description="such as scouts:bavaria")]
Provider = Annotated[str, Field(pattern=r"^provider:[A-Za-z0-9-]{1,40}$", description="such as provider:HWK-MUC")]


def _over_in_time(day: date) -> date:
    if day >= date(LATEST_YEAR, 12, 31):
        raise ValueError(f"is not over before the end of {LATEST_YEAR}: check the year")
    return day


LastDay = Annotated[Day, AfterValidator(_over_in_time)]
"""A day whose end is a moment within the programme's time too, wherever it ends."""
Codes = Annotated[tuple[Code, ...], Field(max_length=20)]
Skills = Annotated[tuple[Isco08, ...], Field(max_length=20)]
Recipients = Annotated[tuple[Org, ...], Field(min_length=1, max_length=20)]
"""Lists of codes in events: producers and readers keep to the same length."""
Units = Annotated[int, Field(ge=1, le=2000, description="teaching units of 45 minutes")]
