"""Holds a result against `thresholds.toml`."""

import math
import tomllib
from dataclasses import dataclass
from pathlib import Path

from portal_load import names
from portal_load.portal import SERVER_ERROR
from portal_load.scenarios import SCENARIOS
from portal_load.system import Samples

FILE = Path(__file__).parent.parent / "thresholds.toml"
# Need samples that only `cargo xtask load` takes.
OF_THE_SYSTEM = ("connections", "cache_hits", "cpu")

PASS, FAIL, NOT_MEASURED = "pass", "FAIL", "not measured"
WORDS = {"below": "<", "above": ">", "at_least": "≥"}


@dataclass(frozen=True)
class Measured:
    """A value, and what else there is to say about it."""

    value: float
    remark: str = ""


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    label: str
    unit: str
    limit: dict
    measured: Measured | None
    aim: dict | None = None
    # Whether the run fails where it could not be measured.
    is_required: bool = True

    @property
    def verdict(self) -> str:
        return verdict(self.limit, self.measured)

    @property
    def aim_verdict(self) -> str:
        return verdict(self.aim, self.measured) if self.aim else ""

    @property
    def passed(self) -> bool:
        return self.verdict == PASS or (self.verdict == NOT_MEASURED and not self.is_required)


def verdict(limit: dict, measured: Measured | None) -> str:
    if measured is None:
        return NOT_MEASURED
    ((word, bound),) = limit.items()
    holds = {
        "below": measured.value < bound,
        "above": measured.value > bound,
        "at_least": measured.value >= bound,
    }[word]
    return PASS if holds else FAIL


def percentile(histogram, share: float) -> float:
    """The smallest time that at least this share of requests did not exceed."""
    total = sum(count for _, count in histogram)
    needed, seen = math.ceil(share * total), 0
    for value, count in sorted(histogram):
        seen += count
        if seen >= needed:
            return float(value)
    raise ValueError("no times")


def judge(result: dict, samples: Samples, thresholds: dict | None = None) -> list[Row]:
    """The table of a run."""
    thresholds = thresholds or tomllib.loads(FILE.read_text())
    scenario = thresholds["scenarios"][result["scenario"]]
    limits = thresholds["columns"][scenario["column"]]
    if "only" in scenario:
        limits = {key: limits[key] for key in scenario["only"]}
    limits = {**limits, **scenario.get("also", {})}
    aims = thresholds["columns"].get(scenario.get("aim"), {})
    during = samples.between(result["from"], result["to"])
    rows = []
    for key, limit in limits.items():
        metric = thresholds["metrics"][key]
        rows.append(
            Row(
                label=metric["label"],
                unit=metric.get("unit", ""),
                limit=limit,
                measured=MEASURES[metric["kind"]](metric, result, during),
                aim=aims.get(key),
                is_required=samples.were_taken or metric["kind"] not in OF_THE_SYSTEM,
            )
        )
    return rows


def named(requests, result):
    return [one for one in result["requests"] if f"{one['method']} {one['name']}" in requests]


def is_request(one) -> bool:
    return one["method"] != names.JOB


def _p95(metric, result, _):
    times = [pair for one in named(metric["requests"], result) for pair in one["histogram"]]
    return Measured(percentile(times, 0.95)) if times else None


def _slowest_p95(_, result, __):
    requests = [one for one in result["requests"] if is_request(one)]
    if not requests:
        return None
    slowest = max(requests, key=lambda one: percentile(one["histogram"], 0.95))
    return Measured(
        percentile(slowest["histogram"], 0.95), f"{slowest['method']} {slowest['name']}"
    )


def _share_of_errors(result, counts):
    total = sum(one["count"] for one in result["requests"])
    found = sum(one["occurrences"] for one in result["errors"] if counts(one["error"]))
    return Measured(100 * found / total, f"{found} of {total}") if total else None


def _server_errors(_, result, __):
    return _share_of_errors(result, lambda error: SERVER_ERROR in error)


def _unexpected(_, result, __):
    return _share_of_errors(result, lambda error: SERVER_ERROR not in error)


def _arrived(metric, result, _):
    entries = named(metric["requests"], result)
    return Measured(sum(one["count"] - one["failures"] for one in entries))


def _lock_rounds(_, result, __):
    everybody = SCENARIOS["lock-storm"].storm_users
    # Rounds that began before the measuring or were cut off by its end had not everybody in them.
    full = [(won, lost) for _, won, lost in result["lock_rounds"] if won + lost == everybody]
    if not full:
        return None
    good = sum(won == 1 for won, _ in full)
    return Measured(100 * good / len(full), f"{good} of {len(full)}")


def _connections(_, __, samples):
    most = samples.most("connections")
    if most is None:
        return None
    return Measured(most, f"at most {samples.most('waiting')} clients waiting")


def _cache_hits(_, __, samples):
    found = samples.cache_hit_percent()
    return Measured(*found) if found else None


def _cpu(_, __, samples):
    busiest = samples.busiest_service()
    return Measured(busiest.cpu_percent, busiest.name) if busiest else None


MEASURES = {
    "p95": _p95,
    "slowest_p95": _slowest_p95,
    "server_errors": _server_errors,
    "unexpected": _unexpected,
    "arrived": _arrived,
    "lock_rounds": _lock_rounds,
    "connections": _connections,
    "cache_hits": _cache_hits,
    "cpu": _cpu,
}
