"""A portal without a network: enough of the contract for people to work against."""

import json
import random

from portal_load.portal import Answer
from portal_load.world import Account, Dealer, World

ROUND = "round"


def document(case_id, text="Forslag"):
    paragraph = {"type": "paragraph", "content": [{"type": "text", "text": text}]}
    title = {"type": "sectionTitle", "content": [{"type": "text", "text": "Omtale"}]}
    section = {
        "type": "caseSection",
        "attrs": {"fieldKey": "proposalText", "label": "Omtale", "required": True},
        "content": [title, {"type": "sectionContent", "content": [paragraph]}],
    }
    return json.dumps({"type": "caseDocument", "attrs": {"caseId": case_id}, "content": [section]})


class MadeUpPortal:
    """Cases with versions, locks with holders, exports that finish. Every request is kept."""

    def __init__(self, statuses):
        self.cases = {
            f"case-{nth}": {"status": status, "version": 3, "content": document(f"case-{nth}")}
            for nth, status in enumerate(statuses)
        }
        self.requests = []
        self.reports = []
        # Resources that somebody else holds.
        self.held_by_others = set()
        self.lock_ids = iter(range(1, 1_000_000))
        # Called before a save is decided: another person's chance.
        self.before_save = lambda case: None
        self.refusals = {}
        self.job = {"status": "completed"}

    # --- what Portal offers -------------------------------------------------------------------

    def authenticate(self, token):
        self.token = token

    def report(self, name, milliseconds, failure=None):
        self.reports.append((name, milliseconds, failure))

    def send(self, method, path, name, body=None, expected=None, anonymous=False):
        self.requests.append((method, path, body, anonymous))
        status, answer = self.refusals.get(name) or self.answer(method, path, body or {})
        if status >= 400 and status != 429 and status not in (expected or {}):
            raise AssertionError(f"nobody expected {status} of {method} {path}")
        return Answer(status, json.dumps(answer), retry_after=7.0 if status == 429 else 0.0)

    # --- what a portal answers ----------------------------------------------------------------

    def answer(self, method, path, body):
        parts = path.partition("?")[0].split("/")[2:]
        match method, parts:
            case "POST", ["auth", "login"]:
                return 200, {"token": "t"}
            case "GET", ["cases"]:
                return 200, [{"id": key, **value} for key, value in self.cases.items()]
            case "GET", ["cases", case_id]:
                return 200, self.case(case_id)
            case "PUT", ["cases", case_id, "document" | "content"]:
                return self.save(case_id, body)
            case "PATCH", ["cases", case_id, "status"]:
                self.cases[case_id]["status"] = body["status"]
                return 200, {}
            case "POST", ["submissions"]:
                return self.submit(body["caseIds"])
            case "POST", ["locks"]:
                return self.lock(body["resourceId"])
            case "POST", ["export", *_]:
                return 202, {"jobId": "job"}
            case "GET", ["export", "jobs", "job"]:
                return 200, self.job
            case ("PUT" | "POST", ["locks", *_]) | ("GET", ["files", *_]):
                return 200, None
            case "GET", ["department-lists"]:
                return 200, [{"id": "list"}]
            case "GET", ["department-lists", "list"]:
                return 200, {"sections": self.sections()}
            case "PUT", ["department-lists", "list", "sections", _]:
                return 200, None
        raise AssertionError(f"{method} {path} is not made up")

    def case(self, case_id):
        case = self.cases[case_id]
        content = {"contentJson": case["content"]}
        return {"id": case_id, "currentContent": content, **case}

    def save(self, case_id, body):
        case = self.cases[case_id]
        self.before_save(case)
        if body["expectedVersion"] != case["version"]:
            return 409, {"type": "/problems/version-conflict", "currentVersion": case["version"]}
        case["version"] += 1
        case["content"] = body.get("contentJson", case["content"])
        return 200, {"version": case["version"], "contentJson": case["content"]}

    def submit(self, case_ids):
        for case_id in case_ids:
            if self.cases[case_id]["status"] != "godkjent_pol":
                return 400, {"type": "/problems/submission-refused"}
            self.cases[case_id]["status"] = "sendt_til_fin"
        return 201, {}

    def lock(self, resource_id):
        if resource_id in self.held_by_others:
            return 409, {"type": "/problems/lock-held"}
        return 200, {"id": f"lock-{next(self.lock_ids)}", "lockToken": 1}

    @staticmethod
    def sections():
        leaf = {"id": "text", "sectionType": "freetext", "contentJson": None, "children": []}
        return [{"id": "top", "sectionType": "case_group", "contentJson": None, "children": [leaf]}]

    # --- what a test asks ---------------------------------------------------------------------

    def sent(self, method, ending):
        """Bodies of the requests of a kind."""
        return [
            body
            for verb, path, body, _ in self.requests
            if verb == method and path.partition("?")[0].endswith(ending)
        ]


def person(kind, portal, seed=1):
    """Somebody at work, whose pauses are kept and take no time."""
    account = Account("budsjett1@kld.dep.no", "kld")
    world = World(ROUND, Dealer([account]), Dealer([account]))
    pauses = []
    someone = kind(
        portal, world, account, pause=pauses.append, background=lambda work: work(),
        rng=random.Random(seed),
    )  # fmt: skip
    someone.pauses = pauses
    return someone
