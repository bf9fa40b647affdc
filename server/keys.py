"""Keyed hashes and sealed texts: what is stored of a number, a code, a token or a mail tells a thief nothing."""

import hashlib
import hmac

import nacl.exceptions
import nacl.secret


class Keys:
    """One subkey for each purpose, derived from the settings' keys.

    ``number_key`` names people for good (counters, activity, logs); ``master_keys`` (newest first) may be rotated: the newest
    seals and hashes, all of them open.
    """

    def __init__(self, number_key: bytes, master_keys: tuple[tuple[str, bytes], ...]) -> None:
        self._number_key = number_key
        self._code_keys = [_derive(key, "code") for _, key in master_keys]
        self._boxes = [nacl.secret.SecretBox(_derive(key, "seal")) for _, key in master_keys]
        self._peppers = {key_id: _derive(key, "pepper") for key_id, key in master_keys}
        self.pepper_id = master_keys[0][0]

    def subject(self, nir: str) -> bytes:
        """What counters, activity and logs know of a canonical number, in 16 bytes."""
        return hmac.digest(self._number_key, b"subject:" + nir.encode(), "sha256")[:16]

    def code_hash(self, code: str, *bound_to: bytes) -> bytes:
        """The stored form of a code, good for these bindings (account, purpose, attempt, …) only."""
        return _mac(self._code_keys[0], code.encode(), *bound_to)

    def code_matches(self, stored: bytes, code: str, *bound_to: bytes) -> bool:
        """Whether this is the code that was stored, with today's key or an older one; in constant time."""
        checks = [hmac.compare_digest(stored, _mac(key, code.encode(), *bound_to)) for key in self._code_keys]
        return any(checks)

    def peppered(self, password: str, pepper_id: str | None = None) -> bytes:
        """The password as Argon2 gets it: a MAC, so that a stolen table is worth nothing without the pepper.

        Raises KeyError where the settings no longer hold that pepper.
        """
        return hmac.digest(self._peppers[pepper_id or self.pepper_id], password.encode(), "sha256")

    def seal(self, text: bytes) -> bytes:
        """Encrypt and authenticate."""
        return bytes(self._boxes[0].encrypt(text))

    def unseal(self, sealed: bytes) -> bytes:
        """The reverse. Raises ValueError where no key opens it."""
        for box in self._boxes:
            try:
                return box.decrypt(sealed)
            except nacl.exceptions.CryptoError:
                continue
        raise ValueError("sealed with a key that the settings do not hold")


def token_hash(token: str) -> bytes:
    """The stored form of a 256-bit token: no key is needed against a guess that cannot be made."""
    return hashlib.sha256(token.encode()).digest()


def _derive(key: bytes, purpose: str) -> bytes:
    return hmac.digest(key, b"portillon:" + purpose.encode(), "sha256")


def _mac(key: bytes, *parts: bytes) -> bytes:
    # Each part's length goes first, so that no two lists of parts read alike.
    return hmac.digest(key, b"".join(len(part).to_bytes(4, "big") + part for part in parts), "sha256")
