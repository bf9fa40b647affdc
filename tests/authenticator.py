"""A platform authenticator and its browser in software, on fido2's encoders: honest unless told how to deviate.

It knows nothing of the server: what it reads and writes is the JSON of W3C WebAuthn Level 3, §5.1 (PublicKeyCredentialCreationOptionsJSON
in, RegistrationResponseJSON out; RequestOptionsJSON in, AuthenticationResponseJSON out).
"""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from fido2 import cbor
from fido2.cose import ES256, ES384, RS256, CoseKey, EdDSA
from fido2.utils import websafe_decode, websafe_encode
from fido2.webauthn import Aaguid, AttestedCredentialData, AuthenticatorData, CollectedClientData

FLAG = AuthenticatorData.FLAG
AAGUID = Aaguid(bytes(16))  # what a browser leaves of it where no attestation is asked for

# By COSE algorithm: a new private key, and a signature with it.
KEYS: dict[int, Callable[[], Any]] = {
    ES256.ALGORITHM: lambda: ec.generate_private_key(ec.SECP256R1()),
    ES384.ALGORITHM: lambda: ec.generate_private_key(ec.SECP384R1()),
    EdDSA.ALGORITHM: ed25519.Ed25519PrivateKey.generate,
    RS256.ALGORITHM: lambda: rsa.generate_private_key(65537, 2048),
}
SIGNATURES: dict[int, Callable[[Any, bytes], bytes]] = {
    ES256.ALGORITHM: lambda key, data: key.sign(data, ec.ECDSA(hashes.SHA256())),
    ES384.ALGORITHM: lambda key, data: key.sign(data, ec.ECDSA(hashes.SHA384())),
    EdDSA.ALGORITHM: lambda key, data: key.sign(data),
    RS256.ALGORITHM: lambda key, data: key.sign(data, padding.PKCS1v15(), hashes.SHA256()),
}


class InvalidStateError(Exception):
    """What a browser says where the authenticator holds a credential of ``excludeCredentials``."""


class NotAllowedError(Exception):
    """What a browser says where the authenticator holds no credential that would do (and for nearly all else)."""


@dataclass
class Credential:
    """What the authenticator keeps. ``counter`` is the last one that it signed."""

    id: bytes
    key: Any
    algorithm: int
    rp_id: str
    user_handle: bytes
    backup_eligible: bool
    counter: int = 0


@dataclass(frozen=True, kw_only=True)
class Manner:
    """How one ceremony deviates. The defaults are an honest one; None means as the options or the credential say."""

    up: bool = True  # the flags of authenticator data
    uv: bool = True
    be: bool | None = None  # at get(): as registered
    bs: bool = False
    counter: int | None = None  # else one more than the last, or 0 from an authenticator that does not count
    challenge: bytes | None = None  # of another ceremony: a replay
    origin: str | None = None
    type: str | None = None  # of the client data
    client_data: Mapping[str, Any] = field(default_factory=dict)  # more members of it: crossOrigin, topOrigin, tokenBinding
    rp_id: str | None = None  # the one hashed in authenticator data
    extensions: Mapping[str, Any] | None = None
    credential_id: bytes | None = None
    public_key: CoseKey | None = None  # create(): attested instead of the real one
    attestation: str = "none"  # create(): "packed" is self attestation, signed by the new key
    user_handle: bytes | None = None  # get(): b"" leaves the member out
    tampered: bool = False  # get(): one bit of the signature turned
    rewritten_client_data: Callable[[bytes], bytes] = bytes  # before it is signed, so that nothing but the reader can refuse it
    rewritten_data: Callable[[bytes], bytes] = bytes  # authenticator data, likewise


