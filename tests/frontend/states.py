"""Every page in every state it has, as (template, path, context): what the tests of pages render and look at."""

from datetime import UTC, date, datetime
from uuid import UUID

from frontend.answers import RefusalView, refusal_view
from frontend.help import pages as help_pages
from frontend.information import pages as information_pages
from frontend.rendering import Pages, Site
from server import nir
from server.devices.flow import Item
from server.policy import LOGIN_CODE_LIFE
from server.refusals import Refused, Why
from server.settings import SiteSettings
from server.wording.refusals import FIELD_WORDS

State = tuple[str, str, dict[str, object]]

NOW = datetime(2026, 11, 21, 13, 5, tzinfo=UTC)  # 14 h 05 in Paris
UNTIL = NOW + LOGIN_CODE_LIFE
SETTINGS = SiteSettings(insurer_name="Caisse des Deux Rives")


def site(*, kiosk: bool = False, federation: bool = False, demo: bool = False) -> Site:
    """A site as the settings make it."""
    return Site(
        insurer_name=SETTINGS.insurer_name,
        service_name=SETTINGS.service_name,
        helpline=SETTINGS.helpline,
        fund_mail=SETTINGS.fund_mail,
        kiosk=kiosk,
        federation=federation,
        demo=demo,
    )


def refusal(why: Why, *, because: str = "", **members: object) -> RefusalView:
    """A refusal with its real words."""
    return refusal_view(Refused(why, because=because, **members), SETTINGS)


def _number(**context: object) -> State:
    usual: dict[str, object] = {
        "nir": "",
        "known": None,
        "remember": False,
        "with_code": False,
        "refusal": None,
        "field_errors": {},
        "said": "",
        "unknown": None,
    }
    return "login/number.html", "/connexion", usual | context


def _code(step: str, **context: object) -> State:
    usual: dict[str, object] = {
        "step": step,
        "address": "v***@y***.fr",
        "reference": "7F3K",
        "expires_at": UNTIL,
        "requests_left": 4,
        "until": None,
        "code": "",
        "resent": False,
        "offer_trust": True,
        "trust_checked": False,
        "refusal": None,
    }
    return "login/code.html", "/connexion/code", usual | context


def _refused(why: Why, **members: object) -> State:
    return "login/refused.html", "/connexion", {"refusal": refusal(why, **members)}


def _home(name: str, last_login_at: datetime | None, *authenticated_by: str, **more: object) -> State:
    context: dict[str, object] = {
        "name": name,
        "last_login_at": last_login_at,
        "authenticated_by": authenticated_by,
        "expires_at": UNTIL,
        "notice": None,
        "overlap_since": None,
        "offered": False,
        "refusal": None,
        "activated": False,
        "accepted": None,
        "unknown": None,
        "renews": None,
        "expired": False,
    }
    return "home/home.html", "/accueil", context | more


def _item(label: str, *, used: bool = True, current: bool = False) -> Item:
    return Item(UUID(int=len(label)), label, NOW, NOW if used else None, UNTIL, current)


def _devices(**context: object) -> State:
    usual: dict[str, object] = {
        "trusted_devices": (_item("Firefox sur Linux", current=True), _item("Safari sur iOS")),
        "credentials": [
            (_item("Chrome Mobile sur Android", current=True), "active"),
            (_item("Edge sur Windows"), "renewable"),
            (_item("Safari sur Mac OS X", used=False), "expired"),
        ],
        "sessions": (_item("Firefox sur Linux", current=True), _item("Chrome Mobile sur Android")),
        "here": "active",
        "may_activate": True,
        "declined": False,
        "refusal": None,
        "done": "",
        "accepted": ACCEPTED,
        "unknown": None,
    }
    return "devices/devices.html", "/mes-appareils", usual | context


def _error(why: Why, reference: str | None = None, **members: object) -> State:
    said = refusal(why, **members)
    context: dict[str, object] = {"title": said.title, "detail": said.detail, "status": said.status}
    return "errors/error.html", "/ailleurs", context | {"reference": reference}


_LOGIN_LOCK = refusal(Why.LOCKED, until=UNTIL, scope="login")
_CODES_LOCK = refusal(Why.LOCKED, until=UNTIL, scope="login-code")
ACCEPTED = {"rpId": "localhost", "userId": "dXNlcg", "allAcceptedCredentialIds": ["b25l", "dHdv"]}
KNOWN = {"first_name": "Camille", "nir": nir.masked("2850578006084")}
UNKNOWN = {"rpId": "localhost", "credentialId": "b25l"}
_BAD_FIELDS = {"nir": "Ce numéro n’est pas reconnu.", "password": "Remplissez ce champ."}

