"""Every event of every service goes to the one reaction: `handlers.incoming.heard`."""

from __future__ import annotations

from collections.abc import Mapping

from chassis.pure.decision import Handler
from chassis.pure.messages import Contract
from journey import contracts
from journey.handlers.incoming import heard

EVENTS: Mapping[type[Contract], Handler] = {each: heard(each) for each in contracts.ALL}
