"""The portal's side of schemathesis: callers, existing things, hostile values, and the count.

Loaded by `cargo xtask fuzz` through `SCHEMATHESIS_HOOKS`; see `docs/testing.md`.
"""

import atexit
import collections
import json
import os

import schemathesis

import callers
import existing
import hostile
import judgement

IS_HOSTILE = os.environ.get("FUZZ_HOSTILE") == "1"

findings = set()
by_role = collections.Counter()
by_status = collections.Counter()
reached = collections.defaultdict(collections.Counter)

existing.explore()


@schemathesis.auth(refresh_interval=None)
class OneOfTheRoles:
    """Signs a request as the role that it falls to."""

    def get(self, case, _context):
        role = callers.role_of(case)
        by_role[role] += 1
        return callers.token_of(role)

    def set(self, case, token, _context):
        case.headers["Authorization"] = f"Bearer {token}"


@schemathesis.hook
def before_call(_context, case, kwargs):
    """Aims a request at something that exists, and makes it hostile if this is such a run."""
    aimed = existing.aim(case.path, case.path_parameters or {})
    if aimed:
        case.path_parameters.update(aimed)
    is_good = case.meta is None or case.meta.generation.mode.is_positive
    if is_good or IS_HOSTILE:
        for values in (case.query, case.body):
            if isinstance(values, dict):
                existing.make_real(values, case.path)
    if IS_HOSTILE:
        hostile.make_hostile(case, kwargs)


@schemathesis.hook
def after_call(_context, case, response):
    """Counts, and learns what exists now."""
    by_status[response.status_code] += 1
    reached[case.operation.definition.raw.get("operationId")][response.status_code] += 1
    if not 200 <= response.status_code < 300:
        return
    ids = tuple((case.path_parameters or {}).values())
    if case.method.upper() == "DELETE":
        existing.forget(existing.nameless(case.path), ids)
    elif case.method.upper() in ("GET", "POST"):
        try:
            existing.learn(case.path, ids, response.json())
        except ValueError:
            # A document, or nothing at all.
            pass


@schemathesis.hook
def filter_failure(_context, failure, case, response):
    """Drops what is the contract's rule and no bug."""
    if judgement.is_excused(failure, case, response):
        return False
    findings.add((case.operation.label, type(failure).__name__))
    return True


@atexit.register
def report():
    """Leaves the numbers for `cargo xtask fuzz`."""
    unreached = [
        name for name, statuses in reached.items() if not any(200 <= s < 300 for s in statuses)
    ]
    with open(os.environ["FUZZ_REPORT"], "w", encoding="utf-8") as file:
        json.dump(
            {
                "failures": len(findings),
                "requests": sum(by_status.values()),
                "roles": by_role,
                "statuses": by_status,
                "operations": len(reached),
                "never2xx": sorted(filter(None, unreached)),
            },
            file,
        )
