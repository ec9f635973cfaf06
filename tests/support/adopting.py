"""A centre at which somebody from Germany has walked in, and a desk whose person that is: each hears the other."""

from __future__ import annotations

import random
from collections.abc import Collection, Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from chassis.pure.decision import Actor, Decision, Refused
from chassis.pure.messages import Contract, Event
from counselling import commands as at_centre
from counselling import consumers as centre_consumers
from counselling.domain.signed import SignedConsent
from referral import commands as at_desk
from referral import consumers as desk_consumers
from referral.domain.elsewhere import Elsewhere
from tests.support.counselling.walking_in import WalkInDesk
from tests.support.counselling.world import CASE, COUNSELLOR, EDO, LAGOS, done
from tests.support.keys import line, organisations, vault_of
from tests.support.memory import MemoryService
from tests.support.referral.world import SCOUT, Desk, sealed

SCOUTS = SCOUT.org
MINUTE = timedelta(minutes=1)


def as_read(event: Event, known: Mapping[type[Contract], Any]) -> Contract | None:
    """The event as a service reads it; None: it does not."""
    contract = next((each for each in known if each.type == type(event).type), None)
    return None if contract is None else contract.model_validate_json(event.model_dump_json())


class Adopting:
    """Every act takes a minute, so that what comes after another one has a later time."""

    def __init__(self, **walk_in: Any) -> None:
        self.desk, self.centre = Desk(), WalkInDesk()
        self.desk.service.vault = vault_of(line("desk", 1), organisations=organisations(LAGOS, EDO))
        opening = organisations(LAGOS, EDO, opening=[LAGOS, EDO])
        self.centre.service.vault = vault_of(line("centre", 2), organisations=opening)
        self.desk.service._random = random.Random(8)  # two services draw no id twice
        self.told: list[tuple[str, Event, Any]] = []
        """What either has told: by whom, what, when."""
        self._seen = {"desk": 0, "centre": 0}
        self._heard = {"desk": 0, "centre": 0}
        person = {"target_group": "RETURNEE_DE", "return_type": "voluntary_own", **walk_in}
        self.at_centre(self.centre.open, **person)

    # --- acts ---

    def at_centre(self, act: Any, *args: Any, **more: Any) -> Decision | Refused:
        return self._act("centre", self.centre.service, act, *args, **more)

    def at_desk(self, act: Any, *args: Any, **more: Any) -> Decision | Refused:
        return self._act("desk", self.desk.service, act, *args, **more)

    def ask(self, actor: Actor = SCOUT) -> Decision | Refused:
        return self.at_desk(self.desk.service.command, at_desk.AskForCase(CASE), actor)

    def sign(self, purpose: str = "adoption", *recipients: str, **more: Any) -> Decision | Refused:
        named = recipients or ((SCOUTS,) if purpose == "adoption" else ())
        return self.at_centre(self.centre.sign, purpose, named, **more)

    def confirm(self, actor: Actor = COUNSELLOR) -> Decision | Refused:
        return self.at_centre(self.centre.service.command, at_centre.ConfirmAdoption(CASE), actor)

    def decline(self, reason: str = "person_declined", actor: Actor = COUNSELLOR) -> Decision | Refused:
        return self.at_centre(self.centre.service.command, at_centre.DeclineAdoption(CASE, reason), actor)

    def take_down(self, fields: Mapping[str, str]) -> Decision | Refused:
        """The centre sets the profile."""
        parts = sealed(self.centre.service.vault, fields)
        command = at_centre.SetProfile(CASE, parts, ("mark",))
        return self.at_centre(self.centre.service.command, command, COUNSELLOR)

    def set_profile(self, fields: Mapping[str, str]) -> Decision | Refused:
        """The desk does."""
        command = at_desk.SetProfile(CASE, sealed(self.desk.service.vault, fields))
        return self.at_desk(self.desk.service.command, command, SCOUT)

    def withdraw_at_desk(self, consent_id: UUID) -> Decision | Refused:
        return self.at_desk(self.desk.service.command, at_desk.WithdrawConsent(CASE, consent_id), SCOUT)

    @classmethod
    def adopted(cls, **walk_in: Any) -> Adopting:
        """The case is the desk's."""
        chain = cls(**walk_in)
        done(chain.ask())
        done(chain.sign())
        done(chain.confirm())
        return chain

    # --- what is heard ---

    def settle(self, *, hold_back: Collection[str] = ()) -> None:
        """Delivers until nothing is new; but for events of these names."""
        for _ in range(6):
            self.deliver("centre", hold_back=hold_back)
            self.deliver("desk", hold_back=hold_back)

    def deliver(self, teller: str, *, hold_back: Collection[str] = ()) -> None:
        """All that this one has told and the other one has not heard."""
        self._note()
        hearer, known = (
            (self.centre.service, centre_consumers.EVENTS)
            if teller == "desk"
            else (self.desk.service, desk_consumers.EVENTS)
        )
        of_teller = [(event, at) for who, event, at in self.told if who == teller]
        for event, at in of_teller[self._heard[teller] :]:
            read = as_read(event, known)
            if read is not None and type(event).__name__ not in hold_back:
                done(hearer.event(read, at))
        self._heard[teller] = len(of_teller)
        self._note()

    def tell(self, *events: Contract) -> None:
        """Another service tells the desk."""
        self._wait()
        for event in events:
            done(self.desk.service.event(event))

    @property
    def signed(self) -> list[SignedConsent]:
        return self.centre.signed

    @property
    def elsewhere(self) -> Elsewhere:
        found: Elsewhere = self.desk.service.state(Elsewhere, CASE)
        return found

    def signed_for(self, purpose: str) -> SignedConsent:
        [found] = [each for each in self.signed if each.purpose == purpose]
        return found

    def names(self, teller: str) -> list[str]:
        """What this one has told, by name."""
        self._note()
        return [type(event).__name__ for who, event, _ in self.told if who == teller]

    def _act(self, who: str, service: MemoryService, act: Any, *args: Any, **more: Any) -> Decision | Refused:
        assert service in (self.centre.service, self.desk.service), who
        self._wait()
        outcome: Decision | Refused = act(*args, **more)
        self._note()
        self.settle()
        return outcome

    def _wait(self) -> None:
        for service in (self.centre.service, self.desk.service):
            service.now += MINUTE

    def _note(self) -> None:
        for who, service in (("centre", self.centre.service), ("desk", self.desk.service)):
            self.told += [(who, event, service.now) for event in service.events[self._seen[who] :]]
            self._seen[who] = len(service.events)
