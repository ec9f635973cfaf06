"""Rules as data and kinds as code: a service starts only if the two fit."""

from __future__ import annotations

from pathlib import Path

import pytest

from chassis.operators.retention import SWEPT
from chassis.pure.decision import NOTHING, Handler
from chassis.pure.needs import needs
from chassis.pure.reference import DIRECTORY, InvalidReference
from chassis.pure.retention import Kept, agreed
from tests.support.services import ALL

HEADER = "service,kind,reference,term,holds,effect,source"
ORDER = Kept("order", frozenset({"paid"}), "erased", "select 1", Handler(needs(), lambda *_: NOTHING))


def rules(tmp_path: Path, *lines: str) -> Path:
    (tmp_path / "retention.v1.csv").write_text("\n".join([HEADER, *lines, ""]))
    return tmp_path


@pytest.mark.parametrize("service", ALL, ids=lambda service: service.name)
def test_each_service_keeps_what_the_file_has_rules_for(service: object) -> None:
    found = agreed(service.name, (*service.keeps, *SWEPT), DIRECTORY)  # type: ignore[attr-defined]
    assert all(found.rules[kind.kind] for kind in found.kinds)


def test_a_kind_has_the_rules_of_its_service_and_of_every_one(tmp_path: Path) -> None:
    directory = rules(tmp_path, "shop,order,paid,P24M,audit legal,erased,inf", "till,slip,printed,P7D,,erased,inf")
    [rule] = agreed("shop", [ORDER], directory).rules["order"]
    assert (rule.term, rule.holds) == ("P24M", ("audit", "legal"))
    everywhere = rules(tmp_path, "every,order,paid,P30D,,erased,inf")
    assert agreed("shop", [ORDER], everywhere).rules["order"][0].term == "P30D"


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        ([], "order of shop has no rule by paid"),
        (
            ["shop,order,paid,P24M,,erased,inf", "shop,parcel,sent,P1M,,erased,inf"],
            "parcel of shop has a rule by sent, and the service keeps no such thing",
        ),
        (
            ["shop,order,paid,P24M,,erased,inf", "shop,order,sent,P1M,,erased,inf"],
            "order of shop has a rule by sent, and the service keeps no such thing",
        ),
        (
            ["shop,order,paid,P24M,,anonymised,inf"],
            "order of shop is erased by the service, and anonymised by its rule",
        ),
        (["shop,order,paid,24,,erased,inf"], "does not match P"),
        (["shop,order,paid,P24M,,shredded,inf"], "is not one of erased, key_destroyed, anonymised"),
        (["shop,order,paid,P24M,,erased,inf", "shop,order,paid,P2M,,erased,inf"], "stands twice"),
    ],
)
def test_a_start_refuses_what_does_not_fit(tmp_path: Path, lines: list[str], says: str) -> None:
    with pytest.raises(InvalidReference, match=says):
        agreed("shop", [ORDER], rules(tmp_path, *lines))
