"""Each fault of a registration or an assertion is refused for its own reason, and its right twin is accepted."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from fido2 import cbor
from fido2.cose import ES256, CoseKey
from fido2.utils import websafe_decode, websafe_encode

from server.biometrics import ceremony
from server.biometrics.ceremony import CounterDidNotIncrease
from tests.authenticator import AAGUID, SoftwareAuthenticator
from tests.server.biometrics.ceremonies import (
    ANOTHER_CHALLENGE,
    ANOTHER_HANDLE,
    CHALLENGE,
    CREATION,
    ORIGIN,
    REQUEST,
    RP_ID,
    Json,
    assert_by,
    enrolled,
    refused,
    register,
    stored,
)


def rewritten(**members: Any) -> Callable[[bytes], bytes]:
    return lambda raw: json.dumps(json.loads(raw) | members).encode()


def without(name: str) -> Callable[[bytes], bytes]:
    return lambda raw: json.dumps({key: value for key, value in json.loads(raw).items() if key != name}).encode()


def again(member: str) -> Callable[[bytes], bytes]:
    """The member a second time, at the end, where Python's reader would take it."""
    return lambda raw: raw[:-1] + b"," + member.encode() + b"}"


# Faults that a registration and an assertion share: what the authenticator does, the reason, and the twin that is right.
SHARED: dict[str, tuple[Json, str, Json]] = {
    "nobody present": ({"up": False}, "present", {"up": True}),
    "user not verified": ({"uv": False}, "verified", {"uv": True}),
    "backed up though not eligible": ({"bs": True}, "Single-device", {"bs": False}),
    "foreign origin": ({"origin": "https://assurance.example.evil.example"}, "client data origin", {"origin": ORIGIN}),
    "origin with another port": ({"origin": ORIGIN + ":444"}, "client data origin", {"origin": ORIGIN}),
    "origin as a list": ({"rewritten_client_data": rewritten(origin=[ORIGIN])}, "client data origin", {}),
    "no origin": ({"rewritten_client_data": without("origin")}, "missing|malformed", {}),
    "made in a frame": ({"client_data": {"crossOrigin": True}}, "frame", {"client_data": {"crossOrigin": False}}),
    "crossOrigin as a word": (
        {"client_data": {"crossOrigin": "false"}},
        "frame",
        {"rewritten_client_data": without("crossOrigin")},
    ),
    "top origin": ({"client_data": {"topOrigin": ORIGIN}}, "frame", {"client_data": {"future": ORIGIN}}),
    "bound to a token": (
        {"client_data": {"tokenBinding": {"status": "present", "id": "AA"}}},
        "token",
        {"client_data": {"tokenBinding": {"status": "supported"}}},
    ),
    "wrong RP id": ({"rp_id": "evil.example"}, "RP ID hash", {"rp_id": RP_ID}),
    "replayed challenge": ({"challenge": ANOTHER_CHALLENGE}, "not this challenge", {"challenge": CHALLENGE}),
    "challenge padded": (
        {"rewritten_client_data": rewritten(challenge=websafe_encode(CHALLENGE) + "=")},
        "not this challenge",
        {},
    ),
    "challenge as a number": ({"rewritten_client_data": rewritten(challenge=1)}, "not this challenge", {}),
    "no challenge": ({"rewritten_client_data": without("challenge")}, "KeyError", {}),
    "type as true": ({"rewritten_client_data": rewritten(type=True)}, "client data type", {}),
    "no type": ({"rewritten_client_data": without("type")}, "missing|malformed", {}),
    "origin twice": (
        {"rewritten_client_data": again(f'"origin":"{ORIGIN}"')},
        "twice",
        {"rewritten_client_data": again('"x":1')},
    ),
    "UTF-16": ({"rewritten_client_data": lambda raw: raw.decode().encode("utf-16")}, "UnicodeDecodeError", {}),
    "two marks": (
        {"rewritten_client_data": lambda raw: b"\xef\xbb\xbf\xef\xbb\xbf" + raw},
        "JSONDecodeError",
        {"rewritten_client_data": lambda raw: b"\xef\xbb\xbf" + raw},
    ),
    "a list of client data": ({"rewritten_client_data": lambda raw: b"[" + raw + b"]"}, "not an object", {}),
    "client data nested deep": ({"rewritten_client_data": again('"x":' + "[" * 5000 + "]" * 5000)}, "RecursionError", {}),
    "a number of 5,000 digits": ({"rewritten_client_data": again('"x":' + "9" * 5000)}, "ValueError", {}),
    "client data of 20,000 characters": ({"client_data": {"x": "x" * 20_000}}, "too long", {"client_data": {"x": "x" * 10_000}}),
    "bytes after": ({"rewritten_data": lambda raw: raw + b"\0"}, "Leftover|cut short|did not have", {}),
    "extension not canonical": (
        {"extensions": {}, "rewritten_data": lambda raw: raw[:-1] + b"\xbf\xff"},
        "Leftover|not in canonical",
        {"extensions": {"credProtect": 2}},
    ),
}


