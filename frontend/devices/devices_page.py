"""« Mes appareils et biométrie » in all its states."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from litestar.di import NamedDependency

from frontend.answers import Html, page, refusal_view
from frontend.rendering import Pages
from server.admission import Admission
from server.biometrics.flow import BiometricsFlow
from server.biometrics.offer import BiometricOffer
from server.clock import Clock
from server.devices.flow import DevicesFlow, Item
from server.known_browsers import KnownBrowsers
from server.refusals import Refused
from server.request_context import Caller
from server.settings import SiteSettings

DEVICES = "/mes-appareils"
State = Literal["active", "renewable", "expired"]


@dataclass(frozen=True, slots=True)
class DevicesPage:
    """Shows it to one caller."""

    caller: Caller
    admission: Admission
    devices: DevicesFlow
    biometrics: BiometricsFlow
    offer: BiometricOffer
    browsers: KnownBrowsers
    clock: Clock
    pages: Pages
    site: SiteSettings

    async def show(self, *, refused: Refused | None = None, done: str = "", unknown: dict[str, str] | None = None) -> Html:
        """Everything that lets the owner in.

        `refused`: an activation, `unknown`: its key, which the browser should forget; `done`: what was.
        Raises Refused(NOT_SIGNED_IN).
        """
        who = await self.admission.signed_in(self.caller)
        found = await self.devices.of(self.caller, who)
        here = self._here(found.biometric_credentials)
        return page(
            self.pages,
            "devices/devices.html",
            DEVICES,
            signed_in=True,
            refused=refused,
            trusted_devices=found.trusted_devices,
            credentials=[(item, self._state(item)) for item in found.biometric_credentials],
            sessions=found.sessions,
            here=here,
            unknown=unknown,
            may_activate=self.offer.may_activate(who),
            declined=await self.browsers.biometrics_declined(self.caller, who.account),
            refusal=refusal_view(refused, self.site) if refused else None,
            done="" if done == "activated" and here != "active" else done,
            accepted=await self.biometrics.accepted(who.account),
        )

    def _state(self, item: Item) -> State:
        if item.expires_at <= self.clock.now():
            return "expired"
        return "renewable" if self.offer.may_renew(item.expires_at) else "active"

    def _here(self, items: Sequence[Item]) -> State | None:
        """How biometrics stand in this browser."""
        states = {self._state(item) for item in items if item.current}
        order: tuple[State, ...] = ("active", "renewable", "expired")
        return next((state for state in order if state in states), None)


async def provide_devices_page(  # noqa: PLR0913, PLR0917 - Litestar injects by name
    caller: NamedDependency[Caller],
    admission: NamedDependency[Admission],
    devices: NamedDependency[DevicesFlow],
    biometrics: NamedDependency[BiometricsFlow],
    offer: NamedDependency[BiometricOffer],
    browsers: NamedDependency[KnownBrowsers],
    clock: NamedDependency[Clock],
    pages: NamedDependency[Pages],
    site: NamedDependency[SiteSettings],
) -> DevicesPage:
    """Litestar dependency `devices_page`."""
    return DevicesPage(caller, admission, devices, biometrics, offer, browsers, clock, pages, site)
