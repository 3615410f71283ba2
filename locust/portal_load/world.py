"""What all users share: the round with the load data, and the accounts they sign in with.

The accounts are asked of the portal, so that a database with more of them is used without a change
here. Rate limits count per account: each virtual user gets one of its own while there are enough.
"""

import threading
from collections import defaultdict
from dataclasses import dataclass

import requests

PASSWORD = "Test1234!"
# Asks for the others; named by the requirement.
SCOUT = "saksbehandler1@fin.dep.no"

# The ministries of the requirement's script, in its order and spelling.
SCRIPT_CODES = (
    "kld", "ud", "jd", "hod", "kd", "sd", "nfd", "bfd",
    "aid", "lmd", "kud", "fd", "ofd", "eid", "did",
)  # fmt: skip
# Three of them are spelled otherwise by the portal (contract D-03).
ALIASES = {"ofd": "kdd", "eid": "ed", "did": "dfd"}
DEPARTMENTS = tuple(ALIASES.get(code, code) for code in SCRIPT_CODES)

# Those who may do all that a FAG user does, sending cases to FIN included (contract 1.4, FAG_LEAD).
# The requirement's own FAG user, budsjett1, is one of the first.
FAG_ROLES = (
    "budsjettenhet_fag",
    "underdirektor_fag",
    "avdelingsdirektor_fag",
    "ekspedisjonssjef_fag",
    "departementsraad_fag",
)
FIN_ROLES = (
    "saksbehandler_fin",
    "underdirektor_fin",
    "avdelingsdirektor_fin",
    "ekspedisjonssjef_fin",
    "departementsraad_fin",
)


@dataclass(frozen=True)
class Account:
    """Somebody who can sign in."""

    email: str
    department: str


def fag_accounts(users) -> list[Account]:
    """Accounts of the ministries, dealt so that any first so many are spread over all of them."""
    of_department = defaultdict(list)
    for account in _accounts(users, FAG_ROLES):
        if account.department in DEPARTMENTS:
            of_department[account.department].append(account)
    longest = max(map(len, of_department.values()), default=0)
    return [
        of_department[code][nth]
        for nth in range(longest)
        for code in DEPARTMENTS
        if nth < len(of_department[code])
    ]


def fin_accounts(users) -> list[Account]:
    """Accounts of the Ministry of Finance."""
    return _accounts(users, FIN_ROLES)


def _accounts(users, roles) -> list[Account]:
    chosen = [user for user in users if user["role"] in roles]
    chosen.sort(key=lambda user: (roles.index(user["role"]), user["email"]))
    return [Account(user["email"], user["departmentCode"].lower()) for user in chosen]


class Dealer:
    """Deals accounts out, one after the other; each worker has its own share."""

    def __init__(self, accounts, worker=0, workers=1):
        self._accounts = accounts
        self._next = worker
        self._step = workers
        self._lock = threading.Lock()

    def deal(self) -> Account:
        with self._lock:
            account = self._accounts[self._next % len(self._accounts)]
            self._next += self._step
            return account

    def __len__(self):
        return len(self._accounts)


@dataclass
class World:
    """The portal as it was when the run began."""

    round_id: str
    fag: Dealer
    fin: Dealer


def explore(host: str, round_name: str, worker: int, workers: int) -> World:
    """Asks the portal for the round and the accounts. Raises `RuntimeError` in words that help."""
    with requests.Session() as session:
        signed_in = session.post(
            f"{host}/api/auth/login", json={"email": SCOUT, "password": PASSWORD}, timeout=30
        )
        if not signed_in.ok:
            raise RuntimeError(f"{SCOUT} cannot sign in at {host}: {signed_in.status_code}")
        session.headers["Authorization"] = f"Bearer {signed_in.json()['token']}"
        rounds = session.get(f"{host}/api/budget-rounds", timeout=30).json()
        users = session.get(f"{host}/api/auth/users", timeout=30).json()
    found = [one["id"] for one in rounds if one["name"] == round_name]
    if not found:
        raise RuntimeError(f"there is no round {round_name}: run `cargo xtask seed --scale load`")
    fag, fin = fag_accounts(users), fin_accounts(users)
    if not fag or not fin:
        raise RuntimeError("the portal has no users to sign in as")
    return World(found[0], Dealer(fag, worker, workers), Dealer(fin, worker, workers))