@pytest.mark.parametrize("fault", SHARED)
def test_registration_refuses_and_accepts_the_twin(fault: str) -> None:
    deviation, reason, twin = SHARED[fault]
    refused(reason, lambda: register(SoftwareAuthenticator(ORIGIN).create(CREATION, **deviation)))
    assert register(SoftwareAuthenticator(ORIGIN).create(CREATION, **twin)).credential_id


@pytest.mark.parametrize("fault", SHARED)
def test_assertion_refuses_and_accepts_the_twin(fault: str) -> None:
    deviation, reason, twin = SHARED[fault]
    authenticator = SoftwareAuthenticator(ORIGIN, counting=False)
    credential = enrolled(authenticator)
    refused(reason, lambda: assert_by(authenticator.get(REQUEST, **deviation), credential))
    assert assert_by(authenticator.get(REQUEST, **twin), credential) == ceremony.VerifiedAssertion(0, backed_up=False)


def test_a_registration_is_no_assertion() -> None:
    authenticator = SoftwareAuthenticator(ORIGIN)
    refused("client data type", lambda: register(authenticator.create(CREATION, type="webauthn.get")))
    credential = enrolled(authenticator)
    refused("client data type", lambda: assert_by(authenticator.get(REQUEST, type="webauthn.create"), credential))


@pytest.mark.parametrize("algorithm", [-7, -8, -257])
@pytest.mark.parametrize("attestation", ["none", "packed"])
def test_each_offered_algorithm(algorithm: int, attestation: str) -> None:
    authenticator = SoftwareAuthenticator(ORIGIN, algorithm=algorithm)
    made = register(authenticator.create(CREATION, attestation=attestation, be=True, extensions={"credProtect": 2}))
    assert (made.sign_count, made.backup_eligible, made.backed_up, made.aaguid) == (1, True, False, str(AAGUID))
    assert algorithm == CoseKey.parse(cbor.decode(made.public_key)).ALGORITHM
    assert assert_by(authenticator.get(REQUEST, bs=True), stored(made)) == ceremony.VerifiedAssertion(2, backed_up=True)
    refused("signature", lambda: assert_by(authenticator.get(REQUEST, tampered=True), stored(made)))


def test_credential_ids_of_1_to_1023_bytes() -> None:
    for length in (1, 1023):
        authenticator = SoftwareAuthenticator(ORIGIN)
        credential = enrolled(authenticator, credential_id=b"i" * length)
        assert len(credential.credential_id) == length
        assert assert_by(authenticator.get(REQUEST), credential)
    refused("too long", lambda: register(SoftwareAuthenticator(ORIGIN).create(CREATION, credential_id=b"i" * 1024)))
    refused("rawId: no text, empty", lambda: register(SoftwareAuthenticator(ORIGIN).create(CREATION, credential_id=b"")))


