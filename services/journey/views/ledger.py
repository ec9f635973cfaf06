"""The envelopes of a case, record by record."""

from __future__ import annotations

from chassis.postgres.documents import Documents, Where
from chassis.pure.paging import Page, Wish
from journey.answers import EnvelopeItem
from journey.ledger import ENVELOPES
from journey.resources import Scope


async def envelopes(documents: Documents, scope: Scope, wish: Wish) -> Page[EnvelopeItem]:
    """Every record about a case, in the order in which they were recorded."""
    return await documents.page(ENVELOPES, Where().add("case_id = {}", scope.case_id), wish, EnvelopeItem.of)
