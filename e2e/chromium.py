"""Debian's Chromium, which asks nobody else for anything."""

import shutil
from typing import Any

_NAMES = ("chromium", "chromium-browser", "google-chrome")
_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def launch_options() -> dict[str, Any]:
    """What Playwright needs to start it; where there is none, Playwright says how to get its own."""
    found = next(filter(None, map(shutil.which, _NAMES)), None)
    return {"executable_path": found, "args": list(_FLAGS)}
