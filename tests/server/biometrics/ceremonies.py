"""Ceremonies judged in this process: a person, their options, and the two verifications."""

import re
from collections.abc import Callable
from typing import Any

import pytest

from server.biometrics import ceremony
from server.biometrics.ceremony import CeremonyRefused, RegisteredCredential, StoredCredential
from tests.authenticator import SoftwareAuthenticator

RP_ID, ORIGIN = "assurance.example", "https://assurance.example"
CHALLENGE, ANOTHER_CHALLENGE = b"c" * 32, b"d" * 32
USER_HANDLE, ANOTHER_HANDLE = b"u" * 64, b"v" * 64
CREATION = ceremony.registration_options(
    rp_id=RP_ID,
    rp_name="Assurance",
    user_handle=USER_HANDLE,
    user_name="••• 42",
    display_name="Camille",
    challenge=CHALLENGE,
    exclude=[],
    timeout_ms=60_000,
)
REQUEST = ceremony.authentication_options(rp_id=RP_ID, challenge=CHALLENGE, timeout_ms=60_000)
Json = dict[str, Any]


def register(response: Json) -> RegisteredCredential:
    return ceremony.verify_registration(response, challenge=CHALLENGE, origin=ORIGIN, rp_id=RP_ID)


def assert_by(response: Json, credential: StoredCredential) -> ceremony.VerifiedAssertion:
    return ceremony.verify_authentication(response, challenge=CHALLENGE, origin=ORIGIN, rp_id=RP_ID, credential=credential)


def stored(made: RegisteredCredential) -> StoredCredential:
    return StoredCredential(made.credential_id, made.public_key, made.sign_count, USER_HANDLE, made.backup_eligible)


def enrolled(authenticator: SoftwareAuthenticator, **manner: Any) -> StoredCredential:
    return stored(register(authenticator.create(CREATION, **manner)))


def refused(reason: str, judge: Callable[[], object]) -> None:
    """Refused for this reason, and not by another rule that happens to see it too."""
    with pytest.raises(CeremonyRefused) as raised:
        judge()
    assert type(raised.value) is CeremonyRefused
    assert re.search(reason, f"{raised.value} {raised.value.__cause__}"), (str(raised.value), raised.value.__cause__)
