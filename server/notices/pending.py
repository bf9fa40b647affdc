"""What somebody must have read before anything else is offered. Source: product page, section 2, step 3."""

from server import policy
from server.records.accounts import Account

TERMS, OVERLAP = "terms", "overlap"


def pending(account: Account) -> tuple[str, ...]:
    """The notices that wait, in the order in which they are shown."""
    waiting = []
    if account.terms_accepted is None or account.terms_accepted < policy.TERMS_OF_USE:
        waiting.append(TERMS)
    if account.overlap_since and account.overlap_since != account.overlap_acknowledged:
        waiting.append(OVERLAP)
    return tuple(waiting)
