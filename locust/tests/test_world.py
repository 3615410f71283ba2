"""Who the virtual users are, and how a scenario runs."""

from typing import ClassVar

from portal_load import shapes
from portal_load.mix import WARM_UP_SECONDS
from portal_load.scenarios import SCENARIOS
from portal_load.world import DEPARTMENTS, FAG_ROLES, Dealer, fag_accounts, fin_accounts


def user(role, department, name="a"):
    return {"email": f"{name}.{role}@{department}", "role": role, "departmentCode": department}


def everybody():
    codes = [*(code.upper() for code in DEPARTMENTS), "FIN-FAG"]
    fag = [user(role, code) for code in codes for role in (*FAG_ROLES, "saksbehandler_fag")]
    fin = [user("saksbehandler_fin", "FIN", str(nth)) for nth in range(4)]
    return [*fag, *fin, user("administrator", "FIN")]


def test_the_first_users_are_spread_over_all_ministries():
    accounts = fag_accounts(everybody())
    assert [account.department for account in accounts[:15]] == list(DEPARTMENTS)
    assert len(accounts) == 15 * len(FAG_ROLES)
    assert len({account.email for account in accounts}) == len(accounts)
    assert not any("saksbehandler_fag" in account.email for account in accounts)


def test_administrators_are_nobodys_role():
    assert len(fin_accounts(everybody())) == 4


def test_no_account_is_used_twice_while_there_are_others():
    dealer = Dealer(list(range(6)))
    assert [dealer.deal() for _ in range(8)] == [0, 1, 2, 3, 4, 5, 0, 1]


def test_workers_share_the_accounts():
    first, second = Dealer(list(range(6)), 0, 2), Dealer(list(range(6)), 1, 2)
    assert {first.deal() for _ in range(3)} | {second.deal() for _ in range(3)} == set(range(6))


class Runner:
    """As much of a runner as a shape looks at."""

    state = "running"
    user_count = 0

    class environment:
        user_classes = ()

    class stats:
        cleared = 0
        entries: ClassVar = {}
        errors: ClassVar = {}

        @classmethod
        def reset_all(cls):
            cls.cleared += 1


def test_only_the_time_after_the_warm_up_counts(monkeypatch):
    clock = [0.0]
    monkeypatch.setattr(shapes.time, "monotonic", lambda: clock[0])
    scenario = SCENARIOS["normal"].lasting(1)
    shape = shapes.shape_of(scenario)()
    shape.runner = Runner()
    assert shape.tick() == (100, 10, [])
    assert Runner.stats.cleared == 0
    shape.runner.user_count = 100
    shape.tick()
    clock[0] = WARM_UP_SECONDS - 1
    shape.tick()
    assert Runner.stats.cleared == 0
    clock[0] = WARM_UP_SECONDS
    assert shape.tick() is not None
    assert Runner.stats.cleared == 1
    clock[0] = WARM_UP_SECONDS + 59
    assert shape.tick() is not None
    clock[0] = WARM_UP_SECONDS + 60
    assert shape.tick() is None


def test_the_scenarios_are_the_requirements():
    steps = [(one.name, one.users, one.minutes) for one in SCENARIOS.values() if not one.storm]
    assert steps == [
        ("baseline", 20, 5),
        ("normal", 100, 15),
        ("high", 300, 15),
        ("stress", 500, 10),
    ]
    assert SCENARIOS["export-storm"].storm_users == 50
    assert SCENARIOS["lock-storm"].storm_users == 30
