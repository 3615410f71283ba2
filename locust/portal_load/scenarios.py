"""The requirement's scenarios (section 4.2), as values."""

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Scenario:
    """How many users, for how long, and what happens beside their ordinary work."""

    name: str
    users: int
    minutes: float
    # Users that sign in each second: signing in is dear on purpose (Argon2id), and not measured.
    spawn_rate: float
    storm: str | None = None
    storm_users: int = 0

    @property
    def everybody(self) -> int:
        return self.users + self.storm_users

    def lasting(self, minutes: float) -> "Scenario":
        return replace(self, minutes=minutes)


SCENARIOS = {
    scenario.name: scenario
    for scenario in (
        Scenario("baseline", users=20, minutes=5, spawn_rate=4),
        Scenario("normal", users=100, minutes=15, spawn_rate=10),
        Scenario("high", users=300, minutes=15, spawn_rate=15),
        Scenario("stress", users=500, minutes=10, spawn_rate=20),
        # Ordinary work must not suffer from the storm, so it goes on beside it.
        Scenario("export-storm", 100, minutes=5, spawn_rate=10, storm="export", storm_users=50),
        Scenario("lock-storm", 0, minutes=3, spawn_rate=10, storm="lock", storm_users=30),
    )
}

# The storm's clicks fall into this many seconds (requirement 4.2).
EXPORT_STORM_SECONDS = 30
# One round of the lock storm: all try at once, the winner keeps the lock for a while.
LOCK_ROUND_SECONDS = 10
LOCK_HELD_SECONDS = 4
