"""The JSON door of biometrics. Names and statuses: contract, *Biometrics*."""

from datetime import datetime
from typing import Any, Literal

import msgspec
from litestar import Router, post
from litestar.di import NamedDependency
from litestar.params import JSONBody

from server.biometrics.flow import BiometricsFlow
from server.refusals import Why
from server.request_context import Caller
from server.web.problems import may_refuse
from server.web.requests import json_only, no_members


class ResponseJson(msgspec.Struct):
    """What a browser's toJSON() gives (WebAuthn Level 3, section 5.1). `response` is the ceremony's to judge.

    Members that we do not know are let pass, here alone: a browser may add some any day.
    """

    id: str
    raw_id: str = msgspec.field(name="rawId")
    type: str
    response: dict[str, Any]

    @property
    def members(self) -> dict[str, Any]:
        """As the ceremony takes it."""
        return {"id": self.id, "rawId": self.raw_id, "type": self.type, "response": self.response}


class CredentialAnswer(msgspec.Struct):
    """A credential that is active. `id` names it among the account's devices."""

    id: str
    label: str
    created_at: datetime
    expires_at: datetime


class OfferAnswered(msgspec.Struct, forbid_unknown_fields=True):
    """What was said to the offer."""

    answer: Literal["later", "never"]


class SignedInByBiometrics(msgspec.Struct):
    """Signed in."""

    next: Literal["home"] = "home"


_TO_ACTIVATE = (Why.NOT_SIGNED_IN, Why.FULL_LOGIN_NEEDED, Why.NOT_FOUND)
_TO_ENTER = (
    Why.BIOMETRIC_FAILED,
    Why.STEP_MISSING,
    Why.ADDRESS_MISSING,
    Why.ACCOUNT_CLOSED,
    Why.FILE_UPDATE_NEEDED,
    Why.ATTACHMENT_PENDING,
)


@post("/registration/options", status_code=200, before_request=no_members, responses=may_refuse(*_TO_ACTIVATE))
async def registration_options(caller: NamedDependency[Caller], biometrics: NamedDependency[BiometricsFlow]) -> dict[str, Any]:
    """Begin to activate: `PublicKeyCredentialCreationOptionsJSON`."""
    return await biometrics.registration_options(caller)


@post("/registration", guards=[json_only], responses=may_refuse(Why.BIOMETRIC_FAILED, *_TO_ACTIVATE))
async def register(
    data: JSONBody[ResponseJson], caller: NamedDependency[Caller], biometrics: NamedDependency[BiometricsFlow]
) -> CredentialAnswer:
    """Activate with a `RegistrationResponseJSON`."""
    row = await biometrics.register(caller, data.members)
    return CredentialAnswer(str(row.id), row.label, row.created_at, row.expires_at)


@post("/offer", status_code=204, guards=[json_only], responses=may_refuse(Why.NOT_SIGNED_IN, Why.NOT_FOUND))
async def answer_offer(
    data: JSONBody[OfferAnswered], caller: NamedDependency[Caller], biometrics: NamedDependency[BiometricsFlow]
) -> None:
    """Answer the offer without activating."""
    await biometrics.answer_offer(caller, data.answer)


@post("/login/options", status_code=200, before_request=no_members, responses=may_refuse(Why.NOT_FOUND, Why.LOCKED))
async def login_options(caller: NamedDependency[Caller], biometrics: NamedDependency[BiometricsFlow]) -> dict[str, Any]:
    """Begin to log in: `PublicKeyCredentialRequestOptionsJSON`, the same for everybody."""
    return await biometrics.login_options(caller)


@post("/login", status_code=200, guards=[json_only], responses=may_refuse(Why.BIOMETRIC_EXPIRED, Why.NOT_FOUND, *_TO_ENTER))
async def log_in(
    data: JSONBody[ResponseJson], caller: NamedDependency[Caller], biometrics: NamedDependency[BiometricsFlow]
) -> SignedInByBiometrics:
    """Log in with an `AuthenticationResponseJSON`."""
    await biometrics.log_in(caller, data.members)
    return SignedInByBiometrics()


router = Router(
    "/api/v1/biometrics",
    route_handlers=[registration_options, register, answer_offer, login_options, log_in],
    tags=["Biometrics"],
)
