"""The budget of token requests: a thousand customers at once do not lock the product out."""

import secrets
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from local.client import Account, Client
from local.stack import Stack
from shared import cache, connections, settings
from shared.customers import shadow
from shared.firestore import paths
from shared.limits.token_budget import (
    ALL,
    APPS,
    CUSTOMERS,
    ENDINGS,
    REJECTIONS,
    SIGN_UPS,
    TokenBudget,
)
from shared.particle import Share, TokenCache
from shared.particle.errors import ClientRejectedError, NoSuchCustomerError, RateLimitedError
from tests.functional.conftest import Label
from tests.support.functions import call, refusal, user_created
from tests.support.limits import forget_limits
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


def taken(purse: TokenBudget, share: Share, tries: int) -> int:
    """How many of so many requests were allowed."""
    allowed = 0
    for _ in range(tries):
        try:
            purse.acquire(share)
        except RateLimitedError:
            continue
        allowed += 1
    return allowed


def test_instances_share_the_budget_and_the_product_has_a_reserve(clock: Clock) -> None:
    one, two = budget(clock), budget(clock)
    assert taken(one, Share.CLAIM, 50) == 50
    assert taken(two, Share.CLAIM, 50) == CUSTOMERS - 50
    assert taken(one, Share.CLAIM, 5) == 0
    assert taken(one, Share.SERVER, 30) == ALL - CUSTOMERS
    assert taken(two, Share.SERVER, 5) == 0


def test_each_share_leaves_room_for_the_next(clock: Clock) -> None:
    """Tokens for apps for claims, these for endings, and all for the product itself."""
    one, used = budget(clock), 0
    shares = {
        Share.APP: APPS,
        Share.CLAIM: CUSTOMERS,
        Share.ENDING: ENDINGS,
        Share.SERVER: ALL,
    }
    for share, limit in shares.items():
        assert taken(one, share, 100) == limit - used > 0
        used = limit
    assert used < 100, "what Particle allows"


def test_customers_for_sign_ups_are_counted_by_themselves(clock: Clock) -> None:
    one, two = budget(clock), budget(clock)
    assert taken(one, Share.SIGN_UP, SIGN_UPS + 5) == SIGN_UPS
    assert taken(two, Share.SIGN_UP, 5) == 0
    for share, limit in ((Share.APP, APPS), (Share.CLAIM, CUSTOMERS), (Share.SERVER, ALL)):
        assert taken(budget(clock), share, limit) > 0, share
    assert taken(one, Share.CUSTOMER, 100) == 100
    clock.now += 360
    assert taken(two, Share.SIGN_UP, 1) == 1


def test_a_limit_on_customers_is_none_on_tokens(clock: Clock) -> None:
    one, two = budget(clock), budget(clock)
    one.learn(Share.SIGN_UP, RateLimitedError("POST /customers", "", 429, 42))
    for share, allowed in ((Share.SIGN_UP, 0), (Share.CUSTOMER, 0), (Share.CLAIM, 1)):
        assert taken(one, share, 1) == taken(two, share, 1) == allowed, share


def test_the_time_to_come_again_is_true(clock: Clock) -> None:
    one = budget(clock)
    taken(one, Share.CLAIM, CUSTOMERS - 10)
    clock.now += 90
    taken(one, Share.CLAIM, 10)
    with pytest.raises(RateLimitedError) as spent:
        one.acquire(Share.CLAIM)
    # One second too early it is still spent, also for an instance that was not there.
    clock.now += spent.value.retry_after - 1
    assert taken(budget(clock), Share.CLAIM, 1) == 0
    clock.now += 1
    assert taken(one, Share.CLAIM, CUSTOMERS) == CUSTOMERS - 10


def test_never_more_than_the_limit_in_any_five_minutes(clock: Clock) -> None:
    one, allowed = budget(clock), []
    clock.now = clock.now // 3600 * 3600 + 3600 - 420  # over the end of an hour, too
    for _ in range(90):
        allowed += [clock.now] * taken(one, Share.SERVER, 4)
        clock.now += 10
    busiest = max(sum(start <= at < start + 300 for at in allowed) for start in allowed)
    assert 80 <= busiest <= ALL


def test_many_threads_do_not_exceed_it(clock: Clock) -> None:
    instances = [budget(clock) for _ in range(4)]
    with ThreadPoolExecutor(16) as pool:
        allowed = pool.map(lambda n: taken(instances[n % 4], Share.CLAIM, 10), range(16))
    # Those who were refused at the same moment may have counted each other.
    assert CUSTOMERS - 16 <= sum(allowed) <= CUSTOMERS


def test_particles_own_refusal_closes_it_for_all(clock: Clock) -> None:
    one, two = budget(clock), budget(clock)
    one.learn(Share.SERVER, RateLimitedError("POST /oauth/token", "", 429, 42))
    for instance in (one, two):
        with pytest.raises(RateLimitedError) as closed:
            instance.acquire(Share.SERVER)
        assert closed.value.retry_after == 42
    clock.now += 42
    assert taken(two, Share.SERVER, 1) == 1


