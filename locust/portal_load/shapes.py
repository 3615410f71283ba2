"""A scenario as Locust's shape: everybody signs in, a short warm-up, then the time that counts."""

import time

from locust import LoadTestShape
from locust.runners import STATE_RUNNING

from portal_load import recording
from portal_load.mix import WARM_UP_SECONDS
from portal_load.scenarios import Scenario


class Steps(LoadTestShape):
    """The common part; a subclass sets `scenario`."""

    abstract = True
    scenario: Scenario

    def __init__(self):
        super().__init__()
        self._complete_at = None
        self._measuring_since = None

    def reset_time(self):
        """Locust calls this when a run begins; the web page may begin several."""
        super().reset_time()
        self._complete_at = self._measuring_since = None

    def tick(self):
        now = time.monotonic()
        if self._complete_at is None and self._is_complete():
            self._complete_at = now
        if self._measuring_since is None:
            if self._complete_at is not None and now - self._complete_at >= WARM_UP_SECONDS:
                self._measuring_since = now
                recording.begin(self.runner)
        elif now - self._measuring_since >= self.scenario.minutes * 60:
            recording.end(self.runner, self.scenario)
            return None
        return self.scenario.everybody, self.scenario.spawn_rate, self._classes()

    def _is_complete(self):
        is_spawned = self.runner.state == STATE_RUNNING
        return is_spawned and self.runner.user_count >= self.scenario.everybody

    def _classes(self):
        """Everybody, or the storm's own users where nobody works beside it."""
        classes = self.runner.environment.user_classes
        if self.scenario.users:
            return list(classes)
        return [one for one in classes if one.fixed_count]


def shape_of(scenario: Scenario) -> type[Steps]:
    """A shape class of this scenario, as a locustfile must have one."""
    return type("ScenarioShape", (Steps,), {"scenario": scenario})
