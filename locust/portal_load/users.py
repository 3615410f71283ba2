"""The two kinds of users as Locust runs them: seven of ten work in a ministry."""

import gevent
from locust import FastHttpUser, between

from portal_load import mix
from portal_load.fag import Fag
from portal_load.fin import Fin
from portal_load.portal import Portal

# Between two attempts of somebody who cannot sign in.
SIGN_IN_PAUSE_SECONDS = 3


def tasks_of(actions):
    """Locust's tasks: one for each action, as often as the mix says."""

    def task(action):
        def run(user):
            getattr(user.person, action)()

        run.__name__ = action
        return run

    return {task(action): weight for action, weight in actions.items()}


class PortalUser(FastHttpUser):
    """A person with a connection of their own."""

    abstract = True
    # A browser shows an error page sooner than Locust's 60 seconds.
    network_timeout = 30.0
    connection_timeout = 10.0
    habits = Fag
    pool = "fag"

    def on_start(self):
        world = self.environment.portal_world
        account = getattr(world, self.pool).deal()
        portal = Portal(self.client, self.environment.events.request.fire)
        self.person = self.habits(
            portal, world, account, pause=gevent.sleep, background=gevent.spawn
        )
        while not self.person.sign_in():
            gevent.sleep(SIGN_IN_PAUSE_SECONDS)

    def on_stop(self):
        if hasattr(self, "person"):
            self.person.leave()


class FagUser(PortalUser):
    weight = mix.FAG_SHARE
    wait_time = between(*mix.FAG_THINK_TIME)
    tasks = tasks_of(mix.FAG_ACTIONS)
    habits = Fag
    pool = "fag"


class FinUser(PortalUser):
    weight = mix.FIN_SHARE
    wait_time = between(*mix.FIN_THINK_TIME)
    tasks = tasks_of(mix.FIN_ACTIONS)
    habits = Fin
    pool = "fin"
