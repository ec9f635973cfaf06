"""The centres' service under a sequence of steps, next to the model: each step is done on both sides and compared."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, Final, NamedTuple
from uuid import UUID

from chassis.pure.decision import Actor, Refused
from counselling import commands, contracts
from tests.support.counselling.model import COUNTRY_OF, Model
from tests.support.counselling.world import CASE, Desk, aged, consent, consent_gone, referred, withdrawn
from tests.support.memory import NOW

CENTRES: Final = tuple(COUNTRY_OF)
PROVIDER: Final = "provider:TRADE-PAINT"


class Step(NamedTuple):
    """One thing that happens; `pick` chooses among the referrals, consents or days that there are then."""

    act: str
    pick: int = 0
    arguments: tuple[Any, ...] = ()


def _id(kind: int, number: int) -> UUID:
    return UUID(int=kind << 64 | number)


class Run:
    """The service under a sequence of steps, next to the model."""

    def __init__(self) -> None:
        self.desk = Desk()
        self.model = Model(NOW)
        self.referred = 0
        self._courses_told = 0

    @property
    def day(self) -> date:
        return self.desk.service.now.date()

    def take(self, step: Step) -> None:
        """Does one step of the spine on both sides; the service must refuse just what the model refuses."""
        known = list(self.model.referrals)
        of_a_referral = ("withdraw", "accept", "reject", "redirect", "complete", "fail", "reopen")
        if step.act in of_a_referral and not known:
            return
        getattr(self, f"_{step.act}", self._departure)(step)

    def _refer(self, step: Step) -> None:
        centre, priority, vulnerable, days = step.arguments
        id_ = _id(1, self.referred)
        self.referred += 1
        earliest = None if days is None else self.day + timedelta(days=days)
        window = None if earliest is None else {"earliest": earliest, "latest": earliest + timedelta(days=3)}
        event = referred(
            referral_id=id_,
            to_centre=centre,
            country=COUNTRY_OF[centre],
            priority=priority,
            vulnerability_present=vulnerable,
            departure=window,
            referred_at=self.desk.service.now,
            age_band=self.model.age_band,
        )
        self.desk.tell(event, event)
        self.model.refer(id_, centre, priority, vulnerable, earliest)

    def _age(self, step: Step) -> None:
        [band] = step.arguments
        self.desk.tell(aged(band))
        self.model.age_band = band

    def _withdraw(self, step: Step) -> None:
        id_ = self._one(step)
        at = self.desk.service.now - timedelta(hours=step.pick)
        self.desk.tell(withdrawn(id_), at=at)
        self.model.withdraw(id_, at)

    def _grant(self, step: Step) -> None:
        [recipients] = step.arguments
        id_ = _id(2, step.pick)
        self.desk.tell(consent(*recipients, consent_id=id_))
        self.model.grant(id_, recipients)

    def _revoke(self, step: Step) -> None:
        id_ = _id(2, step.pick)
        self.desk.tell(consent_gone(self.desk.service.now, consent_id=id_))
        self.model.revoke(id_)

    def _departure(self, step: Step) -> None:
        day = self.day + timedelta(days=step.pick)
        if step.act == "cancelled":
            self.desk.tell(contracts.DepartureCancelled(case_id=CASE))
        elif step.act == "missed":
            self.desk.tell(contracts.DepartureMissed(case_id=CASE))
        elif step.act == "diverted":
            self.desk.tell(contracts.DepartureDiverted(case_id=CASE))
        elif step.act == "departed":
            self.desk.tell(contracts.ReturneeDeparted(case_id=CASE, departed_on=day, arrival_expected_on=day))
        else:
            status = "planned" if step.act == "planned" else "booked"
            kind = contracts.DepartureRescheduled if step.act == "rescheduled" else contracts.DeparturePlanned
            self.desk.tell(kind.model_validate({"case_id": CASE, "status": status, "earliest": day, "latest": day}))
            self.model.depart(status, day)
            return
        self.model.depart(step.act, day)

    def _accept(self, step: Step) -> None:
        id_, centre = self._referral_and_centre(step)
        outcome = self._command(commands.AcceptReferral(CASE, id_), centre)
        assert outcome == self.model.accept(id_, centre)

    def _reject(self, step: Step) -> None:
        id_, centre = self._referral_and_centre(step)
        outcome = self._command(commands.RejectReferral(CASE, id_, "no_capacity"), centre)
        assert outcome == self.model.reject(id_, centre)

    def _complete(self, step: Step) -> None:
        id_, centre = self._referral_and_centre(step)
        outcome = self._command(commands.CompleteReferral(CASE, id_, "need_met"), centre)
        assert outcome == self.model.complete(id_, centre)

    def _fail(self, step: Step) -> None:
        id_, centre = self._referral_and_centre(step)
        reason = ("contact_lost", "person_deceased")[step.pick % 2]
        outcome = self._command(commands.FailReferral(CASE, id_, reason), centre)
        assert outcome == self.model.fail(id_, centre, reason)

    def _reopen(self, step: Step) -> None:
        id_, centre = self._referral_and_centre(step)
        self._wait(Step("wait", 1))  # two words of a centre have two times
        outcome = self._command(commands.ReopenReferral(CASE, id_, "contact_regained"), centre)
        assert outcome == self.model.reopen(id_, centre)

    def _never_arrived(self, step: Step) -> None:
        centre = self._centre(step)
        assert self._command(commands.ReportNeverArrived(CASE), centre) == self.model.never_arrived(centre)

    def _redirect(self, step: Step) -> None:
        id_, centre = self._referral_and_centre(step)
        to = step.arguments[1]
        outcome = self._command(commands.RedirectReferral(CASE, id_, to, "no_capacity"), centre)
        child = self.desk.child().id if outcome is None else None
        assert outcome == self.model.redirect(id_, centre, to, child)

    def _arrive(self, step: Step) -> None:
        centre = self._centre(step)
        day = self.day - timedelta(days=step.pick % 3)
        outcome = self._command(commands.ConfirmArrival(CASE, day, "phone"), centre)
        assert outcome == self.model.arrive(centre, day)

    def _contact(self, step: Step) -> None:
        centre = self._centre(step)
        day = self.day - timedelta(days=step.pick % 2)
        outcome = self._command(commands.RecordContact(CASE, "phone", 1, day), centre)
        assert outcome == self.model.contact(centre, day)

    def _assess(self, step: Step) -> None:
        centre = self._centre(step)
        command = commands.RecordAssessment(CASE, "now", "normal", {"economic": step.pick % 4}, self.day)
        assert self._command(command, centre) == self.model.assess(centre)

    def _call(self, step: Step) -> None:
        centre = self._centre(step)
        day = self.day - timedelta(days=step.pick % 3)
        outcome = self._command(commands.RecordPreDepartureCall(CASE, "phone", 1, "prepared", day), centre)
        assert outcome == self.model.call(centre, day)

    def _agree(self, step: Step) -> None:
        centre = self._centre(step)
        outcome = self._command(commands.AgreePlan(CASE, ("documents",), self.day), centre)
        assert outcome == self.model.agree(centre)

    def _wait(self, step: Step) -> None:
        until = self.desk.service.now + timedelta(hours=step.pick)
        self.desk.service.advance(timedelta(hours=step.pick))
        self.model.wait(until)

    def _command(self, command: Any, centre: str) -> str | None:
        outcome = self.desk.service.command(command, Actor("centre_counsellor", centre))
        return outcome.code if isinstance(outcome, Refused) else None

    def _one(self, step: Step) -> UUID:
        known = list(self.model.referrals)
        return known[-1 - step.pick % len(known)]

    def _referral_and_centre(self, step: Step) -> tuple[UUID, str]:
        """A referral, and its centre or, sometimes, one that it is not with."""
        id_ = self._one(step)
        return id_, self._or_another(step, self.model.referrals[id_]["centre"])

    def _centre(self, step: Step) -> str:
        """The centre that holds the file or, sometimes, another."""
        return self._or_another(step, self.model.stage()[1] or CENTRES[0])

    @staticmethod
    def _or_another(step: Step, centre: str) -> str:
        stray = step.arguments[0] and step.pick > 4
        return CENTRES[(CENTRES.index(centre) + step.pick % 2 + 1) % len(CENTRES)] if stray else centre

    # --- training and placement ---

    def course(self, number: int, what: int) -> None:
        """`what`: 0 a seat, 1 a cancellation, 2 and more a completion. By training's clock, whenever it is read."""
        self._courses_told += 1
        at = NOW + timedelta(seconds=self._courses_told)
        common = {"case_id": CASE, "enrolment_id": _id(3, number), "provider": PROVIDER}
        if what == 0:
            self.desk.tell(contracts.EnrolmentConfirmed.model_validate(common), at=at)
            status = "cancelled" if _id(3, number) in self.model.ends else "confirmed"
            self.model.courses.setdefault(_id(3, number), status)
        elif what == 1:
            self.desk.tell(contracts.EnrolmentCancelled.model_validate(common), at=at)
            if _id(3, number) in self.model.courses:
                self.model.courses[_id(3, number)] = "cancelled"
            else:
                self.model.ends[_id(3, number)] = "cancelled"
        else:
            content = {"course_code": "PAINT-BASICS", "isco08": "7131", "category": "EMPLOYABILITY", "units": 20}
            event = {**common, **content, "result": "passed", "finished_on": NOW.date()}
            self.desk.tell(contracts.CourseCompleted.model_validate(event), at=at)
            if self.model.courses.get(_id(3, number)) != "cancelled":
                self.model.courses[_id(3, number)] = "completed_passed"

    def work(self, number: int, what: int) -> None:
        """`what`: 0 an offer, 1 taken, 2 declined, 3 its candidacy closed, 4 work begun, 5 retracted."""
        offer, candidacy, offers = _id(4, number), _id(5, number), self.model.offers
        known = offers if offer in offers else self.model.ends
        if what == 0:
            self.desk.tell(
                contracts.JobOffered(
                    case_id=CASE,
                    candidacy_id=candidacy,
                    offer_id=offer,
                    isco08="7131",
                    offered_on=NOW.date(),
                    starts_on=NOW.date(),
                    formal=True,
                )
            )
            ends = self.model.ends
            offers.setdefault(offer, ends.get(offer, ends.get(candidacy, "offered")))
        elif what == 1:
            self.desk.tell(contracts.JobOfferAccepted(case_id=CASE, offer_id=offer, accepted_on=NOW.date()))
            known[offer] = "retracted" if known.get(offer) == "retracted" else "accepted"
        elif what == 2:
            declined = contracts.JobOfferDeclined(case_id=CASE, offer_id=offer, country="NG", reason="wage")
            self.desk.tell(declined, at=NOW)
            known[offer] = "retracted" if known.get(offer) == "retracted" else "declined"
        elif what == 5:
            day = NOW.date()
            self.desk.tell(contracts.JobOfferRetracted(case_id=CASE, offer_id=offer, retracted_on=day))
            known[offer] = "retracted"
        elif what == 3:
            self.desk.tell(contracts.CandidacyClosed(case_id=CASE, candidacy_id=candidacy, reason="offer_retracted"))
            if offer not in offers:
                self.model.ends[candidacy] = "closed"
            offers.update({offer: "closed"} if offers.get(offer) == "offered" else {})
        else:
            self.desk.tell(
                contracts.EmploymentStarted(
                    case_id=CASE,
                    employment_id=_id(6, number),
                    offer_id=offer,
                    isco08="7131",
                    started_on=NOW.date(),
                    employment_type="full_time",
                    formal=True,
                    subsidised=False,
                )
            )
            self.model.jobs.add(_id(6, number))
