"""The two special scenarios: everybody orders an export at once, everybody wants the same case.

The users of a storm sign in with the others and wait until the measuring begins.
"""

import time

import gevent
from locust import constant, task

from portal_load import names, recording
from portal_load.fin import EXPORT_PATH, Fin
from portal_load.mix import EXPORT_PATIENCE_SECONDS
from portal_load.scenarios import (
    EXPORT_STORM_SECONDS,
    LOCK_HELD_SECONDS,
    LOCK_ROUND_SECONDS,
    SCENARIOS,
)
from portal_load.users import PortalUser


class Stormer(Fin):
    """What people do in a storm."""

    def order_list(self) -> str | None:
        """Orders the document of any department's list; the id of the job."""
        found = self._department_list()
        if found is None:
            return None
        return self.order(EXPORT_PATH, names.EXPORT_DEPARTMENT_LIST, {"departmentListId": found})

    def list_path(self) -> str:
        """Everybody must see the same cases."""
        return f"/api/cases?budgetRoundId={self.world.round_id}&myDepartments=false"

    def snatch(self, nth: int) -> bool:
        """Tries to open the case of a round for editing; whether the lock was got."""
        cases = sorted(case["id"] for case in self.cases if case["status"] in self.editable)
        return self.take_lock("case", cases[nth % len(cases)])


class StormUser(PortalUser):
    """Somebody of FIN, who may open every case of the storm and order every list."""

    abstract = True
    wait_time = constant(0)
    habits = Stormer
    pool = "fin"


class ExportStormUser(StormUser):
    fixed_count = SCENARIOS["export-storm"].storm_users

    @task
    def click(self):
        """Clicks "Generer departementsliste" once, somewhere in the half minute."""
        recording.measuring.wait()
        person = self.person
        gevent.sleep(person.rng.uniform(0, EXPORT_STORM_SECONDS))
        begun = time.perf_counter()
        job = person.order_list()
        failure = None if job and person.await_export(job) else "no file"
        person.portal.report(names.STORM_EXPORT, (time.perf_counter() - begun) * 1000, failure)
        # Done; but the user stays, or Locust would start another one.
        gevent.sleep(EXPORT_PATIENCE_SECONDS * 60)


class LockStormUser(StormUser):
    fixed_count = SCENARIOS["lock-storm"].storm_users

    @task
    def snatch(self):
        """Tries to lock the case of this round at the very moment all others do."""
        recording.measuring.wait()
        person = self.person
        if not person.cases:
            person.view_list()
        # The clock tells everybody, in whatever process, when a round begins and which it is.
        now = time.time()
        nth = int(now // LOCK_ROUND_SECONDS) + 1
        gevent.sleep(nth * LOCK_ROUND_SECONDS - now)
        won = person.snatch(nth)
        recording.rounds.record(nth, won)
        if won:
            gevent.sleep(LOCK_HELD_SECONDS)
            person.heartbeat()
            person.release()
