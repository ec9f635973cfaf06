"""The routes by which an offer or a start of work is corrected: one person of the desk asks, another one confirms."""

from __future__ import annotations

from uuid import UUID

from starlette.responses import Response

from chassis.http.answering import REFUSALS
from chassis.http.api import Changer, Person, Reading
from chassis.http.auditing import personal
from chassis.http.routes import new_router
from placement import commands
from placement.answers import CandidacyOutcome
from placement.api import Officer, candidacy_ids
from placement.bodies import EmploymentCorrection, OfferCorrection, Voiding
from placement.resources import CANDIDACY

router = new_router(prefix="/candidacies/{candidacy_id}", tags=["corrections"])


@router.post("/offer/correct", **personal(CandidacyOutcome, *REFUSALS))
async def correct_offer(
    candidacy_id: UUID, body: OfferCorrection, actor: Officer, person: Person, reading: Reading, run: Changer
) -> Response:
    """Asks for the offer to have been made on another day, or of another kind. Nothing changes before somebody else of
    the desk confirms it; after seven days the request lapses."""
    ids = await candidacy_ids(reading, candidacy_id)
    command = commands.CorrectOffer(*ids, body.offered_on, body.employment_type, body.reason, person)
    return await run(command, actor, CANDIDACY, candidacy_id)


@router.post("/offer/void", **personal(CandidacyOutcome, *REFUSALS))
async def void_offer(
    candidacy_id: UUID, body: Voiding, actor: Officer, person: Person, reading: Reading, run: Changer
) -> Response:
    """Asks for the offer to be void, because there was none."""
    ids = await candidacy_ids(reading, candidacy_id)
    return await run(commands.VoidOffer(*ids, body.reason, person), actor, CANDIDACY, candidacy_id)


@router.post("/employment/correct", **personal(CandidacyOutcome, *REFUSALS))
async def correct_employment(
    candidacy_id: UUID, body: EmploymentCorrection, actor: Officer, person: Person, reading: Reading, run: Changer
) -> Response:
    """Asks for the work to have begun on another day, or to be shown by something else."""
    ids = await candidacy_ids(reading, candidacy_id)
    command = commands.CorrectEmployment(*ids, body.started_on, body.evidence_type, body.reason, person)
    return await run(command, actor, CANDIDACY, candidacy_id)


@router.post("/employment/void", **personal(CandidacyOutcome, *REFUSALS))
async def void_employment(
    candidacy_id: UUID, body: Voiding, actor: Officer, person: Person, reading: Reading, run: Changer
) -> Response:
    """Asks for the start of work to be void, because there was none."""
    ids = await candidacy_ids(reading, candidacy_id)
    return await run(commands.VoidEmployment(*ids, body.reason, person), actor, CANDIDACY, candidacy_id)


@router.post("/correction/confirm", **personal(CandidacyOutcome, *REFUSALS))
async def confirm_correction(
    candidacy_id: UUID, actor: Officer, person: Person, reading: Reading, run: Changer
) -> Response:
    """Does what somebody else of the desk has asked for: from now on all is as if it had been recorded so at once."""
    ids = await candidacy_ids(reading, candidacy_id)
    return await run(commands.ConfirmCorrection(*ids, person), actor, CANDIDACY, candidacy_id)


@router.post("/correction/reject", **personal(CandidacyOutcome, *REFUSALS))
async def reject_correction(
    candidacy_id: UUID, actor: Officer, person: Person, reading: Reading, run: Changer
) -> Response:
    """Does not do what somebody else of the desk has asked for."""
    ids = await candidacy_ids(reading, candidacy_id)
    return await run(commands.RejectCorrection(*ids, person), actor, CANDIDACY, candidacy_id)
