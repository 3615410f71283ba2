"""The requirement's action mix and think times (section 4.1), and how people go about it.

The numbers are in `behaviour.json`, which the generator for thousands of users (`crates/crowd`)
reads as well: both must make the same load.
"""

import json
from pathlib import Path

_behaviour = json.loads((Path(__file__).parent / "behaviour.json").read_text())

# Percent of all users: of the ministries, and of the Ministry of Finance.
FAG_SHARE = _behaviour["fag"]["share"]
FIN_SHARE = _behaviour["fin"]["share"]

# Percent of a user's actions. The names are methods of `fag.Fag` and `fin.Fin`.
FAG_ACTIONS = _behaviour["fag"]["actions"]
FIN_ACTIONS = _behaviour["fin"]["actions"]

# Seconds between two actions, evenly spread.
FAG_THINK_TIME = tuple(_behaviour["fag"]["think_seconds"])
FIN_THINK_TIME = tuple(_behaviour["fin"]["think_seconds"])

# How FIN looks across ministries: at one of them (the requirement's script), at those of their own
# portfolio (what the client asks for first), or at all.
FIN_LISTS = _behaviour["fin_lists"]

_habits = _behaviour["habits"]

# How often somebody tries to save who is told that the case was saved by another meanwhile.
SAVE_ATTEMPTS = _habits["save_attempts"]
# Seconds it takes to read that dialog and to look at what the other one wrote.
CONFLICT_PAUSE = tuple(_habits["conflict_pause_seconds"])
# Cases somebody tries to open for editing who finds them locked, before working without the lock,
# which the contract allows (D-28): the version check then decides alone.
LOCK_ATTEMPTS = _habits["lock_attempts"]
# The client asks for an export's state every two seconds.
EXPORT_POLL_SECONDS = _habits["export_poll_seconds"]
EXPORT_PATIENCE_SECONDS = _habits["export_patience_seconds"]
# Nobody waits longer than this in front of a refused page before doing something else.
LONGEST_RATE_PAUSE = _habits["longest_rate_pause_seconds"]
# All sign in, then they work this long before anything counts.
WARM_UP_SECONDS = _habits["warm_up_seconds"]
