from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.table import Table

ID = "2026-11-21T04:10:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "find the mails that are due, however many were sent"


class _Raw(Table):
    """Piccolo runs a statement as written through a table, any table."""


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="portillon", description=DESCRIPTION)

    async def create() -> None:
        await _Raw.raw(
            "CREATE INDEX outbox_due ON outbox_message (next_try_at) WHERE sent_at IS NULL AND dropped_at IS NULL"
        )

    async def drop() -> None:
        await _Raw.raw("DROP INDEX outbox_due")

    manager.add_raw(create)
    manager.add_raw_backwards(drop)
    return manager
