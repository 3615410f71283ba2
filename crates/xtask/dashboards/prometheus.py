"""What a Prometheus answers over a stretch of time."""

import json
import math
import re
from dataclasses import dataclass
from urllib.parse import urlencode
from urllib.request import urlopen

POINTS = 240


@dataclass
class Series:
    """One line: its name in the legend, and moments (seconds since 1970) with their values."""

    label: str
    times: list[float]
    values: list[float]

    def last(self) -> float:
        return self.values[-1]

    def highest(self) -> float:
        return max(self.values)


class Prometheus:
    """A server, asked about one stretch of time."""

    def __init__(self, address: str, start: float, end: float):
        self.address = address
        self.window = {"start": start, "end": end, "step": max(1, (end - start) / POINTS)}

    def ask(self, expression: str, legend: str) -> list[Series]:
        """Every series that `expression` finds, named as Grafana's `legend` has it."""
        question = urlencode({"query": expression, **self.window})
        with urlopen(f"{self.address}/api/v1/query_range?{question}", timeout=30) as answer:
            found = json.load(answer)["data"]["result"]
        series = [self.series(one, legend) for one in found]
        return [one for one in series if one.values]

    @staticmethod
    def series(found: dict, legend: str) -> Series:
        labels = found["metric"]
        label = re.sub(r"{{\s*(\w+)\s*}}", lambda name: labels.get(name[1], ""), legend)
        points = [(float(time), float(value)) for time, value in found["values"]]
        points = [point for point in points if math.isfinite(point[1])]
        return Series(label, [time for time, _ in points], [value for _, value in points])
