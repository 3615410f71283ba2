"""Who sends the requests: one demo user for each role, signed in once, and somebody without a token.

A request's caller follows from the request itself, so the same seed gives the same callers, and a
request that Hypothesis repeats meets the same answer.
"""

import json
import os
import urllib.request
import zlib

from schemathesis.generation.meta import TestPhase

PORTAL = os.environ["PORTAL_URL"]
PASSWORD = "Test1234!"

EMAILS = {
    "saksbehandler_fag": "fag.kld@test.no",
    "budsjettenhet_fag": "budsjett.kld@test.no",
    "underdirektor_fag": "unddir.kld@test.no",
    "avdelingsdirektor_fag": "avddir.kld@test.no",
    "ekspedisjonssjef_fag": "ekspsjef.kld@test.no",
    "departementsraad_fag": "depraad.kld@test.no",
    "saksbehandler_fin": "fin.kld@test.no",
    "underdirektor_fin": "unddir.naering1@fin.test.no",
    "avdelingsdirektor_fin": "avddir.naering@fin.test.no",
    "ekspedisjonssjef_fin": "ekspsjef.fin@test.no",
    "departementsraad_fin": "depraad.fin@test.no",
    "administrator": "admin@test.no",
}
ANONYMOUS = "anonymous"
ADMINISTRATOR = "administrator"


def ask(method, path, token=None, body=None):
    """The JSON answer to a request, `None` if it is refused or no JSON."""
    request = urllib.request.Request(PORTAL + path, method=method)
    if token:
        request.add_header("Authorization", f"Bearer {token}")
    if body is not None:
        request.add_header("Content-Type", "application/json")
        request.data = json.dumps(body).encode()
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.loads(answer.read() or b"null")
    except (urllib.error.HTTPError, ValueError):
        return None


def sign_in(role):
    """What the portal says of the user with this role: `token` and `user`."""
    session = ask("POST", "/api/auth/login", body={"email": EMAILS[role], "password": PASSWORD})
    if session is None:
        raise SystemExit(f"{EMAILS[role]} cannot sign in at {PORTAL}")
    return session


SESSIONS = {role: sign_in(role) for role in EMAILS}
CHOSEN = [role for role in os.environ["FUZZ_ROLES"].split(",") if role]
unknown = set(CHOSEN) - set(EMAILS) - {ANONYMOUS}
if unknown:
    raise SystemExit(f"no such role: {', '.join(sorted(unknown))}; there are {', '.join(EMAILS)}")


def number(*parts):
    """A number that follows from these values alone."""
    text = repr((os.environ["FUZZ_SEED"], *parts))
    return zlib.crc32(text.encode("utf-8", "surrogatepass"))


def role_of(case):
    """The role that sends this request."""
    if case.meta is not None and case.meta.phase.name == TestPhase.STATEFUL:
        # What one request makes, the next one uses: they must be the same person's.
        key = ()
    else:
        key = (case.method, case.path, case.path_parameters, case.query, case.body)
    return CHOSEN[number("role", *key) % len(CHOSEN)]


def token_of(role):
    """The role's bearer token; `None` for nobody."""
    return SESSIONS[role]["token"] if role in SESSIONS else None