STATES: dict[str, State] = {
    "number": _number(),
    "number-typed": _number(nir='2 85 05 2A "<b>', field_errors=_BAD_FIELDS),
    "number-wrong": _number(nir="2 85 05 00", refusal=refusal(Why.INVALID_CREDENTIALS, tries_left=2)),
    "number-locked": _number(nir="2 85 05 00", refusal=_LOGIN_LOCK),
    "number-address": _number(refusal=refusal(Why.LOCKED, until=UNTIL, scope="address")),
    "number-unavailable": _number(refusal=refusal(Why.UNAVAILABLE)),
    "number-interrupted": _number(said="interrupted"),
    "number-closed": _number(said="closed"),
    "number-complete": _number(said="complete", with_code=True),
    "number-known": _number(known=KNOWN),
    "number-known-complete": _number(known=KNOWN, said="complete", with_code=True),
    "number-known-wrong": _number(known=KNOWN, refusal=refusal(Why.INVALID_CREDENTIALS, tries_left=1)),
    "number-known-locked": _number(known=KNOWN, refusal=_LOGIN_LOCK),
    "number-forgotten": _number(field_errors={"nir": FIELD_WORDS["forgotten"]}),
    "number-biometric-failed": _number(refusal=refusal(Why.BIOMETRIC_FAILED)),
    "number-biometric-unknown": _number(refusal=refusal(Why.BIOMETRIC_FAILED, because="unknown"), unknown=UNKNOWN),
    "number-biometric-expired": _number(
        refusal=refusal(Why.BIOMETRIC_EXPIRED, credential_id="b25l", expired_on=date(2026, 11, 20)), unknown=UNKNOWN
    ),
    "code-ask": _code("ask"),
    "code-ask-unavailable": _code("ask", refusal=refusal(Why.UNAVAILABLE)),
    "code-enter": _code("enter"),
    "code-enter-resent": _code("enter", resent=True),
    "code-enter-kiosk": _code("enter", offer_trust=False),
    "code-enter-last": _code("enter", requests_left=0),
    "code-enter-wrong": _code("enter", code="123456", trust_checked=True, refusal=refusal(Why.INVALID_CODE, tries_left=1)),
    "code-enter-locked": _code("enter", refusal=_CODES_LOCK, until=UNTIL, requests_left=0),
    "code-expired": _code("expired"),
    "code-expired-typed": _code("expired", code="123456", refusal=refusal(Why.CODE_EXPIRED)),
    "code-expired-unavailable": _code("expired", refusal=refusal(Why.UNAVAILABLE)),
    "code-locked": _code("locked", refusal=_CODES_LOCK, until=UNTIL),
    "code-locked-reloaded": _code("locked", until=UNTIL),
    "refused-address-missing": _refused(Why.ADDRESS_MISSING),
    "refused-account-closed": _refused(Why.ACCOUNT_CLOSED, closed_on=date(2026, 3, 1)),
    "refused-file-update-needed": _refused(Why.FILE_UPDATE_NEEDED),
    "refused-attachment-pending": _refused(Why.ATTACHMENT_PENDING),
    "refused-locked": _refused(Why.LOCKED, until=UNTIL, scope="login-code"),
    "refused-recovery": _refused(Why.STEP_MISSING, next="recovery"),
    "cookies-refused": ("login/cookies_refused.html", "/connexion", {}),
    "home": _home("Camille Ferrand", NOW, "password", "code"),
    "home-first": _home("Marie-Antoinette Delarochefoucauld", None, "password", "trusted-device"),
    "home-biometric": _home("Camille Ferrand", NOW, "biometric"),
    "home-offered": _home("Camille Ferrand", NOW, "password", "code", offered=True),
    "home-renewable": _home("Camille Ferrand", NOW, "password", "code", offered=True, renews=UNTIL),
    "home-expired": _home("Camille Ferrand", NOW, "password", "code", offered=True, renews=UNTIL, expired=True),
    "home-activated": _home("Camille Ferrand", NOW, "password", "code", activated=True, accepted=ACCEPTED),
    "home-activation-failed": _home("Camille Ferrand", NOW, "password", "code", refusal=refusal(Why.BIOMETRIC_FAILED)),
    "home-activation-too-late": _home(
        "Camille Ferrand", NOW, "password", "code", refusal=refusal(Why.FULL_LOGIN_NEEDED, next="login")
    ),
    "home-terms": _home("Camille Ferrand", NOW, "password", "code", notice="terms"),
    "home-overlap": _home("Camille Ferrand", NOW, "password", "code", notice="overlap", overlap_since=date(2026, 7, 1)),
    "devices": _devices(),
    "devices-none": _devices(trusted_devices=(), credentials=[], sessions=(_item("Firefox", current=True),), here=None),
    "devices-renewable": _devices(here="renewable"),
    "devices-not-full": _devices(here="expired", may_activate=False),
    "devices-declined": _devices(here=None, declined=True),
    "devices-activated": _devices(done="activated"),
    "devices-removed": _devices(done="removed"),
    "devices-offered": _devices(done="offered"),
    "devices-refused": _devices(refusal=refusal(Why.BIOMETRIC_FAILED), unknown=UNKNOWN),
    "devices-known": _devices(refusal=refusal(Why.BIOMETRIC_FAILED, because="known")),
    "devices-too-late": _devices(refusal=refusal(Why.FULL_LOGIN_NEEDED, next="login"), here=None, may_activate=False),
    "error-400": _error(Why.INVALID_REQUEST, errors=()),
    "error-404": _error(Why.NOT_FOUND),
    "error-500": _error(Why.INTERNAL, reference="K7QD-2M9P"),
    "error-503": _error(Why.UNAVAILABLE),
} | {
    page.template.removesuffix(".html"): (
        page.template,
        page.path,
        {"title": page.title, "lists": information_pages.LISTS},
    )
    for page in (*help_pages.PAGES, *information_pages.PAGES)
}


def render(name: str, pages: Pages | None = None) -> str:
    """The page of a state, of a plain site unless `pages` says otherwise."""
    template, path, context = STATES[name]
    pages = pages or Pages(site())
    return pages.render(template, path=path, signed_in=name.startswith(("home", "devices")), **context)
