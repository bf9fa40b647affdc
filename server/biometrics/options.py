"""The options of the two WebAuthn ceremonies (W3C WebAuthn Level 3, §5.4 and §5.5), as the JSON that a browser parses."""

from base64 import urlsafe_b64encode
from collections.abc import Sequence
from typing import Any

# ES256 (-7) first: phones and laptops keep it in hardware. EdDSA (-8) is Ed25519 here; RS256 (-257) is for older Windows.
ALGORITHMS = (-7, -8, -257)


def encoded(raw: bytes) -> str:
    """Bytes in base64url without padding, as WebAuthn's JSON carries them (§3)."""
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def registration_options(
    *,
    rp_id: str,
    rp_name: str,
    user_handle: bytes,
    user_name: str,
    display_name: str,
    challenge: bytes,
    exclude: Sequence[bytes],
    timeout_ms: int,
) -> dict[str, Any]:
    """PublicKeyCredentialCreationOptionsJSON: a discoverable credential of this device, user verified, without attestation.

    ``exclude``: ids of the credentials that the person has; a device that holds one of them makes no second.
    """
    return {
        "rp": {"id": rp_id, "name": rp_name},
        "user": {"id": encoded(user_handle), "name": user_name, "displayName": display_name},
        "challenge": encoded(challenge),
        "pubKeyCredParams": [{"type": "public-key", "alg": algorithm} for algorithm in ALGORITHMS],
        "timeout": timeout_ms,
        "excludeCredentials": [{"type": "public-key", "id": encoded(one)} for one in exclude],
        "authenticatorSelection": {
            "authenticatorAttachment": "platform",
            "residentKey": "required",
            "requireResidentKey": True,  # what Level 1 browsers read
            "userVerification": "required",
        },
        "attestation": "none",
        "hints": ["client-device"],
    }


def authentication_options(*, rp_id: str, challenge: bytes, timeout_ms: int) -> dict[str, Any]:
    """PublicKeyCredentialRequestOptionsJSON; the same for everybody, so that it tells nobody who has a credential."""
    return {
        "rpId": rp_id,
        "challenge": encoded(challenge),
        "timeout": timeout_ms,
        "allowCredentials": [],
        "userVerification": "required",
        "hints": ["client-device"],
    }


def accepted(*, rp_id: str, user_handle: bytes, credential_ids: Sequence[bytes]) -> dict[str, Any]:
    """AllAcceptedCredentialsOptions (§5.1.10): what a browser may be told is still good, so that it offers nothing else."""
    return {
        "rpId": rp_id,
        "userId": encoded(user_handle),
        "allAcceptedCredentialIds": [encoded(one) for one in credential_ids],
    }
