"""Notices: one method for each thing that a person does. Source: product page, section 2, step 3; contract, *Login*."""

from dataclasses import dataclass
from datetime import date

from server import policy
from server.admission import Admission
from server.journal import Journal
from server.notices.pending import OVERLAP, TERMS, pending
from server.records import accounts
from server.refusals import Refused, Why
from server.request_context import Caller


@dataclass(frozen=True, slots=True)
class NoticesFlow:
    """Notices. Built once; holds no state of its own."""

    journal: Journal
    admission: Admission

    async def acknowledge(self, caller: Caller, slug: str, *, dated: date | None = None) -> None:
        """It has been read: the terms in force, or the overlap that the registry shows now. What does not wait stays as it is.

        `dated` is the day of what was shown, where the door knows it: another one that came meanwhile goes on waiting.
        Raises Refused: NOT_SIGNED_IN, NOT_FOUND for a name that no notice has.
        """
        who = await self.admission.signed_in(caller)
        if slug not in {TERMS, OVERLAP}:
            raise Refused(Why.NOT_FOUND)
        async with self.admission.changing(who) as account:
            day = policy.TERMS_OF_USE if slug == TERMS else account.overlap_since
            if slug not in pending(account) or day is None or dated not in {None, day}:
                return
            if slug == TERMS:
                await accounts.accept_terms(account.id, day)
            else:
                await accounts.acknowledge_overlap(account.id, day)
            await self.journal.note(who.session.subject, caller, "notice-acknowledged", slug=slug, dated=day)
