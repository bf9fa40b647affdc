"""What Prometheus reads: events by kind and outcome, and passwords waiting for a core."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import prometheus_client
from prometheus_client.multiprocess import MultiProcessCollector

# Every line of the journal: logins, refusals, codes, devices.
EVENTS = prometheus_client.Counter("portillon_events", "Events of the journal.", ["kind", "outcome"])
HASHING = prometheus_client.Gauge("portillon_hashing", "Passwords being hashed or waiting.", multiprocess_mode="livesum")


@contextmanager
def served_metrics(address: str, workers: int) -> Iterator[None]:
    """Serve ``/metrics`` on an address of its own (``host:port``; empty: nowhere) while the workers run.

    Raises OSError where the address is taken.
    """
    host, _, port = address.rpartition(":")
    if not port:
        yield
        return
    with ExitStack() as undo:
        registry = prometheus_client.REGISTRY
        if workers > 1:
            # Set before any worker starts: their prometheus_client then counts in files, which this process sums.
            os.environ["PROMETHEUS_MULTIPROC_DIR"] = undo.enter_context(tempfile.TemporaryDirectory(prefix="portillon-metrics-"))
            registry = prometheus_client.CollectorRegistry()
            MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        server, thread = prometheus_client.start_http_server(int(port), host, registry)
        undo.callback(thread.join)
        undo.callback(server.server_close)
        undo.callback(server.shutdown)
        yield