def test_the_attested_credential_is_the_one_named() -> None:
    response = SoftwareAuthenticator(ORIGIN).create(CREATION)
    assert register(response)
    another = {"id": websafe_encode(b"another"), "rawId": websafe_encode(b"another")}
    refused("another credential is attested", lambda: register(response | another))
    refused("id is rawId", lambda: register(response | {"id": websafe_encode(b"another")}))
    refused("type is public-key", lambda: register(response | {"type": "password"}))


def test_the_statement_of_no_attestation_is_empty_and_nothing_stands_behind() -> None:
    response = SoftwareAuthenticator(ORIGIN).create(CREATION)
    honest = cbor.decode(websafe_decode(response["response"]["attestationObject"]))

    def attested(raw: bytes) -> Json:
        return response | {"response": response["response"] | {"attestationObject": websafe_encode(raw)}}

    assert register(attested(cbor.encode(honest)))
    refused("members of such a statement", lambda: register(attested(cbor.encode(honest | {"attStmt": {"foo": 1}}))))
    refused("members of such a statement", lambda: register(attested(cbor.encode(honest | {"attStmt": []}))))
    refused("AttestationFormat", lambda: register(attested(cbor.encode(honest | {"fmt": "unheard-of"}))))
    refused("canonical", lambda: register(attested(cbor.encode(honest) + b"\0")))
    refused("canonical", lambda: register(attested(cbor.encode(honest | {"more": 1}))))
    refused("canonical", lambda: register(attested(b"\xbf" + cbor.encode(honest)[1:] + b"\xff")))
    refused("another credential is attested, or none", lambda: register(attested(cbor.encode(honest | {"authData": _bare()}))))
    refused("KeyError|canonical", lambda: register(attested(cbor.encode({k: honest[k] for k in ("fmt", "authData")}))))
    packed = SoftwareAuthenticator(ORIGIN).create(CREATION, attestation="packed")
    assert register(packed)
    own = cbor.decode(websafe_decode(packed["response"]["attestationObject"]))
    for more in ({"x": 1}, {"x5c": []}):
        response = packed | {
            "response": packed["response"]
            | {"attestationObject": websafe_encode(cbor.encode(own | {"attStmt": own["attStmt"] | more}))}
        }
        refused("members of such a statement", lambda response=response: register(response))


def _bare() -> bytes:
    """Authenticator data that attests no credential."""
    bare: list[bytes] = []
    authenticator = SoftwareAuthenticator(ORIGIN)
    authenticator.create(CREATION)
    authenticator.get(REQUEST, rewritten_data=lambda raw: bare.append(raw) or raw)
    return bare[0]


def test_the_user_handle_is_there_and_the_owners() -> None:
    authenticator = SoftwareAuthenticator(ORIGIN)
    credential = enrolled(authenticator)
    refused("not this user handle's", lambda: assert_by(authenticator.get(REQUEST, user_handle=ANOTHER_HANDLE), credential))
    refused("KeyError", lambda: assert_by(authenticator.get(REQUEST, user_handle=b""), credential))
    response = authenticator.get(REQUEST)
    for nothing in (None, ""):
        empty = response | {"response": response["response"] | {"userHandle": nothing}}
        refused("userHandle: no text, empty", lambda empty=empty: assert_by(empty, credential))
        refused("userHandle: no text, empty", lambda empty=empty: assert_by(empty, replace(credential, user_handle=b"")))
    assert assert_by(response, credential)


def test_another_credential_does_not_sign_for_this_one() -> None:
    authenticator = SoftwareAuthenticator(ORIGIN)
    first, second = enrolled(authenticator), enrolled(authenticator)
    response = authenticator.get(REQUEST, authenticator.credentials[0])
    refused("not this user handle's", lambda: assert_by(response, second))
    under_its_name = {"id": websafe_encode(second.credential_id), "rawId": websafe_encode(second.credential_id)}
    refused("signature", lambda: assert_by(response | under_its_name, second))
    assert assert_by(response, first)


