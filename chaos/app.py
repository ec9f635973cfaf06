"""Two services made of the shipped chassis whose tiny domain makes every lost, repeated or reordered event visible.

`python -m chaos.app shop|till`, told by its environment like any service. `shop` sells: n counts 1, 2, 3..
per basket, chosen by the caller. `till` writes down every n that it hears of, per source and in the order in which it
was told, says `Counted`, and notes the envelope of every record that it reads; `shop` writes down what was counted. So
each list shows at a glance what became of its events. `Priced` comes from a foreign producer, which writes rubbish
among it.

The harness speaks to the running process through files in `CHAOS_FLAGS`:

- `shut`: `refused` is refused and `unstorable` violates a CHECK; without it both are like `plain`, so that a retry
  succeeds
- `hang`: handling `hang` blocks the process as long as the file exists
- `slow`, `<instance>.crash`: see `crash_points`
- `odd`: see `odd`

`CHAOS_MORE` names topics that this version of `till` reads besides those that every version reads.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from chaos import shop, till
from chaos.envelopes import NOTES
from chassis.outbox import relay
from chassis.pure.decision import Handler
from chassis.pure.states import Kind, Need, by_id
from chassis.runtime.process import main
from chassis.service import Service

HERE = Path(__file__).parent
MIGRATIONS = {"shop": HERE / "migrations_shop", "till": HERE / "migrations_till"}


def _one(state: type[Any], attribute: str) -> Callable[[Any], Iterable[Need]]:
    return lambda message: (by_id(state, getattr(message, attribute)),)


SERVICES = {
    "shop": Service(
        name="shop",
        title="Shop",
        description="Sells, and hears what was counted.",
        org="programme:shop",
        subject="basket",
        kinds=(Kind(shop.Basket, "basket"),),
        commands={
            shop.Sell: Handler(_one(shop.Basket, "basket"), shop.sell),
            shop.SetAlarm: Handler(_one(shop.Basket, "basket"), shop.set_alarm),
        },
        consumers={shop.CountedContract: Handler(_one(shop.Basket, "basket_id"), shop.counted)},
        deadlines={"alarm": Handler(_one(shop.Basket, "owner"), shop.ring)},
        stays={"alarm": "it rings when it was set for"},
        routers=(shop.router,),
        migrations=MIGRATIONS["shop"],
    ),
    "till": Service(
        name="till",
        title="Till",
        description="Writes down what it hears.",
        org="programme:till",
        subject="basket",
        kinds=(Kind(till.Till, "till"),),
        commands={},
        consumers={
            till.SoldContract: Handler(_one(till.Till, "basket_id"), till.write_down("shop_sold")),
            till.RangContract: Handler(_one(till.Till, "basket_id"), till.write_down("shop_rang")),
            till.PricedContract: Handler(_one(till.Till, "basket_id"), till.priced),
            **{
                contract: Handler(_one(till.Till, "basket_id"), till.tipped)
                for contract in (till.TippedContract, *map(till.tipped_in, os.environ.get("CHAOS_MORE", "").split()))
            },
        },
        deadlines={},
        routers=(),
        migrations=MIGRATIONS["till"],
        notes=NOTES,
    ),
}


def _main() -> None:
    from chaos import crash_points, odd

    relay.MARK_ROWS = 20  # so that the mark moves in a short run too
    crash_points.install(os.environ["INSTANCE"])
    odd.install()
    if defect := os.environ.get("CHAOS_DEFECT"):
        from chaos import defects

        defects.install(defect)
    main(lambda: SERVICES[sys.argv[1]])


if __name__ == "__main__":
    _main()
