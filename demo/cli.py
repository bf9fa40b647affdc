"""``portillon demo``: the whole service on this machine, with invented people, a mailbox and a clock that moves."""

from pathlib import Path

import click


class _Refused(click.ClickException):
    """Told in one sentence; nothing was started."""

    exit_code = 2


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="A loopback address; the demo takes no other.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(0, 65535), help="0 takes a free one.")
@click.option(
    "--data",
    default=Path(".data"),
    show_default=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="Keys and engines' data.",
)
@click.option("--workers", default=1, show_default=True, type=click.IntRange(1, 64), help="Processes that serve.")
def demo(host: str, port: int, data: Path, workers: int) -> None:
    """Serve the demo on this machine, with a mailbox, invented people and a clock that moves.

    With DATABASE_URL and REDIS_URL set it runs on those engines, else on its own, whose data it keeps in the data folder.
    """
    try:
        from demo.running import run
    except ModuleNotFoundError as missing:
        raise _Refused(f'{missing.name} is not installed: pip install "portillon[demo]".') from missing
    from demo.guard import DemoRefused

    try:
        run(host, port, data, workers)
    except DemoRefused as refused:
        raise _Refused(str(refused)) from refused
