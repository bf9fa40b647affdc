"""What Piccolo's migrations and command line read; the server binds its engine itself."""

import os

from piccolo.conf.apps import AppRegistry
from piccolo.engine.postgres import PostgresEngine

# Making an engine asks the server for its version, so there is none where no address is set.
_url = os.environ.get("DATABASE_URL")
DB = PostgresEngine(config={"dsn": _url}) if _url else None
APP_REGISTRY = AppRegistry(apps=["server.records.piccolo_app"])