def test_a_wrong_secret_is_not_shown_again_until_it_is_mended(clock: Clock) -> None:
    for _ in range(REJECTIONS):
        instance = budget(clock)
        instance.acquire(Share.SERVER)
        instance.learn(Share.SERVER, ClientRejectedError("POST /oauth/token", "", 400))
    for share in Share:
        with pytest.raises(ClientRejectedError):
            budget(clock).acquire(share)
        budget(clock, 2).acquire(share)


@pytest.fixture
def customers_at_particle(stack: Stack, simulator: Simulator) -> Iterator[list[str]]:
    setting = settings.particle()
    names = [secrets.token_hex(16) for _ in range(100)]
    client = (setting.client_id, setting.client_secret)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda name: connections.particle().create_customer(client, name), names))
    simulator.forget()
    yield names
    forget_limits()


def test_a_thousand_customers_within_a_minute(
    customers_at_particle: list[str],
    owned: Label,
    new_label: Callable[..., Label],
    customer: Account,
    another: Account,
    simulator: Simulator,
) -> None:
    call("claim_device", new_label().claim, another)
    forget_limits()
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


WRONG_SECRET = {
    "as documented": None,
    "401": {"kind": "status", "status": 401, "body": {"error": "invalid_client"}},
    "401 without words": {"kind": "status", "status": 401, "body": {}},
    "401 of a page": {"kind": "status", "status": 401, "body": "<html>Unauthorized</html>"},
    "400 in other words": {"kind": "status", "status": 400, "body": {"error": "bad secret"}},
    "403": {"kind": "status", "status": 403, "body": {"error": "Forbidden"}},
}


@pytest.mark.parametrize("words", WRONG_SECRET)
def test_a_wrong_client_secret_is_a_fault_of_the_setting(
    words: str, customer: Account, simulator: Simulator, fresh_tokens: None
) -> None:
    """Twelve calls, from as many instances, must not become ten log-ins."""
    wrong = settings.Particle("1319", settings.particle().api_url, "demo-backend-1319", "0" * 40)
    if fault := WRONG_SECRET[words]:
        simulator.fail({"route": "POST /oauth/token"}, fault)
    forget_limits()
    for _ in range(12):
        purse = TokenBudget(wrong.client_id, wrong.client_secret)
        tokens = TokenCache(connections.particle(), wrong.client_id, wrong.client_secret, purse)
        with pytest.raises(ClientRejectedError):
            tokens.server.token()
    assert len(simulator.requests("POST", "/oauth/token")) == REJECTIONS
    forget_limits()


@pytest.mark.parametrize("status", [400, 401])
def test_so_it_is_where_customers_are_made(
    status: int, label: Label, client: Client, simulator: Simulator
) -> None:
    """There is a good token for the product, and the secret has been changed since."""
    body = {"error": "invalid_client"}
    simulator.fail(
        {"route": "POST /v1/products/*/customers"},
        {"kind": "status", "status": status, "body": body},
    )
    forget_limits()
    accounts = [client.sign_up() for _ in range(12)]
    for number, account in enumerate(accounts):
        if number % 2:
            paths.user(account.uid).set({})
            assert user_created(account.uid) == 500
        else:
            assert refusal("claim_device", label.claim, account).reason == "particle-unavailable"
    assert len(simulator.requests("POST", "/customers")) == REJECTIONS
    forget_limits()


EXISTS = {
    "409": {"status": 409, "body": {"error": "Conflict"}},
    "409 of a page": {"status": 409, "body": "<html></html>"},
    "400 in other words": {"status": 400, "body": {"ok": False, "error": "email has been taken"}},
    "422 with a list": {"status": 422, "body": {"errors": [{"message": "is not unique"}]}},
    "400 in capitals": {"status": 400, "body": {"error": "CUSTOMER ALREADY EXISTS"}},
    "200 that is none": {"status": 200, "body": {"ok": False, "error": "exists"}},
    "403": {"status": 403, "body": {"ok": False, "error": "Permission denied"}},
}


@pytest.mark.parametrize("words", EXISTS)
def test_that_a_customer_exists_may_be_said_in_any_words(
    words: str, label: Label, customer: Account, simulator: Simulator
) -> None:
    """A token for that customer is the proof; without one the refusal stands."""
    paths.user(customer.uid).set({})
    fault = {"kind": "status", **EXISTS[words]}
    simulator.fail({"route": "POST /v1/products/*/customers"}, fault)
    forget_limits()
    if "CAPITALS" not in str(words).upper():
        assert user_created(customer.uid) == 500
        assert paths.user(customer.uid).get().get("particle.status") == "error"
    setting = settings.particle()
    simulator.heal()
    connections.particle().create_customer(
        (setting.client_id, setting.client_secret), shadow.opaque_name(customer.uid)
    )
    simulator.fail({"route": "POST /v1/products/*/customers"}, fault)
    assert user_created(customer.uid) < 300
    assert paths.user(customer.uid).get().get("particle.status") == "ready"
    call("claim_device", label.claim, customer)
    assert simulator.device(label.device_id)["owner"] == shadow.opaque_name(customer.uid)
