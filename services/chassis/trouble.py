"""Errors that somebody is expected to mend, at start, at run time or in a command of `ph`: each carries its remedy."""

from __future__ import annotations


class Trouble(Exception):
    """An expected fault of settings, database, brokers or a command: what is wrong, where, and what to do about it.

    Shown without a traceback; anything else that is raised is a bug and shows one.
    """

    def __init__(self, what: str, *, remedy: str, where: str = "") -> None:
        super().__init__(f"{where}: {what}" if where else what)
        self.what = what
        self.where = where
        self.remedy = remedy


class Usage(Trouble):
    """The command line itself cannot be carried out as given."""
