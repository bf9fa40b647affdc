"""A small server that shows the pages of `states` under the real content security policy, to look at them in a browser."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from mimetypes import guess_type
from pathlib import Path
from threading import Thread

from frontend.rendering import FOLDER
from server.biometrics.options import authentication_options, registration_options
from tests.frontend.states import STATES, render

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; font-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'; manifest-src 'self'"
)
HTMX = FOLDER.parent / "node_modules/htmx.org/dist/htmx.min.js"
# What a form gets: a page with its true status, or onward by 303, or no answer at all, or a proxy's.
GET = {
    "/connexion": "number",
    "/connexion/code": "code-enter",
    "/accueil": "home",
    "/aide": "help/index",
    "/mes-appareils": "devices-activated",
}
KNOWN = b"known"  # a credential that the person has
# Options as the server gives them, with a challenge that nobody looks for.
OPTIONS = {
    "/connexion/biometrie/options": authentication_options(rp_id="localhost", challenge=bytes(32), timeout_ms=60_000),
    "/mes-appareils/biometrie/options": registration_options(
        rp_id="localhost",
        rp_name="Essai",
        user_handle=bytes(64),
        user_name="2 •• •• •• ••• •84",
        display_name="Camille Ferrand",
        challenge=bytes(32),
        exclude=[KNOWN],
        timeout_ms=60_000,
    ),
}
POST: dict[str, tuple[int, str]] = {
    "/connexion": (401, "number-wrong"),
    "/connexion/code/envoi": (303, "/connexion/code"),
    "/deconnexion": (502, "Bad gateway"),
    "/connexion/biometrie": (401, "number-biometric-failed"),
    "/mes-appareils/biometrie": (303, "/mes-appareils"),
    "/accueil/biometrie": (303, "/accueil"),
}


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        if path == "/static/vendor/htmx.min.js":
            self._send_file(HTMX)
        elif path.startswith("/static/"):
            self._send_file(FOLDER / path.lstrip("/"))
        elif (name := path.removeprefix("/state/")) in STATES or (name := GET.get(path, "")):
            self._send(200, "text/html; charset=utf-8", render(name).encode())
        else:
            self._send(404, "text/plain", b"")

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"] or 0))
        status, what = POST.get(self.path, (0, ""))
        if self.path in OPTIONS:
            self._send(200, "application/json", json.dumps(OPTIONS[self.path]).encode())
        elif not status:
            self.close_connection = True
        elif status == 303:
            self.send_response(303)
            self.send_header("location", what)
            self.send_header("content-length", "0")
            self.end_headers()
        elif what in STATES:
            self._send(status, "text/html; charset=utf-8", render(what).encode())
        else:
            self._send(status, "text/plain", what.encode())

    def _send_file(self, file: Path) -> None:
        self._send(200, guess_type(file.name)[0] or "", file.read_bytes())

    def _send(self, status: int, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-security-policy", POLICY)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def stage() -> Iterator[str]:
    """Serve until the block ends; gives the address, by the one name where browsers allow WebAuthn without https."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://localhost:{server.server_port}"
        server.shutdown()
