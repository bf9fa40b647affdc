"""The HTML door of biometrics. A page's script asks for options here and fills in a form; the rest is forms as everywhere."""

from dataclasses import dataclass
from typing import Any, Literal

from litestar import Response, Router, get, post
from litestar.di import NamedDependency, Provide
from litestar.params import URLEncodedBody

from frontend.answers import go
from frontend.biometrics.form import CeremonyForm
from frontend.devices.devices_page import DEVICES, DevicesPage, provide_devices_page
from frontend.home.home_page import HOME, HomePage, provide_home_page
from frontend.login.first_page import NUMBER, FirstPage, provide_first_page
from server.biometrics.flow import BiometricsFlow
from server.refusals import Refused, Why
from server.request_context import Caller
from server.settings import Settings
from server.web.faults import PART_AWAY, part_away

_LOGIN = f"{NUMBER}/biometrie"
_ACTIVATION = f"{DEVICES}/biometrie"
_OFFER = f"{HOME}/biometrie"
# What the page that had the button says; anything else has a page of its own.
_SAID_THERE = {Why.BIOMETRIC_FAILED, Why.FULL_LOGIN_NEEDED}


@dataclass(slots=True)
class OfferForm:
    """What was said to the offer."""

    answer: Literal["later", "never"]


@post(f"{_LOGIN}/options", status_code=200)
async def login_options(caller: NamedDependency[Caller], biometrics: NamedDependency[BiometricsFlow]) -> dict[str, Any]:
    """What the browser needs to sign in."""
    return await biometrics.login_options(caller)


@post(_LOGIN)
async def log_in(
    data: URLEncodedBody[CeremonyForm],
    caller: NamedDependency[Caller],
    biometrics: NamedDependency[BiometricsFlow],
    first_page: NamedDependency[FirstPage],
    settings: NamedDependency[Settings],
) -> Response[Any]:
    """Home; or the first page, which says why not and tells the browser of a credential that is no more."""
    if not caller.cookies.came:
        return first_page.cookies_refused()
    try:
        await biometrics.log_in(caller, data.read())
    except Refused as refused:
        return await first_page.show(refused=refused, unknown=_unknown(data, refused, settings))
    except PART_AWAY as fault:
        return await first_page.show(refused=part_away(fault))
    return go(HOME)


@post(f"{_ACTIVATION}/options", status_code=200)
async def activation_options(caller: NamedDependency[Caller], biometrics: NamedDependency[BiometricsFlow]) -> dict[str, Any]:
    """What the browser needs to create a credential."""
    return await biometrics.registration_options(caller)


@post(_ACTIVATION)
async def activate(
    data: URLEncodedBody[CeremonyForm],
    caller: NamedDependency[Caller],
    biometrics: NamedDependency[BiometricsFlow],
    home_page: NamedDependency[HomePage],
    devices_page: NamedDependency[DevicesPage],
    settings: NamedDependency[Settings],
) -> Response[Any]:
    """Keep the credential; the page that had the button says what came of it, and has the browser forget a key in vain."""
    try:
        await biometrics.register(caller, data.read())
    except Refused as refused:
        if refused.why not in _SAID_THERE:
            raise
        shown = home_page if data.from_home else devices_page
        return await shown.show(refused=refused, unknown=_in_vain(data, refused, settings))
    return go(f"{HOME if data.from_home else DEVICES}?activee=true")


@post(_OFFER)
async def answer_offer(
    data: URLEncodedBody[OfferForm], caller: NamedDependency[Caller], biometrics: NamedDependency[BiometricsFlow]
) -> Response[Any]:
    """*Later* or *never*."""
    await biometrics.answer_offer(caller, data.answer)
    return go(HOME)


@get([_LOGIN, _ACTIVATION, _OFFER])
async def reloaded() -> Response[Any]:
    """An address that only takes a press of a button, reloaded or gone back to."""
    return go("/")


def _unknown(data: CeremonyForm, refused: Refused, settings: Settings) -> dict[str, str] | None:
    """What `signalUnknownCredential` takes (WebAuthn Level 3, section 5.1.10), of a credential that opens nothing any more."""
    if refused.why is Why.BIOMETRIC_EXPIRED:
        return {"rpId": settings.host, "credentialId": refused.members["credential_id"]}
    if refused.because == "unknown":
        return {"rpId": settings.host, "credentialId": str(data.read()["id"])}
    return None


def _in_vain(data: CeremonyForm, refused: Refused, settings: Settings) -> dict[str, str] | None:
    """The same, of a key that the device has just made and that we have not kept."""
    made = data.credential_id()
    return {"rpId": settings.host, "credentialId": made} if made and refused.because != "known" else None


router = Router(
    "/",
    route_handlers=[login_options, log_in, activation_options, activate, answer_offer, reloaded],
    dependencies={
        "first_page": Provide(provide_first_page),
        "home_page": Provide(provide_home_page),
        "devices_page": Provide(provide_devices_page),
    },
    include_in_schema=False,
)
