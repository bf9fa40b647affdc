"""The JSON door of the login. Names and statuses: contract, *Login*."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from litestar import Router, get, post
from litestar.di import NamedDependency
from litestar.params import JSONBody

from server import policy
from server.admission import Admission
from server.biometrics.offer import BiometricOffer
from server.login.flow import LoginFlow
from server.nir import masked
from server.refusals import Why
from server.request_context import Caller
from server.web.problems import may_refuse
from server.web.requests import CLEAR_SITE_DATA, json_only, no_members

Text = Annotated[str, msgspec.Meta(max_length=policy.TYPED_AT_MOST)]


class Credentials(msgspec.Struct, forbid_unknown_fields=True):
    """A number, in any spelling, and a password. `with_code` asks for a code on a trusted device too, for a full login."""

    nir: Text
    password: Text
    with_code: bool = False


class PasswordAnswer(msgspec.Struct, omit_defaults=True):
    """What comes next; `address` is masked."""

    next: Literal["code", "home"]
    address: str | None = None


class CodeSentAnswer(msgspec.Struct):
    """A code is on its way."""

    address: str
    expires_at: datetime
    requests_left: int
    reference: str


class CodeEntered(msgspec.Struct, forbid_unknown_fields=True):
    """Six digits, spaces or not."""

    code: Text
    trust_device: bool = False


class SignedInAnswer(msgspec.Struct):
    """Signed in."""

    next: Literal["home"] = "home"
    notices: tuple[str, ...] = ()
    offer_biometrics: bool = False


class SessionAnswer(msgspec.Struct):
    """Who is signed in, and until when unless used. `last_login_at` is the login before this one."""

    name: str
    nir_masked: str
    last_login_at: datetime | None
    authenticated_by: tuple[str, ...]
    expires_at: datetime
    notices: tuple[str, ...] = ()
    offer_biometrics: bool = False


_BEFORE_HOME = (
    Why.STEP_MISSING,
    Why.LOCKED,
    Why.ADDRESS_MISSING,
    Why.ACCOUNT_CLOSED,
    Why.FILE_UPDATE_NEEDED,
    Why.ATTACHMENT_PENDING,
)


@post("/login", status_code=200, guards=[json_only], responses=may_refuse(Why.INVALID_CREDENTIALS, *_BEFORE_HOME))
async def give_password(
    data: JSONBody[Credentials], caller: NamedDependency[Caller], login: NamedDependency[LoginFlow]
) -> PasswordAnswer:
    """Give number and password."""
    after = await login.give_password(caller, data.nir, data.password, with_code=data.with_code)
    return PasswordAnswer(after.next, after.address)


@post("/login/code", status_code=202, before_request=no_members, responses=may_refuse(*_BEFORE_HOME))
async def send_code(caller: NamedDependency[Caller], login: NamedDependency[LoginFlow]) -> CodeSentAnswer:
    """Have a code mailed."""
    sent = await login.send_code(caller)
    return CodeSentAnswer(sent.address, sent.expires_at, sent.requests_left, sent.reference)


@post(
    "/login/code/check",
    status_code=200,
    guards=[json_only],
    responses=may_refuse(Why.INVALID_CODE, Why.CODE_EXPIRED, *_BEFORE_HOME),
)
async def check_code(
    data: JSONBody[CodeEntered],
    caller: NamedDependency[Caller],
    login: NamedDependency[LoginFlow],
    admission: NamedDependency[Admission],
    offer: NamedDependency[BiometricOffer],
) -> SignedInAnswer:
    """Give the code. `notices` are to be acknowledged one at a time; `offer_biometrics` is for a device that can."""
    await login.check_code(caller, data.code, trust_device=data.trust_device)
    who = await admission.signed_in(caller)
    return SignedInAnswer(notices=who.notices, offer_biometrics=await offer.stands(caller, who))


@get("/session", responses=may_refuse(Why.NOT_SIGNED_IN))
async def session(
    caller: NamedDependency[Caller], admission: NamedDependency[Admission], offer: NamedDependency[BiometricOffer]
) -> SessionAnswer:
    """Who is signed in."""
    who = await admission.signed_in(caller)
    return SessionAnswer(
        name=who.account.name,
        nir_masked=masked(who.account.nir),
        last_login_at=who.session.previous_login_at,
        authenticated_by=who.session.authenticated_by,
        expires_at=who.expires_at,
        notices=who.notices,
        offer_biometrics=await offer.stands(caller, who),
    )


@post("/logout", status_code=204, before_request=no_members, response_headers=CLEAR_SITE_DATA, responses=may_refuse())
async def log_out(caller: NamedDependency[Caller], login: NamedDependency[LoginFlow]) -> None:
    """End the session."""
    await login.log_out(caller)


router = Router("/api/v1", route_handlers=[give_password, send_code, check_code, session, log_out], tags=["Login"])
