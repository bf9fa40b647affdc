"""The home page in all its states: a notice that waits, the offer of biometrics, what came of an activation."""

from dataclasses import dataclass

from litestar.di import NamedDependency

from frontend.answers import Html, page, refusal_view
from frontend.rendering import Pages
from server.admission import Admission
from server.biometrics.flow import BiometricsFlow
from server.biometrics.offer import BiometricOffer
from server.clock import Clock
from server.refusals import Refused
from server.request_context import Caller
from server.settings import SiteSettings

HOME = "/accueil"


@dataclass(frozen=True, slots=True)
class HomePage:
    """Shows it to one caller."""

    caller: Caller
    admission: Admission
    biometrics: BiometricsFlow
    offer: BiometricOffer
    clock: Clock
    pages: Pages
    site: SiteSettings

    async def show(
        self, *, refused: Refused | None = None, activated: bool = False, unknown: dict[str, str] | None = None
    ) -> Html:
        """Who is in, and what waits. `refused`: an activation; `unknown`: its key, which the browser should forget.

        Raises Refused(NOT_SIGNED_IN).
        """
        who = await self.admission.signed_in(self.caller)
        # The address alone says nothing: anybody may have made the link.
        activated = activated and await self.offer.active_here(self.caller, who)
        offered = not refused and await self.offer.stands(self.caller, who)
        renews = await self.offer.renews(self.caller, who) if offered else None
        return page(
            self.pages,
            "home/home.html",
            HOME,
            signed_in=True,
            refused=refused,
            name=who.account.name,
            last_login_at=who.session.previous_login_at,
            authenticated_by=who.session.authenticated_by,
            expires_at=who.session_ends_at,
            notice=next(iter(who.notices), None),
            overlap_since=who.account.overlap_since,
            offered=offered,
            renews=renews,
            expired=renews is not None and renews <= self.clock.now(),
            refusal=refusal_view(refused, self.site) if refused else None,
            activated=activated,
            unknown=unknown,
            accepted=await self.biometrics.accepted(who.account) if activated or unknown else None,
        )


async def provide_home_page(
    caller: NamedDependency[Caller],
    admission: NamedDependency[Admission],
    biometrics: NamedDependency[BiometricsFlow],
    offer: NamedDependency[BiometricOffer],
    clock: NamedDependency[Clock],
    pages: NamedDependency[Pages],
    site: NamedDependency[SiteSettings],
) -> HomePage:
    """Litestar dependency `home_page`."""
    return HomePage(caller, admission, biometrics, offer, clock, pages, site)
