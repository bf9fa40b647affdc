"""WebAuthn ceremonies: what a browser answers is judged here, by the options that it was given (options.py).

The one file that knows py_webauthn. The library (3.0.1) takes the responses apart, compares type, challenge, origin, RP id, user
presence and verification, and checks signatures. What it leaves out is checked here, each with the step of W3C Web Authentication
Level 3 that asks for it. Nothing but CeremonyRefused leaves a verification, whatever came in.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from nacl.bindings import crypto_core_ed25519_is_valid_point
from webauthn import verify_authentication_response, verify_registration_response
from webauthn.helpers import (
    base64url_to_bytes,
    decode_credential_public_key,
    decoded_public_key_to_cryptography,
    encode_cbor,
    parse_authenticator_data,
    parse_cbor,
)
from webauthn.helpers.cose import COSEAlgorithmIdentifier
from webauthn.helpers.structs import (
    AttestationFormat,
    AuthenticationCredential,
    AuthenticatorAssertionResponse,
    AuthenticatorAttestationResponse,
    AuthenticatorData,
    RegistrationCredential,
)

from server.biometrics.options import ALGORITHMS, authentication_options, encoded, registration_options

__all__ = [
    "CeremonyRefused",
    "CounterDidNotIncrease",
    "RegisteredCredential",
    "StoredCredential",
    "VerifiedAssertion",
    "authentication_options",
    "client_challenge",
    "credential_id_of",
    "encoded",
    "registration_options",
    "verify_authentication",
    "verify_registration",
]

_ID_AT_MOST = 1023  # bytes, §7.1 step 25
_MEMBER_AT_MOST = 16 * 1024  # characters; the longest honest one is some 2,000. CBOR is read before any signature: bound its cost
_RSA_BITS = range(2048, 4096 + 1)  # shorter is weak, longer is our time
_RSA_EXPONENTS = range(2**16 + 1, 2**32, 2)  # FIPS 186-5 asks for an odd one above 2^16; a huge one is our time
_P256_COORDINATE = 32  # bytes
_STATEMENTS = {AttestationFormat.NONE: ([],), AttestationFormat.PACKED: (["alg", "sig"], ["alg", "sig", "x5c"])}


class CeremonyRefused(Exception):
    """The response does not prove what it should. The message is for our logs: it names the rule and nothing of the response."""


class CounterDidNotIncrease(CeremonyRefused):
    """All is right, signature included, but the counter is not past the stored one: the authenticator may have been cloned."""


@dataclass(frozen=True)
class RegisteredCredential:
    """What a registration proved: §7.1 step 27, the credential record."""

    credential_id: bytes  # 1 to 1,023
    public_key: bytes  # COSE_Key, CTAP2 canonical CBOR
    sign_count: int
    backup_eligible: bool
    backed_up: bool
    aaguid: str  # the authenticator's model as a UUID; all zeros where it does not say. Nobody vouches for it


@dataclass(frozen=True)
class StoredCredential:
    """What we keep of a credential and its owner, and an assertion is judged by."""

    credential_id: bytes
    public_key: bytes  # COSE_Key
    sign_count: int
    user_handle: bytes
    backup_eligible: bool


@dataclass(frozen=True)
class VerifiedAssertion:
    """What to store after an assertion: §7.2 step 24."""

    sign_count: int
    backed_up: bool


@contextmanager
def _refusing() -> Iterator[None]:
    """Any exception is the one refusal: on odd input the library raises also ValueError, TypeError, KeyError and others."""
    try:
        yield
    except CeremonyRefused:
        raise
    except Exception as error:
        raise CeremonyRefused(type(error).__name__) from error


@_refusing()
def credential_id_of(response: dict[str, Any]) -> bytes:
    """The credential that a RegistrationResponseJSON or AuthenticationResponseJSON names; nothing is proved yet.

    Raises CeremonyRefused where it names none.
    """
    return _envelope(response)[0]


@_refusing()
def client_challenge(response: dict[str, Any]) -> bytes:
    """The challenge that the response says it answers, to find the ceremony's record by; nothing is proved yet.

    Raises CeremonyRefused where it names none.
    """
    _, members = _envelope(response)
    return _decoded(_client_data(_decoded(members, "clientDataJSON")), "challenge")


@_refusing()
def verify_registration(response: dict[str, Any], *, challenge: bytes, origin: str, rp_id: str) -> RegisteredCredential:
    """Judge a RegistrationResponseJSON by W3C WebAuthn Level 3, §7.1; the caller sees that no account has the id yet (step 26).

    Raises CeremonyRefused, and nothing else.
    """
    credential_id, members = _envelope(response)
    client_data_json = _decoded(members, "clientDataJSON")
    _check_client_data(client_data_json, challenge)
    attestation_object, authenticator_data = _attestation(_decoded(members, "attestationObject"))
    attested = authenticator_data.attested_credential_data
    # §5.1: id and rawId are the attested credential's. py_webauthn returns the attested one and never compares.
    if attested is None or attested.credential_id != credential_id:
        raise CeremonyRefused("§6.5.1: another credential is attested, or none")
    _check_key(attested.credential_public_key)
    verified = verify_registration_response(
        credential=RegistrationCredential(
            id=encoded(credential_id),
            raw_id=credential_id,
            response=AuthenticatorAttestationResponse(client_data_json, attestation_object),
        ),
        expected_challenge=challenge,
        expected_origin=origin,
        expected_rp_id=rp_id,
        require_user_verification=True,
        supported_pub_key_algs=[COSEAlgorithmIdentifier(one) for one in ALGORITHMS],
    )
    return RegisteredCredential(
        credential_id=credential_id,
        public_key=verified.credential_public_key,
        sign_count=verified.sign_count,
        backup_eligible=authenticator_data.flags.be,
        backed_up=verified.credential_backed_up,
        aaguid=verified.aaguid,
    )


@_refusing()
def verify_authentication(
    response: dict[str, Any], *, challenge: bytes, origin: str, rp_id: str, credential: StoredCredential
) -> VerifiedAssertion:
    """Judge an AuthenticationResponseJSON by W3C WebAuthn Level 3, §7.2, for a person not identified before.

    Raises CeremonyRefused, and nothing else; its CounterDidNotIncrease only where all else is right.
    """
    credential_id, members = _envelope(response)
    if credential_id != credential.credential_id or _decoded(members, "userHandle") != credential.user_handle:
        raise CeremonyRefused("§7.2 step 6: the credential is not this user handle's")
    client_data_json = _decoded(members, "clientDataJSON")
    _check_client_data(client_data_json, challenge)
    raw_authenticator_data = _decoded(members, "authenticatorData")
    flags = _authenticator_data(raw_authenticator_data).flags
    if flags.at:
        raise CeremonyRefused("§6.1: an assertion attests no credential")
    if flags.be is not credential.backup_eligible:
        raise CeremonyRefused("§7.2 step 19: the backup-eligible flag never changes")
    _check_key(credential.public_key)
    verified = verify_authentication_response(
        credential=AuthenticationCredential(
            id=encoded(credential_id),
            raw_id=credential_id,
            response=AuthenticatorAssertionResponse(client_data_json, raw_authenticator_data, _decoded(members, "signature")),
        ),
        expected_challenge=challenge,
        expected_origin=origin,
        expected_rp_id=rp_id,
        credential_public_key=credential.public_key,
        # The library compares counters before the signature, when the number is still anybody's; against zero none fails there.
        credential_current_sign_count=0,
        require_user_verification=True,
    )
    if (verified.new_sign_count or credential.sign_count) and verified.new_sign_count <= credential.sign_count:
        raise CounterDidNotIncrease("§7.2 step 22")
    return VerifiedAssertion(verified.new_sign_count, verified.credential_backed_up)


def _envelope(response: dict[str, Any]) -> tuple[bytes, dict[str, Any]]:
    """The credential id, and the members of the authenticator's response."""
    if response["type"] != "public-key" or response["id"] != response["rawId"]:
        raise CeremonyRefused("§5.1: the type is public-key, and id is rawId in base64url")
    credential_id = _decoded(response, "rawId")
    if len(credential_id) > _ID_AT_MOST:
        raise CeremonyRefused("§7.1 step 25: the credential id is too long")
    return credential_id, response["response"]


