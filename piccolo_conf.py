"""What Piccolo's migrations and command line read; the server binds its engine itself."""

import os

from piccolo.conf.apps import AppRegistry
from piccolo.engine.postgres import PostgresEngine

DB = PostgresEngine(config={"dsn": os.environ.get("DATABASE_URL", "")})
APP_REGISTRY = AppRegistry(apps=["server.records.piccolo_app"])
