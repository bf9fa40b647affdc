"""Structured log lines on standard error: JSON in production, readable in the demo."""

import logging
import sys

import structlog


def set_up_logs(*, as_json: bool) -> None:
    """Once a process."""
    renderer: structlog.typing.Processor = structlog.processors.JSONRenderer() if as_json else structlog.dev.ConsoleRenderer()
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    for noisy in ("piccolo", "uvicorn.access"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
