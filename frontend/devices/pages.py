"""The HTML door of « Mes appareils et biométrie »: what lets the owner in, and buttons that remove it."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from litestar import Response, Router, get, post
from litestar.di import NamedDependency, Provide
from litestar.params import FromQuery, URLEncodedBody

from frontend.answers import go
from frontend.devices.devices_page import DEVICES, DevicesPage, provide_devices_page
from frontend.login.first_page import NUMBER
from server.biometrics.flow import BiometricsFlow
from server.devices.flow import DevicesFlow
from server.login.flow import LoginFlow
from server.refusals import Refused, Why
from server.request_context import Caller
from server.web.requests import CLEAR_SITE_DATA


@dataclass(slots=True)
class RemovalForm:
    """What to remove: one of a kind, or all of it."""

    kind: str
    id: UUID | None = None


@get(DEVICES)
async def devices_list(
    devices_page: NamedDependency[DevicesPage],
    activee: FromQuery[str] = "",
    retire: FromQuery[str] = "",
    propose: FromQuery[str] = "",
) -> Response[Any]:
    """All of it; and what has just been done."""
    said = {"activated": activee, "removed": retire, "offered": propose}
    return await devices_page.show(done=next((done for done, flag in said.items() if flag == "true"), ""))


@post(f"{DEVICES}/retrait")
async def remove(
    data: URLEncodedBody[RemovalForm], caller: NamedDependency[Caller], devices: NamedDependency[DevicesFlow]
) -> Response[Any]:
    """Remove it; where that closes this very session, the login says so. What has gone already needs no more."""
    try:
        over = await (devices.remove(caller, data.kind, data.id) if data.id else devices.remove_all(caller, data.kind))
    except Refused as refused:
        if refused.why is not Why.NOT_FOUND:
            raise
        over = False
    if over:
        return go(f"{NUMBER}?fermee=true", headers=CLEAR_SITE_DATA)
    return go(f"{DEVICES}?retire=true")


@post(f"{DEVICES}/proposition")
async def offer_again(caller: NamedDependency[Caller], biometrics: NamedDependency[BiometricsFlow]) -> Response[Any]:
    """Take back *never*."""
    await biometrics.answer_offer(caller, "later")
    return go(f"{DEVICES}?propose=true")


@post(f"{DEVICES}/reconnexion")
async def log_in_again(
    caller: NamedDependency[Caller], biometrics: NamedDependency[BiometricsFlow], login: NamedDependency[LoginFlow]
) -> Response[Any]:
    """To a full login, after which biometrics are offered: who asks for them takes back *never*."""
    await biometrics.answer_offer(caller, "later")
    await login.log_out(caller)
    return go(f"{NUMBER}?complete=true", headers=CLEAR_SITE_DATA)


@get([f"{DEVICES}/{last}" for last in ("retrait", "proposition", "reconnexion")])
async def reloaded() -> Response[Any]:
    """An address that only takes a press of a button, reloaded or gone back to."""
    return go(DEVICES)


router = Router(
    "/",
    route_handlers=[devices_list, remove, offer_again, log_in_again, reloaded],
    dependencies={"devices_page": Provide(provide_devices_page)},
    include_in_schema=False,
)
