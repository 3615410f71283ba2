"""Draws the dashboards with what a Prometheus knows, one picture each.

Usage: draw.py PROMETHEUS MINUTES DASHBOARDS FOLDER. Grafana is what operators look at; these
pictures show a reader of the documentation the same panels, queries, units and thresholds without
one. A panel that finds nothing says so, and its name is printed.
"""

import json
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
from matplotlib.dates import DateFormatter, date2num
from matplotlib.ticker import FuncFormatter, MaxNLocator
from PIL import Image

from prometheus import Prometheus, Series
from units import formatted

COLUMNS = 24
INCHES_A_COLUMN = 0.6
INCHES_A_LINE = 0.45
DOTS_AN_INCH = 72
PALETTE = 96
# Columns that the numbers beside a graph need.
SCALE_COLUMNS = 1.4
# Lines of a graph's legend; Grafana scrolls, a picture cannot.
LONGEST_LEGEND = 6
LONGEST_LABEL = 46
COLOURS = {"green": "#56a64b", "orange": "#e08400", "red": "#c4162a"}
LINES = ["#56a64b", "#e0b400", "#3274d9", "#e08400", "#c4162a", "#8f3bb8", "#37872d", "#1f60c4"]


def main(address: str, minutes: str, dashboards: str, folder: str) -> int:
    end = time.time()
    source = Prometheus(address, end - 60 * float(minutes), end)
    empty = 0
    for path in sorted(Path(dashboards).glob("*.json")):
        board = Board(json.loads(path.read_text()), source)
        picture = Path(folder) / f"dashboard-{path.stem}.png"
        board.draw(picture)
        print(f"{picture.name}: {len(board.panels)} panels, {len(board.empty)} without data")
        for title in board.empty:
            print(f"  nothing in: {title}")
        empty += len(board.empty)
    return 1 if empty else 0


class Board:
    """A dashboard and the source of its numbers."""

    def __init__(self, board: dict, source: Prometheus):
        self.title = board["title"]
        self.description = board["description"]
        self.panels = [panel for panel in board["panels"] if panel["type"] != "row"]
        self.rows = [panel for panel in board["panels"] if panel["type"] == "row"]
        self.variables = {v["name"]: v["allValue"] for v in board["templating"]["list"]}
        self.source = source
        self.empty = []

    def draw(self, picture: Path):
        places = [panel["gridPos"] for panel in self.panels + self.rows]
        self.lines = max(place["y"] + place["h"] for place in places) + 2
        size = (COLUMNS * INCHES_A_COLUMN, self.lines * INCHES_A_LINE)
        self.figure = plt.figure(figsize=size, facecolor="#f4f5f5")
        self.write(0, 0.9, self.title, size=15, weight="bold")
        self.write(0, 1.6, self.description, size=9)
        for row in self.rows:
            self.write(row["gridPos"]["x"], row["gridPos"]["y"] + 2.75, row["title"], weight="bold")
        for panel in self.panels:
            self.draw_panel(panel)
        self.figure.savefig(picture, dpi=DOTS_AN_INCH)
        plt.close(self.figure)
        # A third of the size, and nobody sees that colours are missing.
        Image.open(picture).convert("RGB").quantize(PALETTE).save(picture, optimize=True)

    def write(self, column: float, line: float, text: str, **style):
        x, y = (column + 0.15) / COLUMNS, 1 - line / self.lines
        self.figure.text(x, y, text, **{"size": 10, **style})

    def draw_panel(self, panel: dict):
        place = panel["gridPos"]
        left, width = place["x"] / COLUMNS, place["w"] / COLUMNS
        bottom, height = 1 - (place["y"] + place["h"] + 2) / self.lines, place["h"] / self.lines
        gap_x, gap_y = 0.05 / COLUMNS, 0.05 / self.lines
        card = [left + gap_x, bottom + gap_y, width - 2 * gap_x, height - 2 * gap_y]
        frame = self.figure.add_axes(card)
        frame.set(xticks=[], yticks=[], facecolor="white")
        plt.setp(frame.spines.values(), color="#d8d9da")
        self.write(place["x"], place["y"] + 2.7, panel["title"], size=9, weight="bold")
        series = self.find(panel)
        if not any(one.values for one in series):
            self.empty.append(panel["title"])
            frame.text(0.5, 0.5, "No data", ha="center", va="center", color="grey")
            return
        kinds = {"stat": draw_stat, "bargauge": draw_bars, "timeseries": draw_graph}
        kinds[panel["type"]](frame, panel, series)

    def find(self, panel: dict) -> list[Series]:
        found = []
        for target in panel["targets"]:
            expression = target["expr"]
            for name, value in self.variables.items():
                expression = expression.replace(f"${name}", value)
            found += self.source.ask(expression, target["legendFormat"])
        return found


