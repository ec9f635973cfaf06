"""Every class of change that breaks a reader or a message already published: what is done, and what must be found."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Schema = dict[str, Any]
Change = Callable[[Schema], object]
OFFERED = "events/placement/JobOffered.v1.json"
REFERRED = "events/referral/ReturneeReferred.v1.json"
GRANTED = "events/referral/ConsentGranted.v1.json"


def remove(*path: str) -> Change:
    """Takes the property at `path` away."""

    def change(schema: Schema) -> None:
        for name in path[:-1]:
            schema = schema["properties"][name]
        del schema["properties"][path[-1]]
        schema["required"].remove(path[-1])

    return change


def add(name: str) -> Change:
    """Adds a required property."""

    def change(schema: Schema) -> None:
        schema["properties"][name] = {"type": "boolean", "description": "Something new."}
        schema["required"].append(name)

    return change


def constrain(field: str, **keywords: Any) -> Change:
    """Sets keywords of a property; None takes one away."""

    def change(schema: Schema) -> None:
        node = schema["properties"][field]
        node.update(keywords)
        for keyword in [keyword for keyword, value in keywords.items() if value is None]:
            del node[keyword]

    return change


def both(*changes: Change) -> Change:
    """One change after the other."""

    def change(schema: Schema) -> None:
        for each in changes:
            each(schema)

    return change


def labelled(**keywords: Any) -> Change:
    """Sets `x-...` keywords of the whole schema."""
    return lambda schema: schema.update({f"x-{name.replace('_', '-')}": value for name, value in keywords.items()})


HOURS = "/properties/hours_per_week"
BREAKING: dict[str, tuple[str, Change, str, str]] = {
    "a property is removed": (OFFERED, remove("wage_band"), "/properties/wage_band", "gone"),
    "a property is renamed": (OFFERED, both(remove("wage_band"), add("pay_band")), "/properties/wage_band", "gone"),
    "a new property is required": (OFFERED, add("shift"), "/required", "'shift' has become required"),
    "an optional property becomes required": (
        REFERRED,
        lambda schema: schema["required"].append("admin1"),
        "/required",
        "'admin1' has become required",
    ),
    "a required property becomes optional": (
        OFFERED,
        lambda schema: schema["required"].remove("formal"),
        "/required",
        "'formal' is no longer required",
    ),
    "an enum loses a value": (
        OFFERED,
        lambda schema: schema["properties"]["wage_band"]["enum"].remove("unknown"),
        "/properties/wage_band/enum",
        "'unknown' gone",
    ),
    "an enum gains a value": (
        OFFERED,
        lambda schema: schema["properties"]["wage_band"]["enum"].append("piecework"),
        "/properties/wage_band/enum",
        "'piecework' added: readers of 1.0.0 do not know it",
    ),
    "a closed list is opened": (
        OFFERED,
        constrain("wage_band", enum=None, pattern="^[a-z_]{1,30}$"),
        "/properties/wage_band/enum",
        "is anything",
    ),
    "a type changes": (OFFERED, constrain("hours_per_week", type="number"), f"{HOURS}/type", "'integer' gone"),
    "a property may be null": (
        OFFERED,
        constrain("formal", type=["boolean", "null"]),
        "/properties/formal/type",
        "'null' added",
    ),
    "a property may no longer be null": (
        REFERRED,
        constrain("admin1", type="string"),
        "/properties/admin1/type",
        "'null' gone",
    ),
    "a pattern changes": (
        OFFERED,
        constrain("isco08", pattern="^[0-9]{3,4}$"),
        "/properties/isco08/pattern",
        "neither grow",
    ),
    "a pattern is dropped": (
        OFFERED,
        constrain("isco08", pattern=None, enum=["7131"]),
        "/properties/isco08/pattern",
        "is anything",
    ),
    "a format changes": (
        OFFERED,
        constrain("starts_on", format="date-time"),
        "/properties/starts_on/format",
        "'date'",
    ),
    "a maximum falls": (OFFERED, constrain("hours_per_week", maximum=60), f"{HOURS}/maximum", "was 80"),
    "a maximum rises": (OFFERED, constrain("hours_per_week", maximum=100), f"{HOURS}/maximum", "was 80"),
    "a minimum rises": (OFFERED, constrain("hours_per_week", minimum=10), f"{HOURS}/minimum", "was 1"),
    "a minimum goes": (OFFERED, constrain("hours_per_week", minimum=None), f"{HOURS}/minimum", "is anything"),
    "a limit is added": (
        "events/training/EnrolmentWaitlisted.v1.json",
        constrain("position", maximum=50),
        "/properties/position/maximum",
        "was anything",
    ),
    "a list may be longer": (REFERRED, constrain("needs", maxItems=50), "/properties/needs/maxItems", "was 20"),
    "a list may be empty": (
        GRANTED,
        constrain("recipients", minItems=None),
        "/properties/recipients/minItems",
        "was 1",
    ),
    "the items of a list change": (
        REFERRED,
        constrain("needs", items={"type": "string", "pattern": "^[a-z]{2,9}$"}),
        "/properties/needs/items/pattern",
        "neither grow",
    ),
    "the items of a list are no longer described": (
        REFERRED,
        constrain("needs", items=None),
        "/properties/needs/items",
        "only one of",
    ),
    "a nested property is removed": (
        REFERRED,
        remove("departure", "latest"),
        "/properties/departure/properties/latest",
        "gone",
    ),
    "a constant changes": (
        OFFERED,
        constrain("measure_category", const="MARKET_ACCESS"),
        "/properties/measure_category/const",
        "was 'INTO_WORK'",
    ),
    "the key changes": (OFFERED, labelled(key="offer_id"), "/x-key", "was 'case_id'"),
    "the data class changes": (OFFERED, labelled(data_class="none"), "/x-data-class", "was 'pseudonymous'"),
    "a code list changes": (
        "events/placement/JobOfferDeclined.v1.json",
        constrain("reason", **{"x-code-list": "reject_reasons"}),
        "/properties/reason/x-code-list",
        "was 'decline_reasons'",
    ),
    "a keyword hides the change": (
        OFFERED,
        lambda schema: schema.update(additionalProperties=False),
        "/additionalProperties",
        "not one that this check can compare",
    ),
    "a header is removed": ("envelope.v1.json", remove("ce_sequence"), "/properties/ce_sequence", "gone"),
}
"""By name of the change: file, change, pointer of the finding, words in it."""
