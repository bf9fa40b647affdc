"""The options: what a browser is asked for, to the last member."""

import pytest
from fido2.utils import websafe_encode

from server.biometrics import ceremony
from tests.authenticator import InvalidStateError, SoftwareAuthenticator
from tests.server.biometrics.ceremonies import CHALLENGE, CREATION, ORIGIN, REQUEST, RP_ID, enrolled


def test_the_options() -> None:
    options = ceremony.registration_options(
        rp_id=RP_ID,
        rp_name="Assurance",
        user_handle=b"\xff\xfe",
        user_name="n",
        display_name="d",
        challenge=b"\xfb\xff\xfe",
        exclude=[b"one", b"\xff"],
        timeout_ms=1,
    )
    assert options == {
        "rp": {"id": RP_ID, "name": "Assurance"},
        "user": {"id": "__4", "name": "n", "displayName": "d"},
        "challenge": "-__-",
        "pubKeyCredParams": [{"type": "public-key", "alg": algorithm} for algorithm in (-7, -8, -257)],
        "timeout": 1,
        "excludeCredentials": [{"type": "public-key", "id": "b25l"}, {"type": "public-key", "id": "_w"}],
        "authenticatorSelection": {
            "authenticatorAttachment": "platform",
            "residentKey": "required",
            "requireResidentKey": True,
            "userVerification": "required",
        },
        "attestation": "none",
        "hints": ["client-device"],
    }
    assert {
        "rpId": RP_ID,
        "challenge": websafe_encode(CHALLENGE),
        "timeout": 60_000,
        "allowCredentials": [],
        "userVerification": "required",
        "hints": ["client-device"],
    } == REQUEST


def test_a_browser_makes_no_second_credential_where_one_is_excluded() -> None:
    authenticator = SoftwareAuthenticator(ORIGIN)
    held = enrolled(authenticator)
    with pytest.raises(InvalidStateError):
        authenticator.create(
            CREATION | {"excludeCredentials": [{"type": "public-key", "id": websafe_encode(held.credential_id)}]}
        )
