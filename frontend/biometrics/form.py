"""What the forms of biometrics carry: the browser's response as JSON text."""

from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import msgspec

from server.refusals import Refused, Why


@dataclass(slots=True)
class CeremonyForm:
    """An authenticator's response, as `PublicKeyCredential.toJSON()` gives it. `from_home`: the offer was taken up there."""

    response: str = ""
    from_home: bool = False

    def read(self) -> dict[str, Any]:
        """The response. Raises Refused(BIOMETRIC_FAILED) where it is none."""
        try:
            read = msgspec.json.decode(self.response)
        except (msgspec.DecodeError, ValueError, RecursionError):
            read = None
        if not isinstance(read, dict):
            raise Refused(Why.BIOMETRIC_FAILED)
        return read

    def credential_id(self) -> str:
        """The credential that the response names, in base64url; "" where it names none."""
        with suppress(Refused):
            named = self.read().get("id")
            return named if isinstance(named, str) else ""
        return ""