def _decoded(members: dict[str, Any], name: str) -> bytes:
    """A member that is bytes in base64url (§3), at least one; the library skips foreign characters, padding and stray bits."""
    text = members[name]
    if not isinstance(text, str) or not 0 < len(text) <= _MEMBER_AT_MOST:
        raise CeremonyRefused(f"{name}: no text, empty or too long")
    value = base64url_to_bytes(text)
    if encoded(value) != text:
        raise CeremonyRefused(f"{name}: not base64url")
    return value


def _client_data(raw: bytes) -> dict[str, Any]:
    """The client data, of which every reader sees the same: UTF-8 (a byte order mark is dropped), no member twice.

    §7.1 steps 5 and 6, §7.2 steps 8 and 9. The library takes UTF-16 and UTF-32 too, and the last of two members.
    """

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len(members := dict(pairs)) != len(pairs):
            raise CeremonyRefused("client data: a member stands twice")
        return members

    client_data = json.loads(raw.decode("utf-8-sig"), object_pairs_hook=once)
    if not isinstance(client_data, dict):
        raise CeremonyRefused("client data: not an object")
    return client_data


def _check_client_data(raw: bytes, challenge: bytes) -> None:
    client_data = _client_data(raw)
    if client_data["challenge"] != encoded(challenge):
        raise CeremonyRefused("§7.1 step 8, §7.2 step 11: not this challenge, in base64url as we gave it")
    # No page of ours is made to stand in a frame of another's.
    if client_data.get("crossOrigin", False) is not False or "topOrigin" in client_data:
        raise CeremonyRefused("§7.1 steps 10 and 11, §7.2 steps 13 and 14: made in a frame of another origin")
    # Reserved in Level 3; Level 2 (§7.1 step 10, §7.2 step 14) asks for the same token on the connection, and ours has none.
    binding = client_data.get("tokenBinding")
    if isinstance(binding, dict) and binding.get("status") == "present":
        raise CeremonyRefused("Level 2: bound to a token of another connection")