@pytest.mark.parametrize("eligible", [False, True])
def test_the_backup_eligible_flag_never_changes(eligible: bool) -> None:
    authenticator = SoftwareAuthenticator(ORIGIN)
    credential = enrolled(authenticator, be=eligible)
    assert credential.backup_eligible is eligible
    refused("never changes", lambda: assert_by(authenticator.get(REQUEST, be=not eligible), credential))
    assert assert_by(authenticator.get(REQUEST, be=eligible), credential)


def test_an_assertion_attests_no_credential() -> None:
    authenticator = SoftwareAuthenticator(ORIGIN)
    credential = enrolled(authenticator)
    key = cbor.encode(ES256.from_cryptography_key(authenticator.credentials[-1].key.public_key()))
    attested = bytes(AAGUID) + b"\0\1i" + key
    response = authenticator.get(REQUEST, rewritten_data=lambda raw: raw[:32] + bytes([raw[32] | 0x40]) + raw[33:] + attested)
    refused("attests no credential", lambda: assert_by(response, credential))


@pytest.mark.parametrize(
    ("before", "now", "good"), [(0, 0, True), (0, 1, True), (7, 8, True), (7, 7, False), (7, 6, False), (7, 0, False)]
)
def test_the_counter(before: int, now: int, good: bool) -> None:
    authenticator = SoftwareAuthenticator(ORIGIN)
    credential = enrolled(authenticator, counter=before)
    response = authenticator.get(REQUEST, counter=now)
    if good:
        assert assert_by(response, credential).sign_count == now
        return
    with pytest.raises(CounterDidNotIncrease):
        assert_by(response, credential)
    # Of a counter that nobody signed nothing is said.
    refused("signature", lambda: assert_by(authenticator.get(REQUEST, counter=now, tampered=True), credential))
    refused("verified", lambda: assert_by(authenticator.get(REQUEST, counter=now, uv=False), credential))


def test_base64url_is_read_as_it_is_written() -> None:
    authenticator = SoftwareAuthenticator(ORIGIN)
    credential = enrolled(authenticator)
    honest = authenticator.get(REQUEST, counter=2)
    assert assert_by(honest, credential)
    signature = honest["response"]["signature"]
    for odd in (signature + "=", signature + "\n", " " + signature, signature + "====", [signature], 7, True):
        refused(
            "signature", lambda odd=odd: assert_by(honest | {"response": honest["response"] | {"signature": odd}}, credential)
        )


@pytest.mark.parametrize("nothing", [{}, None, [], "x", 1, {"type": "public-key"}, {"type": "public-key", "id": {}, "rawId": {}}])
def test_no_response_at_all(nothing: Any) -> None:
    credential = enrolled(SoftwareAuthenticator(ORIGIN))
    for judge in (
        register,
        ceremony.client_challenge,
        ceremony.credential_id_of,
        lambda response: assert_by(response, credential),
    ):
        refused("", lambda judge=judge: judge(nothing))


def test_the_ceremony_that_a_response_names() -> None:
    authenticator = SoftwareAuthenticator(ORIGIN)
    made = authenticator.create(CREATION)
    for response in (made, authenticator.get(REQUEST)):
        assert ceremony.client_challenge(response) == CHALLENGE
        assert ceremony.credential_id_of(response) == authenticator.credentials[-1].id
    padded = authenticator.get(REQUEST, rewritten_client_data=rewritten(challenge=websafe_encode(CHALLENGE) + "="))
    refused("challenge: not base64url", lambda: ceremony.client_challenge(padded))
    refused("KeyError", lambda: ceremony.client_challenge(authenticator.get(REQUEST, rewritten_client_data=without("challenge"))))
