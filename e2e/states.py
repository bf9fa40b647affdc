"""How each state of each page is reached, for real: what axe looks at and pictures are taken of."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from playwright.sync_api import BrowserContext, expect

from e2e.kit.plugin import MakePerson
from e2e.kit.space import Inbox, MovableClock, Person
from e2e.login import Login, wrong
from frontend.help import pages as help_pages
from frontend.information import pages as information_pages
from server import policy


@dataclass(frozen=True, slots=True)
class Stage:
    """Somebody at the login's first page, and what may be done behind the scene."""

    login: Login
    context: BrowserContext
    person: MakePerson
    inbox: Inbox
    clock: MovableClock

    def refused_for(self, persona: str) -> None:
        """A right password, and yet no way in."""
        self.login.give(self.person(persona))
        expect(self.login.alert).to_be_visible()

    def wrong_passwords(self, count: int) -> None:
        """So many, each answered before the next."""
        somebody = self.person()
        for turn in range(count):
            self.login.give(somebody, f"au hasard {turn}")
            left = policy.PASSWORD_TRIES.tries - turn - 1
            expect(self.login.alert).to_contain_text(f"{left} essai" if left else "Vous pourrez réessayer")

    def asked(self) -> Person:
        """A code may be asked for."""
        somebody = self.person()
        self.login.give(somebody)
        expect(self.login.heading).to_have_text("Un code de sécurité est nécessaire")
        return somebody

    def sent(self, count: int = 1) -> str:
        """So many codes were asked for; the first one."""
        somebody = self.asked()
        self.login.ask()
        for turn in range(1, count):
            left = policy.LOGIN_CODES_PER_HOUR.count - turn
            expect(self.login.page.get_by_text(f"Encore {left} envoi")).to_be_visible()
            self.login.press("Recevoir un nouveau code")
        expect(self.login.code).to_be_visible()
        return self.inbox.code(somebody)

    def wrong_codes(self, count: int) -> None:
        """So many."""
        code = wrong(self.sent())
        for turn in range(count):
            self.login.enter(code)
            left = policy.CODE_TRIES.tries - turn - 1
            expect(self.login.alert).to_contain_text(f"{left} essai" if left else "Vous pourrez")

    def quota_reached(self) -> None:
        """One code more than may be."""
        self.sent(policy.LOGIN_CODES_PER_HOUR.count)
        expect(self.login.page.get_by_text("Une demande de plus")).to_be_visible()
        self.login.press("Recevoir quand même un nouveau code")
        expect(self.login.refused("locked")).to_be_visible()

    def quota_outlasts_code(self) -> None:
        """And the codes sent before have had their time."""
        self.quota_reached()
        self.clock.advance(policy.LOGIN_CODE_LIFE)
        self.login.page.reload()
        expect(self.login.page.locator("[data-step=locked]")).to_be_visible()

    def expired(self, *, typed: bool = False) -> None:
        """A code has had its time, which a reload shows, or the code itself when it is typed."""
        code = self.sent()
        self.clock.advance(policy.LOGIN_CODE_LIFE)
        if typed:
            self.login.enter(code)
        else:
            self.login.page.reload()
        expect(self.login.refused("code-expired")).to_be_visible()

    def only_a_reset_helps(self) -> None:
        """So many wrong codes in a row that the password is taken to be known to a stranger."""
        somebody, ask = self.person(), self.context.request
        for _ in range(policy.WRONG_CODES_IN_A_ROW // policy.CODE_TRIES.tries):
            ask.post("/api/v1/login", data={"nir": somebody.nir, "password": somebody.password})
            ask.post("/api/v1/login/code")
            code = wrong(self.inbox.code(somebody))
            for _ in range(policy.CODE_TRIES.tries):
                ask.post("/api/v1/login/code/check", data={"code": code, "trust_device": False})
            self.clock.advance(policy.CODE_TRIES.length + timedelta(seconds=1))
        self.login.open().give(somebody)
        expect(self.login.refused("step-missing")).to_be_visible()

    def home(self, persona: str = "ordinary", *, remember: bool = False) -> Person:
        """Signed in."""
        somebody = self.person(persona)
        self.login.log_in(somebody, self.inbox, remember=remember)
        return somebody

    def home_without_code(self) -> None:
        """On a device of one's own."""
        somebody = self.home(remember=True)
        self.login.log_out()
        self.login.give(somebody)
        self.login.is_home(somebody)

    def interrupted(self) -> None:
        """A login left for too long."""
        self.asked()
        self.clock.advance(policy.LOGIN_ATTEMPT_LIFE)
        self.login.open("/connexion/code")
        expect(self.login.page.get_by_text("s’est interrompue")).to_be_visible()

    def cookies_lost(self) -> None:
        """As a browser that refuses cookies; it knows no autofill of biometrics, which would come by another one meanwhile."""
        self.login.page.add_init_script("delete window.PublicKeyCredential")
        self.login.open()
        self.context.clear_cookies(name="portillon-accepted")
        self.context.clear_cookies(name="portillon-ceremony")
        self.login.give(self.person())
        expect(self.login.refused("cookies-refused")).to_be_visible()

    def form_to_a_wrong_place(self) -> None:
        """A form sent to a page that takes none."""
        self.login.page.evaluate("document.querySelector('form').action = '/aide'")
        self.login.page.evaluate("document.querySelector('form').submit()")
        expect(self.login.page.get_by_text("Erreur 405")).to_be_visible()

    def mailbox(self, *, opened: bool = False) -> None:
        """The demo's mailbox of one person, or the mail in it."""
        somebody = self.asked()
        self.login.ask()
        mail = self.inbox.next(somebody)
        self.login.open(f"/demo/boite/{mail.id}" if opened else f"/demo/boite?a={somebody.email}")
        expect(self.login.page.get_by_text(f"{(mail.code or '')[:3]}\u00a0").first).to_be_visible()

    def wrong_space(self) -> None:
        """A name that no space can have."""
        self.login.open("/demo/horloge").page.get_by_label("Changer d’espace").fill("é !")
        self.login.page.get_by_role("button", name="Y aller").click()
        expect(self.login.page.get_by_text("Ce nom ne convient pas.")).to_be_visible()


def _page(path: str) -> Callable[[Stage], object]:
    return lambda stage: stage.login.open(path)


STATES: dict[str, Callable[[Stage], object]] = {
    "number": lambda _: None,
    "number-shown": lambda stage: stage.login.page.get_by_role("button", name="Afficher le mot de passe").click(),
    "number-empty": lambda stage: stage.login.press("Se connecter"),
    "number-wrong": lambda stage: stage.wrong_passwords(1),
    "number-locked": lambda stage: stage.wrong_passwords(policy.PASSWORD_TRIES.tries),
    "number-interrupted": Stage.interrupted,
    "cookies-refused": Stage.cookies_lost,
    "address-missing": lambda stage: stage.refused_for("no-address"),
    "account-closed": lambda stage: stage.refused_for("closed"),
    "file-update-needed": lambda stage: stage.refused_for("no-fund"),
    "attachment-pending": lambda stage: stage.refused_for("attachment-pending"),
    "only-a-reset-helps": Stage.only_a_reset_helps,
    "code-ask": Stage.asked,
    "code-enter": Stage.sent,
    "code-again": lambda stage: stage.sent(2),
    "code-last-request": lambda stage: stage.sent(policy.LOGIN_CODES_PER_HOUR.count),
    "code-quota": Stage.quota_reached,
    "code-quota-expired": Stage.quota_outlasts_code,
    "code-wrong": lambda stage: stage.wrong_codes(1),
    "code-locked": lambda stage: stage.wrong_codes(policy.CODE_TRIES.tries),
    "code-expired": Stage.expired,
    "code-expired-typed": lambda stage: stage.expired(typed=True),
    "home-first": Stage.home,
    "home": lambda stage: stage.home("second-login"),
    "home-trusted": Stage.home_without_code,
    "error-404": _page("/nulle-part"),
    "error-405": Stage.form_to_a_wrong_place,
    "problem": _page("/problems/locked"),
    "demo-people": _page("/demo"),
    "demo-mailbox": Stage.mailbox,
    "demo-mailbox-empty": _page("/demo/boite?a=personne@boite.example"),
    "demo-mail": lambda stage: stage.mailbox(opened=True),
    "demo-clock": _page("/demo/horloge"),
    "demo-clock-wrong": Stage.wrong_space,
}

# Pages that only tell something.
READING = [page.path for page in (*help_pages.PAGES, *information_pages.PAGES)]
