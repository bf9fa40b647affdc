"""Counters, quotas and locks on the real PostgreSQL, against a plain model of the product page.

The machine runs in a thread of its own; its calls run on the loop that holds the pool, so that bursts are really parallel there.
"""

import asyncio
from collections.abc import Coroutine
from datetime import datetime, timedelta
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

from server.policy import CODE_TRIES
from server.throttle import LOGIN_CODE, LOGIN_CODE_REQUESTS, PASSWORD, Charge, Tries
from tests.server.counted import Counted, refusal
from tests.server.throttle_model import ModelCharge, ModelQuota, ModelTries

pytestmark = pytest.mark.usefixtures("database")
# A short row, so that a random walk comes to its end; and a trusted device, which counts apart.
SHORT_ROW = Tries("short-row", "short", CODE_TRIES, in_a_row=7)
DEVICE = "7b0c1f8e-0000-4000-8000-000000000001"
COUNTERS = [(PASSWORD, ""), (LOGIN_CODE, ""), (SHORT_ROW, ""), (PASSWORD, DEVICE)]
WHICH = st.sampled_from([0, 0, 0, 1])
MINUTE, LOCK, HOUR = timedelta(minutes=1), timedelta(minutes=15), timedelta(hours=1)
TICK = timedelta(microseconds=1)


class Machine(RuleBasedStateMachine):
    """Time stops where something ends: just before it, and at it."""

    loop: ClassVar[asyncio.AbstractEventLoop]

    def __init__(self) -> None:
        super().__init__()
        self.real = Counted()

    def run(self, *works: Coroutine[Any, Any, Any]) -> list[Any]:
        async def together() -> list[Any]:
            return await asyncio.gather(*works)

        return asyncio.run_coroutine_threadsafe(together(), self.loop).result(60)

    @property
    def now(self) -> datetime:
        return self.real.clock.now()

    def wait_until(self, instant: datetime | None, early: timedelta) -> None:
        if instant and instant - early > self.now:
            self.real.clock.advance(instant - early - self.now)
        else:
            self.real.clock.advance(MINUTE)


class TriesMachine(Machine):
    pending = Bundle("pending")

    @initialize(first=st.sampled_from(range(len(COUNTERS))))
    def start(self, first: int) -> None:
        # The walk turns around one counter; another beside it must not feel it.
        self.counters = [COUNTERS[first], COUNTERS[first - 1]]
        rows = {"password": 100, "login-code": 15, "short-row": 7}
        self.tries = {(what, channel): ModelTries(what.scope, None if channel else rows[what.name]) for what, channel in COUNTERS}
        self.attempts: list[datetime] = []

    @rule(early=st.sampled_from([TICK, timedelta(0)]))
    def the_lock_ends(self, early: timedelta) -> None:
        self.wait_until(self.tries[self.counters[0]].locked_until, early)

    @rule(which=WHICH, right=st.sampled_from([False, False, True]))
    def one_try(self, which: int, right: bool) -> None:
        counter = self.counters[which]
        model = self.tries[counter]
        charge = model.charge(self.now)
        if isinstance(charge, ModelCharge):
            charge = model.settle(charge, self.now) if right else model.fail(charge)
        assert self.run(self.real.judge(*counter, right=right)) == [charge]

    @rule(which=WHICH, many=st.integers(2, 9))
    def parallel_wrong_tries(self, which: int, many: int) -> None:
        counter = self.counters[which]
        model = self.tries[counter]
        charges = [model.charge(self.now) for _ in range(many)]
        expected = [model.fail(charge) if isinstance(charge, ModelCharge) else charge for charge in charges]
        assert sorted(self.run(*(self.real.judge(*counter) for _ in range(many)))) == sorted(expected)

    @rule(target=pending)
    def a_try_is_charged(self) -> Any:
        counter = self.counters[0]
        [charge], expected = self.run(self.real.charge(*counter)), self.tries[counter].charge(self.now)
        if isinstance(expected, ModelCharge):
            assert isinstance(charge, Charge)
            return charge, expected
        assert charge == expected
        return multiple()

    @rule(charged=consumes(pending), right=st.booleans())
    def and_judged_later(self, charged: tuple[Charge, ModelCharge], right: bool) -> None:
        charge, expected = charged
        model = self.tries[self.counters[0]]
        outcome = model.settle(expected, self.now) if right else model.fail(expected)
        assert self.run(self.real.finish(charge, right)) == [outcome]

    @rule()
    def an_attempt_begins(self) -> None:
        self.real.clock.advance(TICK)
        self.attempts.append(self.now)

    @invariant()
    def what_stands_is_told_without_a_try(self) -> None:
        everybodys = [what for what, channel in self.counters if not channel]
        asked = (refusal(self.real.throttle.refuse_if_locked(self.real.subject, what)) for what in everybodys)
        assert self.run(*asked) == [self.tries[what, ""].standing(self.now) for what in everybodys]

    @invariant()
    def a_lock_kills_the_attempts_under_way_and_nothing_else_does(self) -> None:
        for began_at in self.attempts[-2:]:
            killers = [model for what in (PASSWORD, LOGIN_CODE) if (model := self.tries[what, ""]).kills(began_at)]
            possible = [standing for model in killers if (standing := model.standing(self.now)) and standing[0] == "locked"]
            expected = possible or ([("step-missing", "login")] if killers else [None])
            [found] = self.run(refusal(self.real.throttle.refuse_if_killed(self.real.subject, began_at)))
            assert found in expected


