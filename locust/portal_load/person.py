"""What every user of the portal does alike: signing in, opening cases, holding a lock, saving with
the version that was read, and waiting for an export.

Nothing here knows Locust, so that each habit can be tested against a made-up portal.
"""

import random
from dataclasses import dataclass
from datetime import datetime

from portal_load import names
from portal_load.mix import (
    CONFLICT_PAUSE,
    EXPORT_PATIENCE_SECONDS,
    EXPORT_POLL_SECONDS,
    LOCK_ATTEMPTS,
    LONGEST_RATE_PAUSE,
    SAVE_ATTEMPTS,
)
from portal_load.world import PASSWORD, Account, World


@dataclass
class OpenCase:
    """A case on the screen, as it was when it was read."""

    id: str
    status: str
    version: int
    content_json: str | None


@dataclass
class Lock:
    """A lease this person holds."""

    id: str
    token: int | None
    resource_id: str


class Person:
    """Somebody at a screen. Subclasses say which cases they may edit and how they save."""

    list_name = names.LIST_FAG
    case_name = names.CASE_FAG
    # Statuses of cases that this person may open, or all; and of those they may edit.
    openable: frozenset | None = None
    editable: frozenset = frozenset()

    def __init__(self, portal, world: World, account: Account, pause, background, rng=None):
        self.portal = portal
        self.world = world
        self.account = account
        self.pause = pause
        self.background = background
        self.rng = rng or random.Random()
        self.cases: list[dict] = []
        self.open: OpenCase | None = None
        self.lock: Lock | None = None

    # --- signing in and out ------------------------------------------------------------------

    def sign_in(self) -> bool:
        body = {"email": self.account.email, "password": PASSWORD}
        answer = self.portal.send("POST", "/api/auth/login", names.SIGN_IN, body)
        if answer.ok:
            self.portal.authenticate(answer.json()["token"])
        return answer.ok

    def leave(self) -> None:
        """Closes the page."""
        self.open = None
        self.release()

    # --- the overview ------------------------------------------------------------------------

    def list_path(self) -> str:
        raise NotImplementedError

    def view_list(self) -> None:
        answer = self.ask("GET", self.list_path(), self.list_name)
        if answer.ok:
            self.cases = answer.json()

    def ask(self, method, path, name, body=None, expected=None):
        """A request of this person's, who waits a little when told that they ask too much."""
        answer = self.portal.send(method, path, name, body, expected)
        if answer.status == 429:
            self.pause(min(answer.retry_after or 1, LONGEST_RATE_PAUSE))
        return answer

    def _some_case(self, statuses) -> dict | None:
        if not self.cases:
            self.view_list()
        fitting = [one for one in self.cases if statuses is None or one["status"] in statuses]
        return self.rng.choice(fitting) if fitting else None

    # --- a case ------------------------------------------------------------------------------

    def open_case(self) -> None:
        """Opens any case; one that may be edited is locked at once, as the client does."""
        case = self._some_case(self.openable)
        if case is not None:
            self._open(case["id"])

    def _open(self, case_id: str) -> bool:
        """Whether the case is on the screen, and the lock taken if there is anything to edit."""
        self.release()
        self.open = self._read(case_id)
        if self.open is None:
            return False
        return self.open.status not in self.editable or self.take_lock("case", case_id)

    def _read(self, case_id: str) -> OpenCase | None:
        answer = self.ask("GET", f"/api/cases/{case_id}", self.case_name)
        if not answer.ok:
            return None
        case = answer.json()
        content = case["currentContent"] or {}
        return OpenCase(case["id"], case["status"], case["version"], content.get("contentJson"))

    def _case_to_edit(self) -> OpenCase | None:
        """The case on the screen if it may be edited, else another one."""
        if self.open is not None and self.open.status in self.editable:
            if self.lock is None:
                self.take_lock("case", self.open.id)
            return self.open
        for _ in range(LOCK_ATTEMPTS):
            case = self._some_case(self.editable)
            if case is None:
                return None
            if self._open(case["id"]):
                break
        # The status may have changed since the overview was read.
        is_editable = self.open is not None and self.open.status in self.editable
        return self.open if is_editable else None

    def save(self, write) -> bool:
        """Saves the case. `write` makes method, path, name and body of the case as it was read.

        A conflict is met as people meet it: read the dialog, reload, make the edit again, save.
        """
        case = self._case_to_edit()
        if case is None:
            return False
        expected = {409: "saved by another"}
        for _ in range(SAVE_ATTEMPTS):
            method, path, name, body = write(case)
            body["expectedVersion"] = case.version
            if self.lock is not None and self.lock.resource_id == case.id:
                body["lockToken"] = self.lock.token
            answer = self.ask(method, path, name, body, expected)
            if answer.ok:
                saved = answer.json()
                case.version, case.content_json = saved["version"], saved["contentJson"]
                return True
            if answer.status != 409:
                return False
            self.pause(self.rng.uniform(*CONFLICT_PAUSE))
            if answer.problem == "lock-held":
                self.lock = None
            self.open = case = self._read(case.id)
            if case is None or case.status not in self.editable:
                return False
        return False

    # --- locks -------------------------------------------------------------------------------

    def take_lock(self, resource_type: str, resource_id: str) -> bool:
        body = {"resourceType": resource_type, "resourceId": resource_id}
        answer = self.ask("POST", "/api/locks", names.LOCK, body, {409: "held by another"})
        if answer.ok:
            lock = answer.json()
            self.lock = Lock(lock["id"], lock.get("lockToken"), resource_id)
        return answer.ok

    def heartbeat(self) -> None:
        """Background traffic of a page that holds a lock (requirement: only then)."""
        if self.lock is None:
            return
        path = f"/api/locks/{self.lock.id}/heartbeat"
        answer = self.ask("PUT", path, names.HEARTBEAT, expected={404: "lock is gone"})
        if answer.status == 404:
            # Another tab of the same account has let it go: read-only from now on.
            self.lock = None

    def release(self) -> None:
        """As a page does that is left: a beacon, which carries no token (contract E51)."""
        if self.lock is None:
            return
        path = f"/api/locks/{self.lock.id}?_method=DELETE"
        self.lock = None
        self.portal.send("POST", path, names.RELEASE, {"_method": "DELETE"}, anonymous=True)

    # --- exports -----------------------------------------------------------------------------

    def order(self, path: str, name: str, body: dict) -> str | None:
        """Orders an export; the id of the job."""
        answer = self.ask("POST", path, name, body)
        return answer.json()["jobId"] if answer.ok else None

    def order_and_go_on(self, path: str, name: str, body: dict) -> None:
        """Orders an export and works on while the page waits for it."""
        job = self.order(path, name, body)
        if job is not None:
            self.background(lambda: self.await_export(job))

    def await_export(self, job_id: str) -> bool:
        """Polls until the document is there, and fetches it."""
        for _ in range(EXPORT_PATIENCE_SECONDS // EXPORT_POLL_SECONDS):
            self.pause(EXPORT_POLL_SECONDS)
            answer = self.portal.send("GET", f"/api/export/jobs/{job_id}", names.EXPORT_JOB)
            job = answer.json() if answer.ok else {}
            if job.get("status") == "completed":
                self.portal.report(names.QUEUE_TIME, between(job["createdAt"], job["startedAt"]))
                self.portal.report(names.WHOLE_TIME, between(job["createdAt"], job["completedAt"]))
                # A plain link, which carries no token of its own (contract E59).
                path = job["resultUrl"]
                return self.portal.send("GET", path, names.DOWNLOAD, anonymous=True).ok
            if job.get("status") == "failed":
                self.portal.report(names.WHOLE_TIME, 0, "the export failed")
                return False
        patience = EXPORT_PATIENCE_SECONDS * 1000
        self.portal.report(names.WHOLE_TIME, patience, "the export is not finished")
        return False


def between(earlier: str, later: str) -> float:
    """Milliseconds between two of the portal's times."""
    span = datetime.fromisoformat(later) - datetime.fromisoformat(earlier)
    return span.total_seconds() * 1000
