from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.table import Table

ID = "2026-11-21T05:21:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "indexes that Piccolo's columns cannot express"


CREATE = (
    "CREATE INDEX outbox_due ON outbox_message (next_try_at) WHERE sent_at IS NULL AND dropped_at IS NULL",
    # A newer code voids the older one: the database holds us to it.
    "CREATE UNIQUE INDEX code_alive ON code (account, purpose) WHERE void_at IS NULL AND consumed_at IS NULL",
    # For housekeeping; rows come in the order of their instants.
    "CREATE INDEX activity_at ON activity USING brin (at)",
)


class _Raw(Table):
    """Piccolo runs a statement as written through a table, any table."""


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="portillon", description=DESCRIPTION)

    async def create() -> None:
        for statement in CREATE:
            await _Raw.raw(statement)

    async def drop() -> None:
        for name in ("outbox_due", "code_alive", "activity_at"):
            await _Raw.raw(f"DROP INDEX {name}")

    manager.add_raw(create)
    manager.add_raw_backwards(drop)
    return manager