class QuotaMachine(Machine):
    def __init__(self) -> None:
        super().__init__()
        self.quota = ModelQuota()

    @rule(early=st.sampled_from([TICK, timedelta(0)]))
    def the_lock_or_the_hour_of_the_oldest_ends(self, early: timedelta) -> None:
        oldest = [at + HOUR for at in self.quota.granted if at + HOUR > self.now][:1]
        self.wait_until(self.quota.locked_until or (oldest[0] if oldest else None), early)

    @rule(many=st.integers(1, 7))
    def codes_are_asked_for(self, many: int) -> None:
        expected = [self.quota.ask(self.now) for _ in range(many)]
        assert sorted(self.run(*(self.real.ask() for _ in range(many)))) == sorted(expected)

    @rule()
    def a_login_empties_the_count(self) -> None:
        self.quota.forget()
        self.run(self.real.throttle.forget_requests(self.real.subject, LOGIN_CODE_REQUESTS))

    @invariant()
    def the_answer_tells_what_is_left(self) -> None:
        [left] = self.run(self.real.throttle.left(self.real.subject, LOGIN_CODE_REQUESTS))
        assert (left.count, left.locked_until) == self.quota.left(self.now)


@pytest.mark.parametrize(("machine", "walks"), [(TriesMachine, 40), (QuotaMachine, 15)])
async def test_any_walk_does_what_the_product_page_says(machine: type[Machine], walks: int) -> None:
    machine.loop = asyncio.get_running_loop()
    bounds = settings(
        max_examples=walks,
        stateful_step_count=25,
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        report_multiple_bugs=False,
    )
    await asyncio.to_thread(run_state_machine_as_test, machine, settings=bounds)  # type: ignore[no-untyped-call]


async def fail_until_locked(counted: Counted, what: Tries, channel: str = "") -> None:
    for _ in range(2):
        assert (await counted.judge(what, channel))[0] == "invalid-code"
    assert (await counted.judge(what, channel))[0] == "locked"
    counted.clock.advance(LOCK)


async def test_after_fifteen_wrong_codes_in_a_row_only_a_new_password_helps() -> None:
    counted = Counted()
    for _ in range(5):
        await fail_until_locked(counted, LOGIN_CODE)
    assert await counted.judge(LOGIN_CODE, right=True) == ("step-missing", "recovery")


async def test_a_right_code_starts_the_row_anew() -> None:
    counted = Counted()
    for _ in range(4):
        await fail_until_locked(counted, LOGIN_CODE)
    for _ in range(2):
        await counted.judge(LOGIN_CODE)
    assert await counted.judge(LOGIN_CODE, right=True) == ("right",)
    await fail_until_locked(counted, LOGIN_CODE)
    assert await counted.judge(LOGIN_CODE, right=True) == ("right",)


async def test_after_a_hundred_wrong_passwords_in_a_row_only_known_devices_go_on() -> None:
    counted = Counted()
    for _ in range(33):
        await fail_until_locked(counted, PASSWORD)
    assert await counted.judge(PASSWORD) == ("invalid-code", 2)
    assert await counted.judge(PASSWORD, right=True) == ("step-missing", "recovery")
    assert await counted.judge(PASSWORD, DEVICE, right=True) == ("right",)


async def test_a_lock_lasts_900_seconds_of_elapsed_time_across_the_change_of_hour() -> None:
    counted = Counted()
    # 25 October 2026, 02:55 summer time in Paris: five minutes before clocks go back.
    counted.clock.advance(datetime.fromisoformat("2026-10-25T02:55:00+02:00") - counted.clock.now())
    began = counted.clock.now()
    for _ in range(3):
        outcome = await counted.judge(PASSWORD)
    assert outcome == ("locked", "login", began + timedelta(seconds=900))
    counted.clock.advance(timedelta(seconds=900) - TICK)
    assert await counted.judge(PASSWORD, right=True) == outcome
    counted.clock.advance(TICK)
    assert await counted.judge(PASSWORD, right=True) == ("right",)


async def test_of_a_hundred_parallel_right_answers_one_at_least_is_taken_and_no_lock_stays() -> None:
    counted = Counted()
    outcomes = await asyncio.gather(*(counted.judge(LOGIN_CODE, right=True) for _ in range(100)))
    assert ("right",) in outcomes
    assert await counted.judge(LOGIN_CODE, right=True) == ("right",)


async def test_a_right_third_try_locks_nothing_and_kills_no_attempt() -> None:
    counted = Counted()
    began_at = counted.clock.now()
    counted.clock.advance(MINUTE)
    for right in (False, False, True):
        await counted.judge(PASSWORD, right=right)
    await counted.throttle.refuse_if_killed(counted.subject, began_at)


async def test_an_attempt_that_a_lock_killed_stays_dead_whatever_succeeds_later() -> None:
    counted = Counted()
    began_at = counted.clock.now()
    await fail_until_locked(counted, PASSWORD)
    for right in (False, False, True):
        await counted.judge(PASSWORD, right=right)
    assert await refusal(counted.throttle.refuse_if_killed(counted.subject, began_at)) == ("step-missing", "login")
