"""The token cache: one request for one token, never one that is about to expire."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from shared.particle import tokens as tokens_module
from shared.particle.errors import (
    ClientRejectedError,
    NoSuchCustomerError,
    NotSentError,
    ParticleError,
    RateLimitedError,
    ServerFaultError,
)
from shared.particle.tokens import AT_ONCE, IN_A_ROW, LIFETIME, MARGIN, USABLE, Share, TokenCache


class Mint:
    """Stands for the endpoint: counts, and can be held up."""

    def __init__(self) -> None:
        self.minted: list[str | None] = []
        self.gate = threading.Event()
        self.gate.set()
        self.failure: Exception | None = None
        self.fails_for: Callable[[str | None], bool] = lambda _: True

    def mint_token(
        self, client: tuple[str, str], *, customer_name: str | None, lifetime: int
    ) -> tuple[str, float]:
        assert client == ("id", "secret")
        self.gate.wait(10)
        self.minted.append(customer_name)
        if self.failure and self.fails_for(customer_name):
            raise self.failure
        return f"token-{len(self.minted)}", lifetime


class Purse:
    """A budget that notes what is asked of it, and can be empty."""

    def __init__(self) -> None:
        self.taken: list[Share] = []
        self.learned: list[ParticleError] = []
        self.empty = False

    def acquire(self, share: Share) -> None:
        if self.empty or self.learned:
            raise RateLimitedError("POST /oauth/token", "", None, 7)
        self.taken.append(share)

    def learn(self, share: Share, failure: ParticleError) -> None:
        assert share in self.taken
        self.learned.append(failure)


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def cache(mint: Mint, clock: Clock | None = None, purse: Purse | None = None) -> TokenCache:
    particle: Any = mint
    return TokenCache(particle, "id", "secret", purse or Purse(), clock=clock or Clock())


def test_a_token_is_used_again_until_shortly_before_it_expires() -> None:
    mint, clock = Mint(), Clock()
    tokens = cache(mint, clock)
    first = tokens.server.token()
    clock.now += LIFETIME - MARGIN
    assert tokens.server.token() == first
    clock.now += 1
    assert tokens.server.token() != first
    assert mint.minted == [None, None]


def test_customers_do_not_share_tokens() -> None:
    mint = Mint()
    tokens = cache(mint)
    assert tokens.customer("a").token() != tokens.customer("b").token()
    assert mint.minted == ["a", "b"]


def test_many_at_once_are_one_request() -> None:
    mint = Mint()
    mint.gate.clear()
    tokens = cache(mint)
    with ThreadPoolExecutor(20) as pool:
        asked = [pool.submit(tokens.customer("a").token) for _ in range(20)]
        mint.gate.set()
        assert {future.result() for future in asked} == {"token-1"}
    assert mint.minted == ["a"]


def test_a_rejected_token_is_renewed_once_for_all_who_met_it() -> None:
    mint = Mint()
    tokens = cache(mint)
    rejected = tokens.server.token()
    assert tokens.server.renew(rejected) == tokens.server.renew(rejected) == "token-2"


def test_a_failure_is_not_remembered() -> None:
    mint = Mint()
    tokens = cache(mint)
    mint.failure = ServerFaultError("POST /oauth/token", "", 503)
    with pytest.raises(ServerFaultError):
        tokens.server.token()
    mint.failure = None
    assert tokens.server.token() == "token-2"


def test_a_longer_validity_can_be_asked_for() -> None:
    mint, clock = Mint(), Clock()
    tokens = cache(mint, clock)
    tokens.get("a")
    clock.now += 400
    assert tokens.get("a", valid_for=3300).value == "token-2"


def test_a_token_is_in_no_repr() -> None:
    assert "token-1" not in repr(cache(Mint()).get("a"))


def test_every_request_is_taken_from_the_budget_and_none_beyond_it() -> None:
    mint, purse = Mint(), Purse()
    tokens = cache(mint, purse=purse)
    tokens.server.token()
    tokens.server.token()
    tokens.customer("a").token()
    tokens.mint("a", Share.APP)
    assert purse.taken == [Share.SERVER, Share.CLAIM, Share.APP]
    purse.empty = True
    with pytest.raises(RateLimitedError):
        tokens.customer("b").token()
    assert mint.minted == [None, "a", "a"]
    assert tokens.server.token() == "token-1"


def test_a_wrong_secret_is_shown_to_particle_once_however_many_ask() -> None:
    mint, purse = Mint(), Purse()
    mint.failure = ClientRejectedError("POST /oauth/token", "", 400)
    mint.gate.clear()
    tokens = cache(mint, purse=purse)
    with ThreadPoolExecutor(20) as pool:
        asked = [pool.submit(tokens.customer(str(n)).token) for n in range(20)]
        mint.gate.set()
        assert all(isinstance(future.exception(), ParticleError) for future in asked)
    assert len(mint.minted) == len(purse.learned) == 1


def test_a_secret_that_was_good_is_not_shown_by_many_when_it_no_longer_is() -> None:
    mint, purse = Mint(), Purse()
    tokens = cache(mint, purse=purse)
    tokens.server.token()
    mint.failure = ClientRejectedError("POST /oauth/token", "", 401)
    mint.gate.clear()
    with ThreadPoolExecutor(20) as pool:
        asked = [pool.submit(tokens.customer(str(n)).token) for n in range(20)]
        mint.gate.set()
        assert all(isinstance(future.exception(), ParticleError) for future in asked)
    assert len(mint.minted) <= 1 + AT_ONCE < 10


def test_the_next_log_in_is_tried_when_those_under_way_have_ended(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tokens_module, "PATIENCE", 0.01)
    mint = Mint()
    tokens = cache(mint)
    tokens.server.token()
    mint.gate.clear()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        asked = [pool.submit(tokens.customer(str(n)).token) for n in range(AT_ONCE)]
        while tokens._at_once.acquire(blocking=False):
            tokens._at_once.release()
        with pytest.raises(NotSentError):
            tokens.customer("late").token()
        mint.gate.set()
        assert all(future.result() for future in asked)
    assert tokens.customer("late").token()


def test_refused_customers_in_a_row_are_followed_by_a_log_in_that_succeeds() -> None:
    """Ten refused ones in a row block the address, whosever they are."""
    mint = Mint()
    tokens = cache(mint)
    for number in range(12):
        mint.failure = NoSuchCustomerError("POST /oauth/token", "", 400)
        mint.fails_for = lambda name: name is not None
        with pytest.raises(NoSuchCustomerError):
            tokens.customer(str(number)).token()
    refused = "".join("." if name is None else "x" for name in mint.minted)
    assert max(map(len, refused.split("."))) == IN_A_ROW


def test_a_log_in_that_makes_a_customer_is_one_too() -> None:
    mint, purse = Mint(), Purse()
    tokens = cache(mint, purse=purse)
    shown: list[tuple[str, str]] = []
    tokens.log_in(Share.SIGN_UP, shown.append)
    assert (shown, purse.taken) == ([("id", "secret")], [Share.SIGN_UP])

    def refuse(_: tuple[str, str]) -> None:
        raise ClientRejectedError("POST /v1/products/{product}/customers", "", 401)

    with pytest.raises(ClientRejectedError):
        tokens.log_in(Share.CUSTOMER, refuse)
    assert len(purse.learned) == 1


@pytest.mark.parametrize("failure", [ServerFaultError("r"), RateLimitedError("r", "", 429, 9)])
def test_a_token_that_is_still_good_is_used_while_it_cannot_be_replaced(
    failure: ParticleError,
) -> None:
    mint, clock, purse = Mint(), Clock(), Purse()
    tokens = cache(mint, clock, purse)
    first = tokens.server.token()
    clock.now += LIFETIME - MARGIN + 1
    mint.failure = failure
    assert tokens.server.token() == tokens.server.token() == first
    assert len(mint.minted) == 2, "not tried again at once"
    with pytest.raises(ParticleError):
        tokens.get(None)
    clock.now += MARGIN - USABLE
    with pytest.raises(ParticleError):
        tokens.server.token()


def test_one_thread_replaces_it_and_the_others_go_on() -> None:
    mint, clock = Mint(), Clock()
    tokens = cache(mint, clock)
    first = tokens.server.token()
    clock.now += LIFETIME - MARGIN + 1
    mint.gate.clear()
    with ThreadPoolExecutor(2) as pool:
        replacing = pool.submit(tokens.server.token)
        while not tokens._lock(None).locked():
            assert not replacing.done()
        assert tokens.server.token() == first
        mint.gate.set()
        assert replacing.result() == tokens.server.token() == "token-2"


def test_a_lock_lives_only_while_it_is_used() -> None:
    mint = Mint()
    tokens = cache(mint)
    mint.gate.clear()
    with ThreadPoolExecutor(1) as pool:
        minting = pool.submit(tokens.customer("a").token)
        while not tokens._lock("a").locked():
            assert not minting.done()
        assert list(tokens._locks) == ["a"]
        mint.gate.set()
        minting.result()
    for number in range(100):
        tokens.customer(str(number)).token()
    assert not list(tokens._locks)


def test_memory_is_bounded_and_keeps_what_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokens_module, "MAX_TOKENS", 3)
    mint = Mint()
    tokens = cache(mint)
    own = tokens.server.token()
    for number in range(10):
        tokens.customer(str(number)).token()
        assert tokens.server.token() == own
    assert len(tokens._tokens) == 3
