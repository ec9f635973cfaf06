"""`make chaos`: breaks the chain on purpose and tells what became of its promises."""

from __future__ import annotations

import argparse
import logging
import secrets
import time

import uvloop

from chaos import notes
from chaos.defects import ALL as DEFECTS
from chaos.faults import ALL
from chaos.prove import chosen, prove_all
from chaos.report import verdict
from chaos.run import run
from chaos.schedule import FULL_MINUTES

MINUTES = float(FULL_MINUTES)


def _main() -> int:
    parser = argparse.ArgumentParser(prog="make chaos", description="Breaks the chain on purpose, and judges it.")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(10**6), help="of every choice the run makes")
    parser.add_argument("--minutes", type=float, default=MINUTES, help="of load and faults; draining comes on top")
    parser.add_argument("--defect", default="", choices=["", *DEFECTS], help="a planted defect")
    parser.add_argument("--defects", default="", metavar="all|DEFECT,..", help="is each of these found? see prove.py")
    parser.add_argument("--only", default="", metavar="FAULT,..", help=f"instead of all: {', '.join(ALL)}")
    parser.add_argument("--quiet", action="store_true", help="the verdict only")
    options = parser.parse_args()
    only = [name.strip() for name in options.only.split(",") if name.strip()]
    if unknown := set(only) - set(ALL):
        parser.error(f"no such fault: {', '.join(sorted(unknown))}")
    if options.defects:
        print(f"make chaos SEED={options.seed} DEFECTS={options.defects}", flush=True)
    else:
        more = f" ONLY={','.join(only)}" if only else ""
        more += f" DEFECT={options.defect}" if options.defect else ""
        print(f"make chaos SEED={options.seed} MINUTES={options.minutes:g}{more}", flush=True)
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # that the broker is gone now and then is known
    begun = time.monotonic()

    def say(line: str) -> None:
        if not options.quiet:
            print(f"{time.monotonic() - begun:6.1f}  {line}", flush=True)

    if options.defects:
        noted = notes.of_this_tree()
        say(noted.told())
        table, caught = prove_all(chosen(options.defects), options.seed, say, noted)
        print(table)
        return 0 if caught else 1
    outcome = uvloop.run(run(options.seed, options.minutes, defect=options.defect, only=only, say=say))
    text, kept = verdict(outcome)
    print(text)
    if kept:
        outcome.forget()
    else:
        print(f"logs: {outcome.logs}")
    return 0 if kept else 1


if __name__ == "__main__":
    try:
        raise SystemExit(_main())
    except KeyboardInterrupt:
        raise SystemExit(130) from None