def options(panel: dict) -> dict:
    return panel["fieldConfig"]["defaults"]


def colour_of(panel: dict, value: float) -> str:
    steps = options(panel)["thresholds"]["steps"]
    reached = [step["color"] for step in steps if step["value"] is None or value >= step["value"]]
    return COLOURS[reached[-1]]


def draw_stat(frame, panel: dict, series: list[Series]):
    value = series[0].last()
    if panel["options"]["colorMode"] == "background":
        frame.set_facecolor(colour_of(panel, value))
    graph = frame.inset_axes([0, 0, 1, 0.45])
    graph.axis("off")
    graph.fill_between(series[0].times, series[0].values, color="white", alpha=0.35)
    graph.set_ylim(bottom=0)
    text = formatted(value, options(panel)["unit"])
    frame.text(0.5, 0.5, text, ha="center", va="center", color="white", size=20, weight="bold")


def draw_bars(frame, panel: dict, series: list[Series]):
    unit = options(panel)["unit"]
    series = sorted(series, key=Series.last)
    bars = frame.inset_axes([0.45, 0.03, 0.42, 0.85])
    for line, one in enumerate(series):
        value = one.last()
        bars.barh(line, value, color=colour_of(panel, value), height=0.7)
        bars.text(value, line, f" {formatted(value, unit)}", va="center", size=7)
    bars.set_yticks(range(len(series)), [one.label[:LONGEST_LABEL] for one in series], size=7)
    bars.tick_params(length=0)
    bars.set_xticks([])
    plt.setp(bars.spines.values(), visible=False)


def draw_graph(frame, panel: dict, series: list[Series]):
    settings = options(panel)
    unit = settings["unit"]
    series = sorted(series, key=Series.highest, reverse=True)
    shown = series[:LONGEST_LEGEND]
    legend = (len(shown) + 1) * 0.055 * 8 / panel["gridPos"]["h"]
    left = SCALE_COLUMNS / panel["gridPos"]["w"]
    graph = frame.inset_axes([left, legend + 0.07, 0.97 - left, 0.79 - legend])
    stacked = settings["custom"].get("stacking", {}).get("mode") == "normal"
    ground = None
    for line, one in enumerate(series):
        colour = LINES[line % len(LINES)]
        days = date2num([datetime.fromtimestamp(moment, UTC) for moment in one.times])
        values = one.values
        if stacked and ground is not None and len(ground) == len(values):
            values = [below + value for below, value in zip(ground, values)]
        graph.plot(days, values, color=colour, linewidth=1)
        graph.fill_between(days, values, color=colour, alpha=0.08)
        ground = values if stacked else None
    top = max(graph.get_ylim()[1], 1e-9)
    graph.set_ylim(settings.get("min", graph.get_ylim()[0]), settings.get("max", top))
    if settings["custom"].get("thresholdsStyle", {}).get("mode") == "line":
        for step in settings["thresholds"]["steps"]:
            if step["value"] is not None and step["value"] <= graph.get_ylim()[1]:
                graph.axhline(step["value"], color=COLOURS[step["color"]], linewidth=1, alpha=0.8)
    graph.yaxis.set_major_locator(MaxNLocator(4))
    graph.yaxis.set_major_formatter(FuncFormatter(lambda value, _: formatted(value, unit)))
    graph.xaxis.set_major_formatter(DateFormatter("%H:%M"))
    graph.xaxis.set_major_locator(MaxNLocator(6))
    graph.tick_params(labelsize=7, length=2)
    graph.grid(alpha=0.25)
    plt.setp(graph.spines.values(), visible=False)
    write_legend(frame, shown, len(series) - len(shown), unit, legend)


def write_legend(frame, shown: list[Series], left_out: int, unit: str, height: float):
    step = height / (len(shown) + 1)
    for line, one in enumerate(shown):
        y = height - step * (line + 0.7)
        text = f"{one.label[:LONGEST_LABEL]}   last {formatted(one.last(), unit)}"
        text += f", max {formatted(one.highest(), unit)}"
        frame.text(0.03, y, "━", color=LINES[line % len(LINES)], size=7)
        frame.text(0.06, y, text, size=7)
    if left_out:
        frame.text(0.97, height / 2, f"and {left_out} more", size=7, ha="right", color="grey")


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
