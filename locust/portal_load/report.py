"""A run's tables, for the terminal and for `docs/load-test-report.md`."""

from portal_load import names
from portal_load.judgement import FAIL, WORDS, Row, is_request, percentile
from portal_load.system import Samples

# Errors shown; more of them are seldom of another kind.
SHOWN_ERRORS = 10


def table(rows: list[Row]) -> str:
    """The thresholds, aligned for a terminal, and the verdict over all."""
    cells = [header(rows), *(line(row, rows) for row in rows)]
    widths = [max(len(one[column]) for one in cells) for column in range(len(cells[0]))]
    lines = [
        "  ".join(text.ljust(width) for text, width in zip(one, widths, strict=True)).rstrip()
        for one in cells
    ]
    missed = [row.label for row in rows if not row.passed]
    last = f"missed: {'; '.join(missed)}" if missed else "every threshold is met"
    return "\n".join(["", *lines, "", last])


def section(result: dict, rows: list[Row], samples: Samples) -> str:
    """The run's part of the report, in Markdown."""
    during = samples.between(result["from"], result["to"])
    minutes = (result["to"] - result["from"]) / 60
    requests = sum(one["count"] for one in result["requests"] if is_request(one))
    rate = requests / max(result["to"] - result["from"], 1)
    parts = [
        f"## {result['scenario']}",
        f"{result['date']}, {result['users']} users, measured for {minutes:.1f} minutes by "
        f"{result['generator']}: {requests} requests, {rate:.1f} a second. {result['conditions']}",
        markdown(header(rows), [line(row, rows) for row in rows]),
        "### Requests",
        markdown(
            ["Request", "Count", "Failed", "p50 ms", "p95 ms", "p99 ms", "Max ms"],
            [request_line(one) for one in result["requests"]],
        ),
    ]
    if during.processes():
        parts += [
            "### Processes",
            markdown(
                ["Process", "CPU, % of a core", "Private memory, most"],
                [
                    [one.name, f"{one.cpu_percent:.1f}", f"{one.peak_bytes / 2**20:.0f} MiB"]
                    for one in sorted(during.processes(), key=lambda one: -one.cpu_percent)
                ],
            ),
        ]
    if result["errors"]:
        errors = sorted(result["errors"], key=lambda one: -one["occurrences"])[:SHOWN_ERRORS]
        parts += [
            "### Failures",
            markdown(
                ["Request", "Failure", "Times"],
                [
                    [f"{one['method']} {one['name']}", one["error"], str(one["occurrences"])]
                    for one in errors
                ],
            ),
        ]
    return "\n\n".join(parts) + "\n"


def header(rows: list[Row]) -> list[str]:
    titles = ["Metric", "Target", "Measured", "Verdict"]
    return [*titles, "Aim", "Met"] if any(row.aim for row in rows) else titles


def line(row: Row, rows: list[Row]) -> list[str]:
    cells = [row.label, bound(row.limit, row.unit), measured(row), row.verdict]
    if any(one.aim for one in rows):
        aim = bound(row.aim, row.unit) if row.aim else ""
        cells += [aim, row.aim_verdict.replace(FAIL, "no").replace("pass", "yes")]
    return cells


def bound(limit: dict, unit: str) -> str:
    ((word, value),) = limit.items()
    return f"{WORDS[word]} {value} {unit}".rstrip()


def measured(row: Row) -> str:
    if row.measured is None:
        return "–"
    value = row.measured.value
    digits = 0 if row.unit in ("ms", "") else 2
    text = f"{value:.{digits}f} {row.unit}".rstrip()
    return f"{text} ({row.measured.remark})" if row.measured.remark else text


def request_line(one: dict) -> list[str]:
    quantiles = [f"{percentile(one['histogram'], share):.0f}" for share in (0.5, 0.95, 0.99)]
    label = one["name"] if one["method"] == names.JOB else f"{one['method']} {one['name']}"
    return [label, str(one["count"]), str(one["failures"]), *quantiles, f"{one['max_ms']:.0f}"]


def markdown(head: list[str], lines: list[list[str]]) -> str:
    def row(cells):
        return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"

    return "\n".join([row(head), "|" + "---|" * len(head), *map(row, lines)])
