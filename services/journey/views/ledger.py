"""The envelopes of a case, record by record."""

from __future__ import annotations

from chassis.postgres.documents import Documents, Where
from chassis.pure.paging import Page, Wish
from journey.answers import EnvelopeItem
from journey.ledger import ENVELOPES
from journey.resources import Scope
from journey.views.terms import within_term


async def envelopes(documents: Documents, scope: Scope, wish: Wish) -> Page[EnvelopeItem]:
    """Every record about a case, in the order in which they were recorded; none once its term is over."""
    where = within_term(Where().add("case_id = {}", scope.case_id), "case_id", "ledger", scope.terms, scope.now)
    return await documents.page(ENVELOPES, where, wish, EnvelopeItem.of)
