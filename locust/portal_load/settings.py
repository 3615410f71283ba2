"""What a run is told by its environment. Master and workers must be told the same."""

import os
from pathlib import Path

from portal_load.scenarios import SCENARIOS, Scenario


def scenario() -> Scenario | None:
    """The named scenario, with the length that was asked for; `None` if none is named."""
    name = os.environ.get("PORTAL_LOAD_SCENARIO")
    if not name:
        return None
    if name not in SCENARIOS:
        raise SystemExit(f"no scenario {name}; there are {', '.join(SCENARIOS)}")
    minutes = os.environ.get("PORTAL_LOAD_MINUTES")
    return SCENARIOS[name].lasting(float(minutes)) if minutes else SCENARIOS[name]


def round_name() -> str:
    """The budget round that holds the load data (`cargo xtask seed --scale load`)."""
    return os.environ.get("PORTAL_LOAD_ROUND", "LAST2026")


def workers() -> int:
    """How many Locust workers share the accounts between them."""
    return int(os.environ.get("PORTAL_LOAD_WORKERS", "1"))


def output() -> Path | None:
    """Where the result is written; nowhere if not set."""
    directory = os.environ.get("PORTAL_LOAD_OUTPUT")
    return Path(directory) if directory else None


def conditions() -> str:
    """On what machine and of what build, for the report."""
    return os.environ.get("PORTAL_LOAD_CONDITIONS", "")


def system_samples() -> Path | None:
    """Samples of processes, PgBouncer and the cache that `cargo xtask load` takes meanwhile."""
    file = os.environ.get("PORTAL_LOAD_SYSTEM")
    return Path(file) if file else None
