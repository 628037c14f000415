"""Rates and exclusion, with a clock of the test."""

from typing import Any

import pytest

from admin.action import Action, Resource
from admin.policy import CHANGES, MAX_BUCKETS, QUESTIONS, Policy, RefusedRequest
from bus.contract.topic import Topic

PERFORM: Any = None
UPDATE = Action(Topic("update", "."), PERFORM, occupies=frozenset({Resource.POWER, Resource.CLOCK}))
CLOCK = Action(Topic("clock", "."), PERFORM, occupies=frozenset({Resource.CLOCK}))
SSH = Action(Topic("ssh", "."), PERFORM, occupies=frozenset({Resource.SSH}))
REBOOT = Action(
    Topic("reboot", "."),
    PERFORM,
    occupies=frozenset({Resource.POWER, Resource.CLOCK}),
    cancels=frozenset({CLOCK.request}),
)
QUESTION = Action(Topic("question", "."), PERFORM)

FIRST = RefusedRequest("too many requests; try again later")
REPEATED = RefusedRequest("too many requests; try again later", quiet=True)


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def policy(clock: Clock) -> Policy:
    return Policy(clock)


def test_a_burst_is_admitted_and_the_rest_refused_once_aloud(policy: Policy) -> None:
    refusals = [policy.over_rate(SSH, 1000) for _ in range(CHANGES.burst + 3)]
    assert refusals == [None] * CHANGES.burst + [FIRST, REPEATED, REPEATED]


def test_a_pause_admits_one_more(policy: Policy, clock: Clock) -> None:
    for _ in range(CHANGES.burst + 1):
        policy.over_rate(SSH, 1000)
    clock.now += CHANGES.interval_s
    assert [policy.over_rate(SSH, 1000) for _ in range(3)] == [None, FIRST, REPEATED]


def test_a_long_pause_admits_a_burst_and_no_more(policy: Policy, clock: Clock) -> None:
    policy.over_rate(SSH, 1000)
    clock.now += 1e6
    assert [policy.over_rate(SSH, 1000) for _ in range(CHANGES.burst + 1)] == [None] * CHANGES.burst + [FIRST]


def test_users_and_actions_have_rates_of_their_own(policy: Policy) -> None:
    for _ in range(CHANGES.burst + 1):
        policy.over_rate(SSH, 1000)
    assert policy.over_rate(SSH, 0) is None
    assert policy.over_rate(REBOOT, 1000) is None


def test_questions_may_be_asked_more_often(policy: Policy) -> None:
    refusals = [policy.over_rate(QUESTION, None) for _ in range(QUESTIONS.burst + 1)]
    assert refusals == [None] * QUESTIONS.burst + [FIRST]


def test_the_rates_of_recent_users_alone_are_remembered(policy: Policy) -> None:
    for uid in range(MAX_BUCKETS + 1):
        for _ in range(QUESTIONS.burst + 1):
            policy.over_rate(QUESTION, uid)
    assert policy.over_rate(QUESTION, 1) == REPEATED
    assert policy.over_rate(QUESTION, 0) is None, "another user's rate took the place of this one"


def test_a_reboot_during_an_update_is_refused(policy: Policy) -> None:
    assert policy.start(UPDATE) is None
    assert policy.start(REBOOT) == RefusedRequest("update is under way")
    policy.end(UPDATE)
    assert policy.start(REBOOT) is None


def test_actions_that_share_no_resource_run_together(policy: Policy) -> None:
    assert [policy.start(action) for action in (UPDATE, SSH, QUESTION, QUESTION)] == [None] * 4


def test_an_action_excludes_itself(policy: Policy) -> None:
    assert policy.start(SSH) is None
    assert policy.start(SSH) == RefusedRequest("ssh is under way")


def test_what_an_action_cancels_does_not_exclude_it(policy: Policy) -> None:
    assert policy.start(CLOCK) is None
    assert policy.start(REBOOT) is None
