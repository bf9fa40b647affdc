"""Piccolo's view of our tables, for migrations."""

from pathlib import Path

from piccolo.conf.apps import AppConfig

from server.records import tables

APP_CONFIG = AppConfig(
    app_name="portillon",
    migrations_folder_path=str(Path(__file__).parent / "migrations"),
    table_classes=list(tables.ALL),
)
