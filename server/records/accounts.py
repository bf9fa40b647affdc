"""Accounts, and what the registry says of their persons."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from server.hashing import StoredPassword
from server.records.database import fetch

_SELECT = """
SELECT a.id, p.nir, p.first_names, p.last_name, p.fund, p.scheme, p.attachment, a.email, a.email_confirmed_at,
       a.password_hash, a.pepper_id, a.closed_on, a.last_login_at, a.ended_at, a.logins, a.terms_accepted,
       a.overlap_acknowledged, p.overlap_since, a.user_handle
FROM account a JOIN insured_person p ON p.id = a.person
"""


# Of rows that an account owns: not made before the instant that ended all it had. $1 is the account.
NOT_OVER = "AND created_at > coalesce((SELECT ended_at FROM account WHERE id = $1), '-infinity')"


@dataclass(frozen=True, slots=True)
class Account:
    """An account with what its person's row tells a login."""

    id: UUID
    nir: str
    first_names: str
    last_name: str
    fund: str | None
    scheme: str | None
    attachment: str
    email: str | None
    email_confirmed_at: datetime | None
    password_hash: str
    pepper_id: str
    closed_on: date | None
    last_login_at: datetime | None
    ended_at: datetime | None
    logins: int
    terms_accepted: date | None
    overlap_acknowledged: date | None
    overlap_since: date | None
    user_handle: bytes | None

    @property
    def first_name(self) -> str:
        """The first of the first names, to greet with; where the registry has none, the last name."""
        return self.first_names.split()[0] if self.first_names else self.last_name

    @property
    def name(self) -> str:
        """First and last name, to greet with."""
        return f"{self.first_name} {self.last_name}" if self.first_names else self.last_name

    @property
    def password(self) -> StoredPassword:
        """What a password is judged against."""
        return StoredPassword(self.password_hash, self.pepper_id)

    def outlived(self, began_at: datetime) -> bool:
        """Whether what began then is still good: every session, attempt and device ends by one instant on the account."""
        return self.closed_on is None and (self.ended_at is None or began_at > self.ended_at)


async def by_nir(nir: str) -> Account | None:
    """The account of a canonical number, if there is one."""
    rows = await fetch(_SELECT + "WHERE p.nir = $1", nir)
    return Account(*rows[0]) if rows else None


async def by_id(account_id: UUID) -> Account | None:
    """The account, open or closed."""
    rows = await fetch(_SELECT + "WHERE a.id = $1", account_id)
    return Account(*rows[0]) if rows else None


async def hold(account_id: UUID) -> Account | None:
    """The account as it stands now, and until the transaction ends nobody else issues, consumes, lets in or ends for it.

    Whoever sets `ended_at` reads the clock while holding it: what began before is then over, and nothing begins meanwhile.
    """
    rows = await fetch(_SELECT + "WHERE a.id = $1 FOR NO KEY UPDATE OF a", account_id)
    return Account(*rows[0]) if rows else None


async def replace_password(account_id: UUID, old: StoredPassword, new: StoredPassword) -> None:
    """Store the same password in today's form, unless it has been changed meanwhile."""
    await fetch(
        "UPDATE account SET password_hash = $3, pepper_id = $4 WHERE id = $1 AND password_hash = $2",
        account_id,
        old.hash,
        new.hash,
        new.pepper_id,
    )


async def logged_in(account_id: UUID, now: datetime) -> None:
    """Note a login."""
    await fetch("UPDATE account SET last_login_at = $2, logins = logins + 1 WHERE id = $1", account_id, now)


async def give_user_handle(account_id: UUID, drawn: bytes) -> bytes:
    """What authenticators know the account by: drawn once, then kept (WebAuthn Level 3, section 14.6.1)."""
    rows = await fetch(
        "UPDATE account SET user_handle = coalesce(user_handle, $2) WHERE id = $1 RETURNING user_handle", account_id, drawn
    )
    return bytes(rows[0]["user_handle"])


async def accept_terms(account_id: UUID, dated: date) -> None:
    """The terms of that date have been accepted; older ones replace no newer."""
    await fetch("UPDATE account SET terms_accepted = greatest(terms_accepted, $2) WHERE id = $1", account_id, dated)


async def acknowledge_overlap(account_id: UUID, since: date) -> None:
    """The overlap that began then has been acknowledged."""
    await fetch("UPDATE account SET overlap_acknowledged = $2 WHERE id = $1", account_id, since)
