"""The only source of chance: codes, tokens, references and ids."""

import secrets
from typing import Protocol
from uuid import UUID

# No letter or digit that is mistaken for another when read aloud or from a screen.
_REFERENCE_ALPHABET = "ACDEFGHJKLMNPQRTUVWXY3479"


class Randomness(Protocol):
    """What the flows draw from."""

    def code(self, digits: int) -> str:
        """A code of so many decimal digits, zero-padded."""

    def token(self) -> str:
        """256 bits, in 43 URL-safe characters."""

    def reference(self) -> str:
        """Four characters that tell two mails apart; no secret."""

    def bytes(self, count: int) -> bytes:
        """So many random bytes."""

    def uuid(self) -> UUID:
        """A version 4 UUID."""


class SystemRandomness:
    """The operating system's generator."""

    def code(self, digits: int) -> str:
        """So many decimal digits, zero-padded."""
        return f"{secrets.randbelow(10**digits):0{digits}d}"

    def token(self) -> str:
        """256 bits, URL-safe."""
        return secrets.token_urlsafe(32)

    def reference(self) -> str:
        """Four characters."""
        return "".join(secrets.choice(_REFERENCE_ALPHABET) for _ in range(4))

    def bytes(self, count: int) -> bytes:
        """So many bytes."""
        return secrets.token_bytes(count)

    def uuid(self) -> UUID:
        """A version 4 UUID."""
        return UUID(bytes=secrets.token_bytes(16), version=4)


def new_token() -> str:
    """256 bits, in 43 URL-safe characters, for places that run before the app is built."""
    return SystemRandomness().token()
