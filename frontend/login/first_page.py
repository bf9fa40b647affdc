"""The login's first page in all its states: somebody it remembers or nobody, asked for a full login, refused."""

from contextlib import suppress
from dataclasses import dataclass

from litestar.di import NamedDependency

from frontend.answers import Html, page, refusal_view
from frontend.rendering import Pages
from server import nir
from server.known_browsers import KnownBrowsers
from server.records.accounts import Account
from server.refusals import Refused, Why
from server.request_context import Caller
from server.settings import SiteSettings
from server.web.faults import PART_AWAY
from server.wording.refusals import FIELD_WORDS

NUMBER = "/connexion"
# Why one is here.
INTERRUPTED, COMPLETE, CLOSED = "interrupted", "complete", "closed"
# Refusals that the first form shows; the others have a page of their own.
_ON_THE_FORM = {Why.INVALID_CREDENTIALS, Why.UNAVAILABLE, Why.BIOMETRIC_FAILED, Why.BIOMETRIC_EXPIRED}


@dataclass(slots=True)
class NumberForm:
    """What the first form sends. `remembered`: the number is the one that this browser remembers."""

    nir: str = ""
    password: str = ""
    remembered: bool = False
    remember_number: bool = False
    with_code: bool = False


@dataclass(frozen=True, slots=True)
class FirstPage:
    """Shows it to one caller."""

    caller: Caller
    pages: Pages
    site: SiteSettings
    browsers: KnownBrowsers

    async def number(self, form: NumberForm) -> str:
        """The number that the form is about. Raises Refused(INVALID_REQUEST): a field is empty, nobody is remembered any more."""
        known = await self.browsers.remembered(self.caller) if form.remembered else None
        errors = {name: "missing" for name in ("nir", "password") if not getattr(form, name).strip()}
        if form.remembered:
            errors["nir"] = "forgotten"
        if known:
            errors.pop("nir")
        if errors:
            raise Refused(Why.INVALID_REQUEST, errors=tuple(errors.items()))
        return known.nir if known else form.nir

    def cookies_refused(self) -> Html:
        """To a browser that sends none back: it could not keep the thread."""
        return page(self.pages, "login/cookies_refused.html", NUMBER, status=400)

    async def show(
        self,
        form: NumberForm | None = None,
        *,
        refused: Refused | None = None,
        said: str = "",
        unknown: dict[str, str] | None = None,
    ) -> Html:
        """With what was typed but the password.

        ``said``: why one is here, INTERRUPTED, COMPLETE or CLOSED. ``unknown``: a credential that the browser should forget.
        """
        kept, errors, view = form or NumberForm(), {}, None
        if refused and refused.why is Why.INVALID_REQUEST:
            errors = {field: FIELD_WORDS[kind] for field, kind in refused.members["errors"]}
        elif refused:
            view = refusal_view(refused, self.site)
            if refused.why not in _ON_THE_FORM and refused.members.get("scope") not in {"login", "address"}:
                return page(self.pages, "login/refused.html", NUMBER, refused=refused, refusal=view)
        known = await self._known() if form is None or form.remembered else None
        return page(
            self.pages,
            "login/number.html",
            NUMBER,
            refused=refused,
            nir=kept.nir,
            known=known and {"first_name": known.first_name, "nir": nir.masked(known.nir)},
            remember=kept.remember_number,
            with_code=kept.with_code or said == COMPLETE,
            refusal=view,
            field_errors=errors,
            said=said,
            unknown=unknown,
        )

    async def _known(self) -> Account | None:
        """Whom to greet: nobody while the database does not answer."""
        with suppress(*PART_AWAY):
            return await self.browsers.remembered(self.caller)
        return None


async def provide_first_page(
    caller: NamedDependency[Caller],
    pages: NamedDependency[Pages],
    site: NamedDependency[SiteSettings],
    browsers: NamedDependency[KnownBrowsers],
) -> FirstPage:
    """Litestar dependency `first_page`."""
    return FirstPage(caller, pages, site, browsers)
