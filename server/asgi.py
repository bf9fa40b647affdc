"""What an ASGI server loads in each of its processes: `uvicorn --factory server.asgi:build`."""

from litestar.types import ASGIApp

from server.app import create_app
from server.logs import set_up_logs
from server.settings import Settings


def build() -> ASGIApp:
    """The service as its environment says. Raises SettingsError."""
    set_up_logs(as_json=True)
    return create_app(Settings.from_environment())
