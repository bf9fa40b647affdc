"""Keys: of an offered algorithm, on their curve, of a size to trust and to afford."""

from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from fido2 import cbor
from fido2.cose import ES256, RS256, CoseKey, EdDSA
from fido2.utils import websafe_encode

from server.biometrics.ceremony import StoredCredential
from tests.authenticator import KEYS, SoftwareAuthenticator
from tests.server.biometrics.ceremonies import CREATION, ORIGIN, REQUEST, USER_HANDLE, assert_by, refused, register


def test_an_algorithm_that_was_not_offered() -> None:
    authenticator = SoftwareAuthenticator(ORIGIN, algorithm=-35)
    refused("not of an offered algorithm", lambda: register(authenticator.create(CREATION)))
    key = CoseKey.for_alg(-35).from_cryptography_key(authenticator.credentials[-1].key.public_key())
    es384 = StoredCredential(authenticator.credentials[-1].id, cbor.encode(key), 0, USER_HANDLE, backup_eligible=False)
    refused("not of an offered algorithm", lambda: assert_by(authenticator.get(REQUEST), es384))


def _es256(changed: dict[int, Any] | None = None) -> CoseKey:
    return ES256(ES256.from_cryptography_key(KEYS[-7]().public_key()) | (changed or {}))


def _padded(key: CoseKey) -> CoseKey:
    return ES256({**key, -2: b"\0" + key[-2]})


def _rs256(n: int, e: int = 65537, zeros: bytes = b"") -> CoseKey:
    return RS256({1: 3, 3: -257, -1: zeros + n.to_bytes((n.bit_length() + 7) // 8), -2: e.to_bytes((e.bit_length() + 7) // 8)})


MODULUS = rsa.generate_private_key(65537, 2048).public_key().public_numbers().n
UNSOUND: dict[str, Callable[[], CoseKey]] = {
    "P-256, off the curve": lambda: _es256({-2: b"\1" * 32}),
    "P-256, infinity": lambda: _es256({-2: bytes(32), -3: bytes(32)}),
    "P-256, coordinate cut": lambda: _es256({-3: b"\1" * 31}),
    "P-256, coordinate padded": lambda: _padded(_es256()),
    "P-256, compressed": lambda: _es256({-3: True}),
    "P-256, called P-384": lambda: _es256({-1: 2}),
    "P-256, curve as true": lambda: _es256({-1: True}),
    "P-256, one member more": lambda: _es256({2: b"kid"}),
    "P-256, key type RSA": lambda: _es256({1: 3}),
    "Ed25519, neutral element": lambda: EdDSA({1: 1, 3: -8, -1: 6, -2: b"\1" + bytes(31)}),
    "Ed25519, order 2": lambda: EdDSA({1: 1, 3: -8, -1: 6, -2: b"\xec" + b"\xff" * 30 + b"\x7f"}),
    "Ed25519, order 4": lambda: EdDSA({1: 1, 3: -8, -1: 6, -2: bytes(32)}),
    "Ed25519, order 8": lambda: EdDSA(
        {1: 1, 3: -8, -1: 6, -2: bytes.fromhex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a")}
    ),
    "Ed25519, off the curve": lambda: EdDSA({1: 1, 3: -8, -1: 6, -2: b"\2" + bytes(31)}),
    "Ed25519, not reduced": lambda: EdDSA({1: 1, 3: -8, -1: 6, -2: b"\xff" * 32}),
    "Ed25519, cut": lambda: EdDSA({1: 1, 3: -8, -1: 6, -2: b"\1" * 31}),
    "Ed448 under EdDSA": lambda: EdDSA({1: 1, 3: -8, -1: 7, -2: b"\1" * 57}),
    "RSA of 1,024 bits": lambda: _rs256(rsa.generate_private_key(65537, 1024).public_key().public_numbers().n),
    "RSA of 2,047 bits": lambda: _rs256(MODULUS >> 1 | 1),
    "RSA of 4,097 bits": lambda: _rs256(1 << 4096 | 1),
    "RSA of 65,536 bits": lambda: _rs256(1 << 65535 | 1),
    "RSA, even": lambda: _rs256(MODULUS ^ 1),
    "RSA, exponent 1": lambda: _rs256(MODULUS, 1),
    "RSA, exponent 3": lambda: _rs256(MODULUS, 3),
    "RSA, even exponent": lambda: _rs256(MODULUS, 65538),
    "RSA, huge exponent": lambda: _rs256(MODULUS, MODULUS - 2),
    "RSA, zero in front": lambda: _rs256(MODULUS, zeros=b"\0"),
}
SOUND: dict[str, Callable[[], CoseKey]] = {
    "P-256": _es256,
    "Ed25519": lambda: EdDSA.from_cryptography_key(KEYS[-8]().public_key()),
    "RSA of 2,048 bits": lambda: _rs256(MODULUS),
    "RSA of 4,096 bits": lambda: _rs256(1 << 4095 | MODULUS),
}


@pytest.mark.parametrize("name", UNSOUND)
def test_an_unsound_key_is_not_registered(name: str) -> None:
    key = UNSOUND[name]()
    reason = "6.5.1|7.1 step 20|not on the curve|Point must be a"
    refused(reason, lambda: register(SoftwareAuthenticator(ORIGIN).create(CREATION, public_key=key)))


@pytest.mark.parametrize("name", SOUND)
def test_a_sound_key_is(name: str) -> None:
    key = SOUND[name]()
    assert register(SoftwareAuthenticator(ORIGIN).create(CREATION, public_key=key)).public_key == cbor.encode(key)


def test_a_key_is_where_the_bytes_say() -> None:
    """A number in two bytes for one, and a key that ends like an empty map: the library takes its last byte for the extensions."""
    key = next(key for key in iter(_es256, None) if key[-3][-1] == 0xA0)

    def longer(raw: bytes) -> bytes:
        return raw[:32] + bytes([raw[32] | 0x80]) + raw[33:].replace(b"\xa5\x01\x02", b"\xa5\x01\x18\x02", 1)

    refused(
        "not in canonical CBOR",
        lambda: register(SoftwareAuthenticator(ORIGIN).create(CREATION, public_key=key, rewritten_data=longer)),
    )
    assert register(SoftwareAuthenticator(ORIGIN).create(CREATION, public_key=key, extensions={})).public_key == cbor.encode(key)


def test_a_small_order_key_would_sign_everything() -> None:
    """What the check is for: with the neutral element as key, one signature fits any challenge."""
    neutral = cbor.encode({1: 1, 3: -8, -1: 6, -2: b"\1" + bytes(31)})
    authenticator = SoftwareAuthenticator(ORIGIN)
    authenticator.create(CREATION)
    response = authenticator.get(REQUEST)
    forged = response | {"response": response["response"] | {"signature": websafe_encode(b"\1" + bytes(63))}}
    credential = StoredCredential(authenticator.credentials[-1].id, neutral, 0, USER_HANDLE, backup_eligible=False)
    refused("not a sound key", lambda: assert_by(forged, credential))
