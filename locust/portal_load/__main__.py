"""Judges a run that another generator has made: `python -m portal_load RESULT SAMPLES OUTPUT`.

Prints the table, writes `report.md` to the directory OUTPUT, and ends like a run of Locust's.
"""

import json
import sys
from pathlib import Path

from portal_load import recording


def main(result: str, samples: str, output: str) -> int:
    table, code = recording.conclude(
        json.loads(Path(result).read_text()), Path(samples), Path(output)
    )
    print(table)
    return code


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