def _attestation(raw: bytes) -> tuple[bytes, AuthenticatorData]:
    """The attestation object to be judged, and the authenticator data in it.

    We ask for none, so a browser leaves "none", or "packed" signed by the credential itself: the library checks both. Another
    known one vouches for a maker of whom we ask nothing: the credential counts as without attestation (§7.1, after the steps).
    """
    attestation = parse_cbor(raw)
    if encode_cbor(attestation) != raw or set(attestation) != {"fmt", "attStmt", "authData"}:
        raise CeremonyRefused("§6.5.4: not an attestation object in canonical CBOR, or more stands behind it")
    kind, statement = AttestationFormat(attestation["fmt"]), attestation["attStmt"]
    authenticator_data = _authenticator_data(attestation["authData"])
    if kind not in _STATEMENTS:
        return encode_cbor({"fmt": "none", "attStmt": {}, "authData": attestation["authData"]}), authenticator_data
    if not isinstance(statement, dict) or sorted(statement) not in _STATEMENTS[kind] or not all(statement.values()):
        raise CeremonyRefused("§8.2, §8.7: not the members of such a statement")  # the library skips those it does not know
    return raw, authenticator_data


def _authenticator_data(raw: bytes) -> AuthenticatorData:
    """§6.1, and nothing besides: the library measures CBOR by writing it anew, and so misreads what is not canonical."""
    data = parse_authenticator_data(raw)
    parts = [raw[:37]]  # RP id's hash, flags, counter
    if attested := data.attested_credential_data:
        length = len(attested.credential_id).to_bytes(2)
        parts += [attested.aaguid, length, attested.credential_id, attested.credential_public_key]
    if b"".join([*parts, data.extensions or b""]) != raw:
        raise CeremonyRefused("§6.1: cut short, or not in canonical CBOR")
    return data


def _check_key(cose_key: bytes) -> None:
    """§6.5.1 and §7.1 step 20: an offered algorithm, its required members in order and no other, a sound point or size."""
    match parse_cbor(cose_key):
        case {3: -7, -2: bytes(x), -3: bytes(y)}:
            whole, sound = {1: 2, 3: -7, -1: 1, -2: x, -3: y}, len(x) == len(y) == _P256_COORDINATE
        case {3: -8, -2: bytes(x)}:  # libsodium refuses a point off the curve or of small order: such a key signs everything
            whole, sound = {1: 1, 3: -8, -1: 6, -2: x}, crypto_core_ed25519_is_valid_point(x)
        case {3: -257, -1: bytes(n), -2: bytes(e)}:
            modulus, exponent = int.from_bytes(n), int.from_bytes(e)
            whole = {1: 3, 3: -257, -1: n, -2: e}
            sound = modulus % 2 == 1 and modulus.bit_length() in _RSA_BITS and exponent in _RSA_EXPONENTS and bool(n[0] and e[0])
        case _:
            raise CeremonyRefused("§7.1 step 20: not of an offered algorithm")
    if not sound or encode_cbor(whole) != cose_key:
        raise CeremonyRefused("§6.5.1: not a sound key of its algorithm")
    decoded_public_key_to_cryptography(decode_credential_public_key(cose_key))  # raises where a P-256 point is off the curve
