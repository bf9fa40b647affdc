"""`make bench`: the figures of the login on this machine. ARGS="--quick" takes a minute; ARGS="--only races" one part."""

import argparse
import asyncio
import json
import platform
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from benchmarks import biometrics, mail, races, speed
from benchmarks.site import Site
from e2e.kit.process import running_demo

_PARTS: dict[str, Callable[..., Awaitable[list[str]]]] = {
    "races": races.run,
    "logins": speed.logins,
    "storm": speed.storm,
    "unknown": speed.unknown,
    "biometrics": biometrics.run,
    "mail": mail.run,
}


def main() -> None:
    """Measure, print, and keep the lines in reports/bench.json, which git does not track."""
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--only", choices=list(_PARTS))
    options = parser.parse_args()
    told: dict[str, list[str]] = {}
    with (
        tempfile.TemporaryDirectory(prefix="portillon-bench-") as folder,
        running_demo(Path(folder) / "data", "--workers", "2") as demo,
    ):
        for name, part in _PARTS.items():
            if options.only in {None, name}:
                began = time.perf_counter()
                told[name] = asyncio.run(part(Site(demo.url, demo.pid), quick=options.quick))
                print(*told[name], f"  ({name}: {time.perf_counter() - began:.0f} s)", sep="\n", flush=True)
    report = Path("reports/bench.json")
    report.parent.mkdir(exist_ok=True)
    report.write_text(json.dumps({"machine": platform.processor() or platform.machine(), "figures": told}, indent=1))


if __name__ == "__main__":
    main()
