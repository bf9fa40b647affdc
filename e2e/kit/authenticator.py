"""A fingerprint or face reader for a page: Chromium's virtual authenticator, over the DevTools protocol's WebAuthn domain.

What it does not do, learnt by trying:

- It belongs to one page and follows it through its navigations. Another tab does not see it: `copy_to` gives it one of its own,
  with the same keys.
- It works where the page's host may be a relying party: https, or ``localhost``. ``127.0.0.1`` may not.
- A conditional ``get()`` (autofill) is answered at once, without a click, where somebody touches the reader: `is_not_touched`
  first, to see a page that waits.
- Autofill is armed a moment after a page has come: a touch in that moment is taken by autofill, and a button that is pressed then has
  gone. `armed` waits for it.
- A ceremony that has begun untouched waits until the page aborts it or its time-out ends it; who touches the reader later answers
  the next one.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Self

from playwright.sync_api import Page, expect

# A credential as the protocol tells it (`WebAuthn.Credential`): credentialId, privateKey, rpId, userHandle, signCount...
Credential = Mapping[str, Any]

_READER = {
    "protocol": "ctap2",
    "ctap2Version": "ctap2_1",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
}

# Writes on the page what it has asked of the reader since it was loaded, and what is under way.
_WITNESS = """for (const kind of ['create', 'get']) {
    const real = CredentialsContainer.prototype[kind];
    CredentialsContainer.prototype[kind] = function (options) {
        const told = document.documentElement.dataset, name = `${kind} ${options.mediation ?? 'on-demand'}`;
        const asked = real.call(this, options);
        told.ceremonies = `${told.ceremonies ?? ''} ${name};`;
        told.ceremony = name;
        const over = () => { if (told.ceremony === name) delete told.ceremony; };
        asked.then(over, over);
        return asked;
    };
}"""


class Authenticator:
    """The reader of one page's device; whoever touches it is its owner, until told otherwise.

    ``present=False``: a device without a reader, whatever the machine has; it `arrives` later, if ever.
    Each method that changes something returns the reader, and raises playwright.sync_api.Error where there is none.
    """

    def __init__(self, page: Page, *, present: bool = True) -> None:
        self._page = page
        page.add_init_script(_WITNESS)
        self._session = page.context.new_cdp_session(page)
        self._id: str | None = None
        self._session.send("WebAuthn.enable", {"enableUI": False})
        if present:
            self.arrives()

    def arrives(self, *, touched: bool = True) -> Self:
        """The device has a reader from now on, without any credential."""
        options = {**_READER, "automaticPresenceSimulation": touched}
        self._id = str(self._session.send("WebAuthn.addVirtualAuthenticator", {"options": options})["authenticatorId"])
        return self

    def remove(self) -> None:
        """The device has no reader any more, and what it held is lost."""
        self._ask("removeVirtualAuthenticator")
        self._id = None

    def recognises(self) -> Self:
        """A touch, and it is the owner's."""
        self._ask("setUserVerified", isUserVerified=True)
        return self._touched(touched=True)

    def refuses(self) -> Self:
        """A touch, and it is not the owner's: ceremonies end at once in NotAllowedError."""
        self._ask("setUserVerified", isUserVerified=False)
        return self._touched(touched=True)

    def is_not_touched(self) -> Self:
        """Nobody touches it: ceremonies that begin now wait, a cancelled one as well as a forgotten one."""
        return self._touched(touched=False)

    def armed(self) -> Self:
        """Wait until the page's autofill waits for a touch."""
        expect(self._page.locator("html")).to_have_attribute("data-ceremony", "get conditional")
        return self

    def asked(self) -> Sequence[str]:
        """What the page has asked since it was loaded: "create on-demand", "get on-demand", "get conditional"."""
        told = self._page.locator("html").get_attribute("data-ceremonies") or ""
        return [name.strip() for name in told.split(";") if name]

    def credentials(self) -> Sequence[Credential]:
        """All that it holds."""
        return tuple(self._ask("getCredentials")["credentials"])

    def forget(self, credential: Credential) -> Self:
        """Its owner deletes one in the device's settings."""
        self._ask("removeCredential", credentialId=credential["credentialId"])
        return self

    def copy_to(self, page: Page) -> "Authenticator":
        """A reader with the same keys and counters for another page, a second tab or a thief's copy; nobody touches it yet.

        The two count apart from here on, so the one that is used second shows a counter that the site has seen.
        """
        other = Authenticator(page, present=False).arrives(touched=False)
        for credential in self.credentials():
            other._ask("addCredential", credential=dict(credential))
        return other

    def _touched(self, *, touched: bool) -> Self:
        self._ask("setAutomaticPresenceSimulation", enabled=touched)
        return self

    def _ask(self, what: str, **parameters: Any) -> dict[str, Any]:
        return dict(self._session.send(f"WebAuthn.{what}", {"authenticatorId": self._id or "", **parameters}))
