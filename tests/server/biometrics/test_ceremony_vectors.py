"""The official test vectors of W3C WebAuthn Level 3, read where they lie; what our options would not have brought about is refused."""

import json
from pathlib import Path

import pytest
from fido2 import cbor
from fido2.utils import websafe_encode
from fido2.webauthn import AttestationObject

from server.biometrics import ceremony
from server.biometrics.ceremony import StoredCredential
from tests.server.biometrics.ceremonies import USER_HANDLE, Json, refused

VECTORS = Path(__file__).parents[4] / "shared" / "webauthn" / "w3c-vectors.json"
pytestmark = pytest.mark.skipif(not VECTORS.exists(), reason="the vectors are not here")

UNVERIFIED, FRAMED, NOT_OFFERED = "not verified", "made in a frame", "not of an offered algorithm"
# By name: why the registration is refused, why the assertion is; None where it must verify.
EXPECTED: dict[str, tuple[str | None, str | None]] = {
    "none-es256": (UNVERIFIED, UNVERIFIED),
    "packed-self-es256": (None, UNVERIFIED),
    "none-es256-crossOrigin": (FRAMED, FRAMED),
    "none-es256-topOrigin": (FRAMED, FRAMED),
    "none-es256-long-credential-id": (UNVERIFIED, None),
    "packed-es256": (None, None),
    "packed-es384": (NOT_OFFERED, NOT_OFFERED),
    "packed-es512": (NOT_OFFERED, NOT_OFFERED),
    "packed-rs256": (None, UNVERIFIED),
    "packed-eddsa": (UNVERIFIED, UNVERIFIED),
    "packed-ed448": (NOT_OFFERED, NOT_OFFERED),
    "tpm-es256": (None, None),
    "android-key-es256": (None, UNVERIFIED),
    "apple-es256": (UNVERIFIED, UNVERIFIED),
    "fido-u2f-es256": (UNVERIFIED, UNVERIFIED),
}


def vectors() -> dict[str, Json]:
    return {one["name"]: one for one in json.loads(VECTORS.read_text("utf-8"))["vectors"]}


def test_each_vector_is_looked_at() -> None:
    assert vectors().keys() == EXPECTED.keys()


@pytest.mark.parametrize("name", EXPECTED)
def test_registration(name: str) -> None:
    vector, reason = vectors()[name], EXPECTED[name][0]

    def judged() -> ceremony.RegisteredCredential:
        challenge = bytes.fromhex(vector["registration_hex"]["challenge"])
        return ceremony.verify_registration(
            vector["registration_json"], challenge=challenge, origin=vector["origin"], rp_id=vector["rp_id"]
        )

    if reason:
        refused(reason, judged)
        return
    made = judged()
    assert made.credential_id.hex() == vector["registration_hex"]["credential_id"]
    assert made.aaguid.replace("-", "") == vector["aaguid_in_authdata"]
    flags = vector["registration_flags"]
    assert (made.sign_count, made.backup_eligible, made.backed_up) == (0, flags["BE"], flags["BS"])


@pytest.mark.parametrize("name", EXPECTED)
def test_assertion(name: str) -> None:
    vector, reason = vectors()[name], EXPECTED[name][1]
    data = AttestationObject(bytes.fromhex(vector["registration_hex"]["attestationObject"])).auth_data
    attested = data.credential_data
    assert attested
    credential = StoredCredential(
        attested.credential_id, cbor.encode(attested.public_key), data.counter, USER_HANDLE, data.is_backup_eligible()
    )
    answer = vector["authentication_json"]
    response = answer | {"response": answer["response"] | {"userHandle": websafe_encode(USER_HANDLE)}}

    def judged() -> ceremony.VerifiedAssertion:
        challenge = bytes.fromhex(vector["authentication_hex"]["challenge"])
        return ceremony.verify_authentication(
            response, challenge=challenge, origin=vector["origin"], rp_id=vector["rp_id"], credential=credential
        )

    if reason:
        refused(reason, judged)
    else:
        assert judged() == ceremony.VerifiedAssertion(0, vector["authentication_flags"]["BS"])
