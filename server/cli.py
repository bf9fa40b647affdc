"""The `portillon` command."""

import asyncio
import os
from importlib import import_module
from importlib.util import find_spec
from urllib.parse import urlsplit

import click

from server.logs import set_up_logs
from server.registry_import.command import import_registry_command
from server.settings import Settings, SettingsError


@click.group()
def main() -> None:
    """Portillon: the account-access service of a public health insurer."""


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True)
@click.option("--workers", default=1, show_default=True, help="Processes; one a core serves best.")
def serve(host: str, port: int, workers: int) -> None:
    """Serve, by the settings in the environment."""
    from server.metrics import served_metrics
    from server.running import serve as run

    os.environ["PORTILLON_WORKERS"] = str(workers)
    with served_metrics(_settings().metrics_address, workers):
        run("server.asgi:build", host=host, port=port, workers=workers)


@main.command()
def worker() -> None:
    """Deliver mails and tidy up, apart from the server (which then has PORTILLON_DELIVER_MAIL=no)."""
    from server.jobs.worker import run_worker

    set_up_logs(as_json=True)
    asyncio.run(run_worker(_settings()))


@main.command()
def migrate() -> None:
    """Bring the database to the present shape."""
    from server.records.migrate import migrate as run

    settings = _settings()
    done = asyncio.run(run(settings.database_url))
    click.echo(f"{done} migrations stand in {urlsplit(settings.database_url).path.lstrip('/')}.")


main.add_command(import_registry_command)
# A package of its own, absent from the production image.
if find_spec("demo") and find_spec("demo.cli"):
    main.add_command(import_module("demo.cli").demo)


def _settings() -> Settings:
    try:
        return Settings.from_environment()
    except SettingsError as error:
        raise click.ClickException(str(error)) from error
