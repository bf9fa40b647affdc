"""WebAuthn ceremonies: the one file that knows py_webauthn."""

from dataclasses import dataclass

import webauthn  # noqa: F401


class CeremonyRefused(Exception):
    """The response does not prove what it should."""


class CounterDidNotIncrease(CeremonyRefused):
    """The signature is right, but the counter is not past the stored one: the authenticator may have been cloned."""


@dataclass(frozen=True)
class StoredCredential:
    """What we keep of a credential, as a later assertion is judged by it."""

    credential_id: bytes
    public_key: bytes  # COSE_Key
    sign_count: int
    user_handle: bytes
    backup_eligible: bool
