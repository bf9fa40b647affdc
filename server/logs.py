"""Structured log lines on standard error: JSON in production, readable in the demo."""

import logging
import sys
import traceback

import structlog


def told(fault: BaseException) -> dict[str, object]:
    """What may be logged of an exception: its kind and where it arose. Its message may hold a row's values, and so a number."""
    chain: list[str] = []
    cause: BaseException | None = fault
    while cause is not None:
        chain.append(f"{type(cause).__module__}.{type(cause).__qualname__}")
        cause = cause.__cause__ or cause.__context__
    frames = traceback.extract_tb(fault.__traceback__)
    return {
        "fault": " < ".join(chain),
        "sqlstate": getattr(fault, "sqlstate", None),
        "at": [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames],
    }


def set_up_logs(*, as_json: bool) -> None:
    """Once a process."""
    renderer: structlog.typing.Processor = structlog.processors.JSONRenderer() if as_json else structlog.dev.ConsoleRenderer()
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    for noisy in ("piccolo", "uvicorn.access"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
