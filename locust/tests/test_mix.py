"""The requirement's action mix and think times, as Locust itself draws them."""

import random
from collections import Counter

import pytest
from locust.env import Environment
from locust.user.task import DefaultTaskSet

from portal_load import mix
from portal_load.fag import Fag
from portal_load.fin import Fin
from portal_load.users import FagUser, FinUser

DRAWS = 20_000
# Three standard deviations of a share of one half, the widest there is.
TOLERANCE = 100 * 3 * (0.25 / DRAWS) ** 0.5

# Requirement, section 4.1, written down a second time on purpose.
FAG = {"view_list": 40, "open_case": 25, "save_case": 15, "submit_case": 5, "export_list": 5,
       "heartbeat": 10}  # fmt: skip
FIN = {"view_list": 30, "open_case": 20, "save_assessment": 20, "open_department_list": 10,
       "edit_department_list": 10, "export_department_list": 5, "heartbeat": 5}  # fmt: skip


def somebody(user_class):
    """A user of the class, somewhere."""
    sited = type(user_class.__name__, (user_class,), {"host": "http://localhost"})
    return sited(Environment(user_classes=[sited]))


@pytest.mark.parametrize(("user_class", "shares"), [(FagUser, FAG), (FinUser, FIN)])
def test_actions_are_drawn_as_often_as_the_requirement_says(user_class, shares):
    random.seed(1814)
    user = somebody(user_class)
    tasks = DefaultTaskSet(user)
    drawn = Counter(tasks.get_next_task().__name__ for _ in range(DRAWS))
    assert set(drawn) == set(shares)
    for action, percent in shares.items():
        assert 100 * drawn[action] / DRAWS == pytest.approx(percent, abs=TOLERANCE), action


@pytest.mark.parametrize(("habits", "actions"), [(Fag, mix.FAG_ACTIONS), (Fin, mix.FIN_ACTIONS)])
def test_every_action_of_the_mix_is_something_people_can_do(habits, actions):
    assert sum(actions.values()) == 100
    assert all(callable(getattr(habits, action)) for action in actions)


@pytest.mark.parametrize(
    ("user_class", "shortest", "longest"), [(FagUser, 3, 12), (FinUser, 3, 15)]
)
def test_people_think_as_long_as_the_requirement_says(user_class, shortest, longest):
    random.seed(1814)
    user = somebody(user_class)
    times = [user.wait_time() for _ in range(DRAWS)]
    assert shortest <= min(times) < shortest + 0.1
    assert longest - 0.1 < max(times) <= longest


@pytest.mark.parametrize(("users", "fag", "fin"), [(20, 14, 6), (100, 70, 30), (500, 350, 150)])
def test_seven_of_ten_users_work_in_a_ministry(users, fag, fin):
    from locust.dispatch import UsersDispatcher
    from locust.runners import WorkerNode

    dispatcher = UsersDispatcher([WorkerNode("only")], [FagUser, FinUser])
    dispatcher.new_dispatch(target_user_count=users, spawn_rate=users)
    *_, last = dispatcher
    assert last == {"only": {"FagUser": fag, "FinUser": fin}}
