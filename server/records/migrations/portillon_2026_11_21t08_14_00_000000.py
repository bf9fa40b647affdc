from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.table import Table

ID = "2026-11-21T08:14:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "indexes of biometrics that Piccolo's columns cannot express"


CREATE = (
    "CREATE UNIQUE INDEX known_browser_token ON known_browser (token_hash, account)",
    # For the reminders.
    "CREATE INDEX biometric_credential_ending ON biometric_credential (expires_at) WHERE ended_at IS NULL",
    "CREATE INDEX trusted_device_ending ON trusted_device (expires_at) WHERE ended_at IS NULL",
)


class _Raw(Table):
    """Piccolo runs a statement as written through a table, any table."""


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="portillon", description=DESCRIPTION)

    async def create() -> None:
        for statement in CREATE:
            await _Raw.raw(statement)

    async def drop() -> None:
        for name in ("known_browser_token", "biometric_credential_ending", "trusted_device_ending"):
            await _Raw.raw(f"DROP INDEX {name}")

    manager.add_raw(create)
    manager.add_raw_backwards(drop)
    return manager
