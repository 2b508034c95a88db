"""The budget of token requests: a thousand customers at once do not lock the product out."""

import secrets
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from local.client import Account
from local.stack import Stack
from shared import cache, connections, settings
from shared.firestore import paths
from shared.limits.token_budget import ALL, APPS, CUSTOMERS, REJECTIONS, TokenBudget
from shared.particle import TokenCache
from shared.particle.errors import (
    ClientRejectedError,
    NoSuchCustomerError,
    ParticleError,
    RateLimitedError,
)
from tests.functional.conftest import Label
from tests.support.functions import call, refusal
from tests.support.simulator import Simulator


class Clock:
    """Starts at a quarter past an hour of its own, so that no test meets another's counters."""

    def __init__(self) -> None:
        self.now = (400_000 + secrets.randbelow(50_000)) * 3600 + 900.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(stack: Stack) -> Clock:
    return Clock()


def budget(clock: Clock, version: int = 1) -> TokenBudget:
    return TokenBudget("id", f"secret {version}", clock=clock)


def taken(purse: TokenBudget, customer_name: str | None, tries: int) -> int:
    """How many of so many requests were allowed."""
    allowed = 0
    for _ in range(tries):
        try:
            purse.acquire(customer_name)
        except RateLimitedError:
            continue
        allowed += 1
    return allowed


def test_instances_share_the_budget_and_the_product_has_a_reserve(clock: Clock) -> None:
    one, two = budget(clock), budget(clock)
    assert taken(one, "a", 50) == 50
    assert taken(two, "b", 50) == CUSTOMERS - 50
    assert taken(one, "c", 5) == 0
    assert taken(one, None, 30) == ALL - CUSTOMERS
    assert taken(two, None, 5) == 0


def test_tokens_for_apps_leave_room_for_claims(clock: Clock) -> None:
    one = budget(clock)
    for _ in range(APPS):
        one.acquire("a", for_app=True)
    with pytest.raises(RateLimitedError):
        one.acquire("a", for_app=True)
    assert taken(one, "a", CUSTOMERS) == CUSTOMERS - APPS


def test_the_time_to_come_again_is_true(clock: Clock) -> None:
    one = budget(clock)
    taken(one, "a", CUSTOMERS - 10)
    clock.now += 90
    taken(one, "a", 10)
    with pytest.raises(RateLimitedError) as spent:
        one.acquire("a")
    # One second too early it is still spent, also for an instance that was not there.
    clock.now += spent.value.retry_after - 1
    assert taken(budget(clock), "a", 1) == 0
    clock.now += 1
    assert taken(one, "a", CUSTOMERS) == CUSTOMERS - 10


def test_never_more_than_the_limit_in_any_five_minutes(clock: Clock) -> None:
    one, allowed = budget(clock), []
    clock.now = clock.now // 3600 * 3600 + 3600 - 420  # over the end of an hour, too
    for _ in range(90):
        allowed += [clock.now] * taken(one, None, 4)
        clock.now += 10
    busiest = max(sum(start <= at < start + 300 for at in allowed) for start in allowed)
    assert 80 <= busiest <= ALL


def test_many_threads_do_not_exceed_it(clock: Clock) -> None:
    instances = [budget(clock) for _ in range(4)]
    with ThreadPoolExecutor(16) as pool:
        allowed = pool.map(lambda n: taken(instances[n % 4], "a", 10), range(16))
    # Those who were refused at the same moment may have counted each other.
    assert CUSTOMERS - 16 <= sum(allowed) <= CUSTOMERS


def test_particles_own_refusal_closes_it_for_all(clock: Clock) -> None:
    one, two = budget(clock), budget(clock)
    one.learn(RateLimitedError("POST /oauth/token", "", 429, 42))
    for instance in (one, two):
        with pytest.raises(RateLimitedError) as closed:
            instance.acquire(None)
        assert closed.value.retry_after == 42
    clock.now += 42
    assert taken(two, None, 1) == 1


def test_a_wrong_secret_is_not_shown_again_until_it_is_mended(clock: Clock) -> None:
    for _ in range(REJECTIONS):
        instance = budget(clock)
        instance.acquire(None)
        instance.learn(ClientRejectedError("POST /oauth/token", "", 400))
    with pytest.raises(ClientRejectedError):
        budget(clock).acquire(None)
    budget(clock, 2).acquire(None)


@pytest.fixture
def customers_at_particle(stack: Stack, simulator: Simulator) -> Iterator[list[str]]:
    setting = settings.particle()
    names = [secrets.token_hex(16) for _ in range(100)]
    client = (setting.client_id, setting.client_secret)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda name: connections.particle().create_customer(client, name), names))
    simulator.forget()
    yield names
    for counter in paths.client().collection(paths.LIMITS).list_documents():
        counter.delete()
    cache.empty_all()


def test_a_thousand_customers_within_a_minute(
    customers_at_particle: list[str],
    owned: Label,
    customer: Account,
    another: Account,
    simulator: Simulator,
) -> None:
    setting = settings.particle()

    def instance() -> TokenCache:
        purse = TokenBudget(setting.client_id, setting.client_secret)
        return TokenCache(connections.particle(), setting.client_id, setting.client_secret, purse)

    instances = [instance() for _ in range(5)]

    def ask(n: int) -> str:
        try:
            instances[n % 5].customer(customers_at_particle[n % 100] + "x" * (n // 100)).token()
        except NoSuchCustomerError:
            return "asked in vain"
        except RateLimitedError as spent:
            assert 0 < spent.retry_after <= 360
            return "told to wait"
        return "served"

    simulator.forget()
    with ThreadPoolExecutor(20) as pool:
        outcomes = Counter(pool.map(ask, range(1000)))
    asked = len(simulator.requests("POST", "/oauth/token"))
    assert asked <= CUSTOMERS
    assert outcomes["told to wait"] >= 1000 - CUSTOMERS
    assert outcomes["served"] + outcomes["asked in vain"] == asked > CUSTOMERS // 2

    # A function that needs a customer's token says when to come again; devices are controlled.
    cache.empty_all()
    answer = refusal("mint_token", {}, another)
    assert (answer.status, answer.reason) == ("RESOURCE_EXHAUSTED", "particle-rate-limited")
    assert 0 < answer.details["retryAfter"] <= 360
    request = {"deviceId": owned.device_id, "function": "set_target", "argument": "20"}
    assert call("invoke_function", request, customer)["status"] == "succeeded"


def test_a_wrong_client_secret_is_a_fault_of_the_setting(
    customer: Account, simulator: Simulator, monkeypatch: pytest.MonkeyPatch, fresh_tokens: None
) -> None:
    wrong = settings.Particle("1319", settings.particle().api_url, "demo-backend-1319", "0" * 40)
    purse = TokenBudget(wrong.client_id, wrong.client_secret)
    tokens = TokenCache(connections.particle(), wrong.client_id, wrong.client_secret, purse)
    for _ in range(10):
        with pytest.raises(ParticleError):
            tokens.server.token()
    assert len(simulator.requests("POST", "/oauth/token")) == REJECTIONS