class SoftwareAuthenticator:
    """``create`` and ``get`` are ``navigator.credentials``' with its JSON in and out; keywords are the fields of Manner.

    ``origin`` is the page's. ``algorithm`` is the COSE number of the keys that it makes, offered or not; ``counting`` False is an
    authenticator whose counter stays 0. ``credentials`` holds what it made, newest last.
    """

    def __init__(self, origin: str, *, algorithm: int = ES256.ALGORITHM, counting: bool = True) -> None:
        self.origin = origin
        self.algorithm = algorithm
        self.counting = counting
        self.credentials: list[Credential] = []

    def create(self, options: dict[str, Any], **manner: Any) -> dict[str, Any]:
        """Makes and keeps a discoverable credential. Raises InvalidStateError where one of ``excludeCredentials`` is kept here."""
        how = Manner(**manner)
        excluded = {websafe_decode(one["id"]) for one in options.get("excludeCredentials", [])}
        if excluded & {one.id for one in self.credentials}:
            raise InvalidStateError
        identity = secrets.token_bytes(32) if how.credential_id is None else how.credential_id
        user_handle = websafe_decode(options["user"]["id"])
        key = KEYS[self.algorithm]()
        made = Credential(identity, key, self.algorithm, options["rp"]["id"], user_handle, bool(how.be))
        public_key = how.public_key or CoseKey.for_alg(self.algorithm).from_cryptography_key(key.public_key())
        attested = AttestedCredentialData.create(AAGUID, identity, public_key)
        client_data = self._client_data(CollectedClientData.TYPE.CREATE, options, how)
        data = self._authenticator_data(made, how, attested)
        statement = {"alg": made.algorithm, "sig": _signed(made, data, client_data)} if how.attestation == "packed" else {}
        self.credentials.append(made)
        attestation = cbor.encode({"fmt": how.attestation, "attStmt": statement, "authData": data})
        response = {"attestationObject": websafe_encode(attestation), "transports": ["internal"]}
        return _answer(identity, client_data, response)

    def get(self, options: dict[str, Any], credential: Credential | None = None, **manner: Any) -> dict[str, Any]:
        """Signs with ``credential``, or the newest that fits the options. Raises NotAllowedError where none does."""
        how = Manner(**manner)
        allowed = {websafe_decode(one["id"]) for one in options.get("allowCredentials", [])}
        fitting = [one for one in self.credentials if one.rp_id == options["rpId"] and (not allowed or one.id in allowed)]
        if not (credential or fitting):
            raise NotAllowedError
        chosen = credential or fitting[-1]
        client_data = self._client_data(CollectedClientData.TYPE.GET, options, how)
        data = self._authenticator_data(chosen, how)
        signature = bytearray(_signed(chosen, data, client_data))
        signature[-1] ^= how.tampered
        handle = chosen.user_handle if how.user_handle is None else how.user_handle
        response = {"authenticatorData": websafe_encode(data), "signature": websafe_encode(bytes(signature))}
        response |= {"userHandle": websafe_encode(handle)} if handle else {}
        return _answer(chosen.id if how.credential_id is None else how.credential_id, client_data, response)

    def _client_data(self, kind: str, options: dict[str, Any], how: Manner) -> bytes:
        challenge = options["challenge"] if how.challenge is None else websafe_encode(how.challenge)
        members = {"type": how.type or kind, "challenge": challenge, "origin": how.origin or self.origin}
        more = dict(how.client_data)
        members["cross_origin"] = more.pop("crossOrigin", False)
        return how.rewritten_client_data(bytes(CollectedClientData.create(**members, **more)))

    def _authenticator_data(self, credential: Credential, how: Manner, attested: bytes = b"") -> bytes:
        be = credential.backup_eligible if how.be is None else how.be
        flags = FLAG(FLAG.UP * how.up | FLAG.UV * how.uv | FLAG.BE * be | FLAG.BS * how.bs)
        flags |= FLAG(FLAG.AT * bool(attested) | FLAG.ED * (how.extensions is not None))
        credential.counter = credential.counter + self.counting if how.counter is None else how.counter
        rp_id_hash = sha256((how.rp_id or credential.rp_id).encode()).digest()
        return how.rewritten_data(
            bytes(AuthenticatorData.create(rp_id_hash, flags, credential.counter, attested, how.extensions))
        )


def _signed(credential: Credential, data: bytes, client_data: bytes) -> bytes:
    return SIGNATURES[credential.algorithm](credential.key, data + sha256(client_data).digest())


def _answer(identity: bytes, client_data: bytes, response: dict[str, Any]) -> dict[str, Any]:
    """A PublicKeyCredential as its toJSON() gives it."""
    return {
        "id": websafe_encode(identity),
        "rawId": websafe_encode(identity),
        "type": "public-key",
        "authenticatorAttachment": "platform",
        "clientExtensionResults": {},
        "response": {"clientDataJSON": websafe_encode(client_data), **response},
    }
