"""What a run leaves behind: counts and times of the part that was measured, and their judgement.

Listens to Locust's events on the master, or on the only process, and passes between master and
workers what Locust's own statistics do not hold.
"""

import json
import logging
import time
from collections import defaultdict
from datetime import UTC, datetime
from pathlib import Path

import locust
from gevent.event import Event
from locust import events
from locust.runners import MasterRunner, WorkerRunner

from portal_load import judgement, report, settings, system, world

log = logging.getLogger(__name__)
BEGIN_MESSAGE = "portal_measuring_begins"
# Exit codes: a threshold was missed; the run could not be made.
MISSED, UNFIT = 1, 2

# Set when everybody has signed in and the measuring has begun.
measuring = Event()
_from: float | None = None
# The statistics when the time was up: everybody leaves then, all at once, which counts no more.
_result: dict | None = None
_table: str | None = None


class Rounds:
    """Winners and losers of each round of the lock storm."""

    def __init__(self):
        self._counts = defaultdict(lambda: [0, 0])

    def record(self, nth, won, times=1):
        self._counts[nth][0 if won else 1] += times

    def take(self):
        """What was counted since the last time, to be sent to the master."""
        counts, self._counts = dict(self._counts), defaultdict(lambda: [0, 0])
        return [[nth, *won_and_lost] for nth, won_and_lost in counts.items()]

    def add(self, taken):
        for nth, won, lost in taken:
            self.record(nth, True, won)
            self.record(nth, False, lost)

    def as_list(self):
        return [[nth, *self._counts[nth]] for nth in sorted(self._counts)]


rounds = Rounds()


def listen() -> None:
    """Joins Locust's events. Called by the locustfile in every process."""
    events.init.add_listener(_on_init)
    events.test_start.add_listener(_on_test_start)
    events.test_stop.add_listener(_on_test_stop)
    events.quit.add_listener(_on_quit)
    events.report_to_master.add_listener(_on_report_to_master)
    events.worker_report.add_listener(_on_worker_report)


def begin(runner) -> None:
    """From now on it counts."""
    global _from, _result
    runner.stats.reset_all()
    _from, _result = time.time(), None
    measuring.set()
    if isinstance(runner, MasterRunner):
        runner.send_message(BEGIN_MESSAGE)
    log.info("everybody is there: measuring")


def end(runner, scenario) -> None:
    """What comes now no longer counts."""
    global _result
    _result = describe(runner.stats, scenario)


def _on_init(environment, **_):
    if isinstance(environment.runner, WorkerRunner):
        environment.runner.register_message(BEGIN_MESSAGE, lambda **_: measuring.set())


def _on_test_start(environment, **_):
    global _from, _result, _table
    _from = _result = _table = None
    measuring.clear()
    rounds.take()
    runner = environment.runner
    if isinstance(runner, MasterRunner):
        return
    worker = max(getattr(runner, "worker_index", 0), 0)
    try:
        environment.portal_world = world.explore(
            environment.host, settings.round_name(), worker, settings.workers()
        )
    except Exception as error:  # noqa: BLE001 - whatever it is, there is nothing to load
        log.error("the run cannot begin: %s", error)
        environment.process_exit_code = UNFIT
        runner.quit()


def _on_report_to_master(client_id, data):
    data["lock_rounds"] = rounds.take()


def _on_worker_report(client_id, data):
    rounds.add(data.get("lock_rounds", []))


def _on_test_stop(environment, **_):
    global _table
    if isinstance(environment.runner, WorkerRunner) or environment.process_exit_code == UNFIT:
        return
    scenario = settings.scenario()
    if scenario is None:
        return
    if _from is None:
        log.error("the run ended before anything was measured")
        environment.process_exit_code = UNFIT
        return
    # Somebody may have ended it before its time; then what there is counts.
    result = _result or describe(environment.stats, scenario)
    _table, environment.process_exit_code = conclude(
        result, settings.system_samples(), settings.output()
    )


def conclude(result: dict, samples_file: Path | None, output: Path | None) -> tuple[str, int]:
    """Judges a result and writes it down; the table and the exit code."""
    samples = system.read(samples_file)
    rows = judgement.judge(result, samples)
    if output is not None:
        output.mkdir(parents=True, exist_ok=True)
        (output / "result.json").write_text(json.dumps(result, ensure_ascii=False, indent=1))
        (output / "report.md").write_text(report.section(result, rows, samples))
    return report.table(rows), 0 if all(row.passed for row in rows) else MISSED


def _on_quit(exit_code, **_):
    """After Locust's own tables, so that the verdict is the last thing to be read."""
    if _table is not None:
        print(_table)


def describe(stats, scenario) -> dict:
    """The statistics as plain values, histograms included, so that times can be joined later."""
    return {
        "scenario": scenario.name,
        "users": scenario.everybody,
        "conditions": settings.conditions(),
        "generator": f"Locust {locust.__version__}",
        "date": datetime.fromtimestamp(_from, UTC).isoformat(timespec="seconds"),
        "from": _from,
        "to": time.time(),
        "requests": [
            {
                "method": entry.method,
                "name": entry.name,
                "count": entry.num_requests,
                "failures": entry.num_failures,
                "max_ms": entry.max_response_time,
                "histogram": sorted(entry.response_times.items()),
            }
            for entry in sorted(stats.entries.values(), key=lambda one: (one.name, one.method))
            if entry.num_requests
        ],
        "errors": [
            {
                "method": one.method,
                "name": one.name,
                "error": str(one.error),
                "occurrences": one.occurrences,
            }
            for one in stats.errors.values()
        ],
        "lock_rounds": rounds.as_list(),
    }
