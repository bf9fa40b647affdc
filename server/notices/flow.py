"""Notices: one method for each thing that a person does. Source: product page, section 2, step 3; contract, *Login*."""

from dataclasses import dataclass

from server import policy
from server.admission import Admission
from server.journal import Journal
from server.notices.pending import OVERLAP, TERMS, pending
from server.records import accounts
from server.records.database import transaction
from server.refusals import Refused, Why
from server.request_context import Caller


@dataclass(frozen=True, slots=True)
class NoticesFlow:
    """Notices. Built once; holds no state of its own."""

    journal: Journal
    admission: Admission

    async def acknowledge(self, caller: Caller, slug: str) -> None:
        """It has been read: the terms in force, or the overlap that the registry shows now. What does not wait stays as it is.

        Raises Refused: NOT_SIGNED_IN, NOT_FOUND for a name that no notice has.
        """
        who = await self.admission.signed_in(caller)
        if slug not in {TERMS, OVERLAP}:
            raise Refused(Why.NOT_FOUND)
        async with transaction():
            account = await accounts.hold(who.account.id)
            if account is None or not account.outlived(who.session.began_at):
                raise Refused(Why.NOT_SIGNED_IN)
            if slug not in pending(account):
                return
            if slug == TERMS:
                dated = policy.TERMS_OF_USE
                await accounts.accept_terms(account.id, dated)
            else:
                assert account.overlap_since  # noqa: S101 - else it would not wait
                dated = account.overlap_since
                await accounts.acknowledge_overlap(account.id, dated)
            await self.journal.note(who.session.subject, caller, "notice-acknowledged", slug=slug, dated=dated)
