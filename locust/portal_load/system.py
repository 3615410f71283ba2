"""What was going on beside the requests: samples that `cargo xtask load` takes of the stack's
processes, of PgBouncer and of the cache.

A sample is one JSON line: `at`, `processes` (CPU seconds and bytes of memory of their own, by name,
and whether it is a service of ours), `pgbouncer` (server connections that exist and that work,
clients that wait) and `cache` (reads and hits so far, and of what).
"""

import json
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Process:
    """One process over the time that was measured."""

    name: str
    is_service: bool
    # Of one core, which is what a pod may use (k8s/).
    cpu_percent: float
    peak_bytes: int


@dataclass
class Samples:
    """Samples in the order they were taken; none if nobody took any."""

    lines: list[dict] = field(default_factory=list)
    were_taken: bool = False

    def between(self, began: float, ended: float) -> "Samples":
        inside = [line for line in self.lines if began <= line["at"] <= ended]
        return Samples(inside, self.were_taken)

    def processes(self) -> list[Process]:
        if len(self.lines) < 2:
            return []
        first, last = self.lines[0], self.lines[-1]
        seconds = last["at"] - first["at"]
        found = []
        for name, end in last["processes"].items():
            begin = first["processes"].get(name)
            # A process that was started meanwhile would be judged by half the time.
            if begin is None or end["cpu_seconds"] < begin["cpu_seconds"]:
                continue
            used = end["cpu_seconds"] - begin["cpu_seconds"]
            peak = max(
                line["processes"][name]["private_bytes"]
                for line in self.lines
                if name in line["processes"]
            )
            found.append(Process(name, end["is_service"], 100 * used / seconds, peak))
        return found

    def busiest_service(self) -> Process | None:
        services = [process for process in self.processes() if process.is_service]
        return max(services, key=lambda process: process.cpu_percent, default=None)

    def most(self, key: str) -> int | None:
        """The highest value that PgBouncer ever said."""
        values = [line["pgbouncer"][key] for line in self.lines if line.get("pgbouncer")]
        return max(values, default=None)

    def cache_hit_percent(self) -> tuple[float, str] | None:
        """Hits of all reads, and of which cache."""
        lines = [line["cache"] for line in self.lines if line.get("cache")]
        if len(lines) < 2 or lines[0]["source"] != lines[-1]["source"]:
            return None
        reads = lines[-1]["reads"] - lines[0]["reads"]
        hits = lines[-1]["hits"] - lines[0]["hits"]
        return (100 * hits / reads, lines[-1]["source"]) if reads > 0 else None


def read(path: Path | None) -> Samples:
    """Reads the samples; an unfinished last line is left out."""
    if path is None or not path.exists():
        return Samples(were_taken=path is not None)
    text = path.read_text()
    whole = text[: text.rfind("\n") + 1]
    return Samples([json.loads(line) for line in whole.splitlines()], were_taken=True)
