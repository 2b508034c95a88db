"""Grants, and the life of tokens."""

import re

import pyotp
import pytest

from tests.unit.simulator.world import CLIENT, PRODUCT, World

HEX_40 = re.compile("[0-9a-f]{40}")
DAY = 86_400


def test_product_token(world: World) -> None:
    answer = world.grant(grant_type="client_credentials")
    assert answer.status_code == 200
    body = answer.json()
    assert set(body) == {"token_type", "access_token", "expires_in", "refresh_token"}
    assert body["token_type"] == "bearer"
    assert body["expires_in"] == 7_776_000
    assert HEX_40.fullmatch(body["access_token"])
    assert HEX_40.fullmatch(body["refresh_token"])
    assert answer.headers["access-control-allow-origin"] == "*"


def test_client_in_the_body_is_as_good_as_basic(world: World) -> None:
    form = {
        "grant_type": "client_credentials",
        "client_id": CLIENT[0],
        "client_secret": CLIENT[1],
    }
    assert world.call("POST", "/oauth/token", data=form).status_code == 200


def test_customer_token_carries_the_scope(world: World) -> None:
    world.shadow("Jane@Example.com")
    token = world.token(grant_type="client_credentials", scope="customer=JANE@example.com")
    assert token.body["scope"] == "customer=jane@example.com"
    assert world.call("GET", "/v1/devices", token.access).json() == []


@pytest.mark.parametrize(
    "scope", ["customer=nobody@example.com", "customer=customer=jane@example.com", "jane"]
)
def test_scope_of_nobody(world: World, scope: str) -> None:
    world.shadow("jane@example.com")
    answer = world.grant(grant_type="client_credentials", scope=scope)
    assert answer.status_code == 400
    assert answer.json() == {"error": "invalid_grant", "error_description": "Customer not found"}


@pytest.mark.parametrize(
    ("form", "error", "description"),
    [
        ({"expires_in": "1"}, "invalid_request", "Invalid or missing grant_type parameter"),
        (
            {"grant_type": "magic"},
            "invalid_request",
            "Invalid grant_type parameter or parameter missing",
        ),
        (
            {"grant_type": "password"},
            "invalid_request",
            'Missing parameters. "username" and "password" are required',
        ),
        ({"grant_type": "refresh_token"}, "invalid_request", 'No "refresh_token" parameter'),
        (
            {"grant_type": "refresh_token", "refresh_token": "x"},
            "invalid_grant",
            "Invalid refresh token",
        ),
        (
            {"grant_type": "password", "username": "x", "password": "y"},
            "invalid_grant",
            "User credentials are invalid",
        ),
    ],
)
def test_refused_grants(world: World, form: dict[str, str], error: str, description: str) -> None:
    answer = world.grant(**form)
    assert answer.status_code == 400
    assert answer.json() == {"error": error, "error_description": description}


@pytest.mark.parametrize(
    ("auth", "description"),
    [
        ((CLIENT[0], "wrong"), "Client credentials are invalid"),
        (("nobody", "x"), "Client credentials are invalid"),
        ((CLIENT[0], ""), "Missing client_secret parameter"),
        (("", "x"), "Invalid or missing client_id parameter"),
    ],
)
def test_wrong_client(world: World, auth: tuple[str, str], description: str) -> None:
    answer = world.grant(auth, grant_type="client_credentials")
    assert answer.status_code == 400
    assert answer.json() == {"error": "invalid_client", "error_description": description}
    assert answer.headers["www-authenticate"] == 'Basic realm="Service"'


def test_takes_a_form_only(world: World) -> None:
    answer = world.call("POST", "/oauth/token", json={"grant_type": "client_credentials"})
    assert answer.status_code == 400
    assert answer.json()["error"] == "invalid_request"


def test_malformed_basic_header(world: World) -> None:
    answer = world.call(
        "POST",
        "/oauth/token",
        data={"grant_type": "client_credentials"},
        headers={"Authorization": "Basic ***"},
    )
    assert answer.json()["error_description"] == "Malformed auth header"


def test_refresh_token_works_once(world: World) -> None:
    world.shadow("jane@example.com")
    old = world.token(grant_type="client_credentials", scope="customer=jane@example.com")
    new = world.token(grant_type="refresh_token", refresh_token=old.refresh)
    assert new.body["scope"] == "customer=jane@example.com"
    assert world.call("GET", "/v1/devices", new.access).status_code == 200
    assert world.call("GET", "/v1/devices", old.access).status_code == 401
    again = world.grant(grant_type="refresh_token", refresh_token=old.refresh)
    assert again.json()["error_description"] == "Invalid refresh token"


def test_refresh_token_is_bound_to_its_client(world: World) -> None:
    token = world.token(grant_type="client_credentials")
    answer = world.grant(
        ("particle", "particle"), grant_type="refresh_token", refresh_token=token.refresh
    )
    assert answer.json()["error_description"] == "Invalid refresh token"


def test_refresh_token_lives_fourteen_days(world: World) -> None:
    token = world.token(grant_type="client_credentials")
    world.control("POST", "/clock", {"advance": 14 * DAY - 60})
    newer = world.token(grant_type="refresh_token", refresh_token=token.refresh)
    world.control("POST", "/clock", {"advance": 14 * DAY + 1})
    answer = world.grant(grant_type="refresh_token", refresh_token=newer.refresh)
    assert answer.json()["error_description"] == "Refresh token has expired"


def test_expiry(world: World) -> None:
    short = world.token(grant_type="client_credentials", expires_in="60").access
    forever = world.token(grant_type="client_credentials", expires_in="0").access
    world.control("POST", "/clock", {"advance": 61})
    answer = world.call("GET", PRODUCT, short)
    assert answer.status_code == 401
    assert answer.json() == {
        "error": "invalid_token",
        "error_description": "The access token provided has expired.",
    }
    world.control("POST", "/clock", {"advance": 4000 * DAY})
    assert world.call("GET", PRODUCT, forever).status_code == 200


def test_expires_at(world: World) -> None:
    token = world.token(grant_type="client_credentials", expires_at="2099-01-01T00:00:00Z")
    assert token.body["expires_in"] > 10 * 365 * DAY
    shown = world.call("GET", "/v1/access_tokens/current", token.access).json()
    assert shown["expires_at"] == "2099-01-01T00:00:00.000Z"
    assert shown["client"] == CLIENT[0]


@pytest.mark.parametrize("form", [{"expires_in": "soon"}, {"expires_at": "1999-01-01"}])
def test_expiry_that_is_none(world: World, form: dict[str, str]) -> None:
    assert world.grant(grant_type="client_credentials", **form).status_code == 400


def test_simple_auth_customer_logs_in_with_a_password(world: World) -> None:
    form = {"email": "kim@example.com", "password": "secret"}
    created = world.call("POST", f"{PRODUCT}/customers", auth=CLIENT, data=form)
    assert created.status_code == 201
    assert "scope" not in created.json()
    token = world.token(grant_type="password", username="Kim@example.com", password="secret")
    assert world.call("GET", PRODUCT, token.access).status_code == 403
    assert world.call("GET", "/v1/devices", token.access).status_code == 200


def test_client_without_product_has_no_credentials_grant(world: World) -> None:
    answer = world.grant(("particle", "particle"), grant_type="client_credentials")
    assert answer.status_code == 400


def test_no_token(world: World) -> None:
    answer = world.call("GET", "/v1/devices")
    assert answer.status_code == 400
    assert answer.json() == {
        "error": "invalid_request",
        "error_description": "The access token was not found",
    }


def test_unknown_token(world: World) -> None:
    answer = world.call("GET", "/v1/devices", "f" * 40)
    assert answer.status_code == 401
    assert answer.json() == {
        "error": "invalid_token",
        "error_description": "The access token provided is invalid.",
    }


def test_token_in_query_and_form(world: World) -> None:
    token = world.server_token()
    assert world.call("GET", f"{PRODUCT}?access_token={token}").status_code == 200
    form = {"access_token": token, "name": "n"}
    assert world.call("POST", f"{PRODUCT}/events", data=form).status_code == 200
    # Neither a query of a POST nor a JSON body may carry it.
    answer = world.call("POST", f"{PRODUCT}/events?access_token={token}", data={"name": "n"})
    assert answer.status_code == 400
    assert world.call("POST", f"{PRODUCT}/events", json=form).status_code == 400


def test_token_in_two_places(world: World) -> None:
    token = world.server_token()
    answer = world.call("GET", f"{PRODUCT}?access_token={token}", token)
    assert answer.status_code == 400
    assert answer.json()["error_description"].startswith("Only one method may be used")


def test_revocation(world: World) -> None:
    first, second = world.user_token(), world.user_token()
    assert world.call("DELETE", "/v1/access_tokens/current", first).json() == {"ok": True}
    assert world.call("GET", "/v1/user", first).status_code == 401
    assert world.call("GET", "/v1/user", second).status_code == 200
    third = world.user_token()
    assert world.call("DELETE", f"/v1/access_tokens/{third}").json() == {"ok": True}
    assert world.call("GET", "/v1/user", third).status_code == 401
    assert world.call("DELETE", "/v1/access_tokens", second).json() == {"ok": True}
    assert world.call("GET", "/v1/user", second).status_code == 401


def test_any_token_of_a_customer_revokes_all_of_theirs(world: World) -> None:
    email = "jo@example.com"
    created = world.shadow(email).json()
    scope = {"grant_type": "client_credentials", "scope": f"customer={email}"}
    minted = [world.token(**scope) for _ in range(2)]
    refreshed = world.token(grant_type="refresh_token", refresh_token=minted[0].refresh)
    _, other = world.customer()
    untouched = [other, world.user_token()]
    server = world.server_token()

    answer = world.call("DELETE", "/v1/access_tokens", minted[1].access)

    assert (answer.status_code, answer.json()) == (200, {"ok": True})
    for token in (created["access_token"], minted[1].access, refreshed.access):
        dead = world.call("GET", "/v1/devices", token)
        assert dead.status_code == 401
        assert dead.json()["error"] == "invalid_token"
    for refresh in (created["refresh_token"], minted[1].refresh, refreshed.refresh):
        again = world.grant(grant_type="refresh_token", refresh_token=refresh)
        assert again.json()["error_description"] == "Invalid refresh token"
    assert [world.call("GET", "/v1/devices", t).status_code for t in untouched] == [200, 200]
    assert world.call("GET", PRODUCT, server).status_code == 200
    # The customer still exists, and gets new tokens.
    assert world.call("GET", "/v1/devices", world.token(**scope).access).status_code == 200


def test_a_customer_of_the_same_name_elsewhere_keeps_their_tokens(world: World) -> None:
    maker = world.user_token()
    form = {"product[name]": "Second", "product[platform_id]": "32"}
    made = world.call("POST", "/v1/user/products", maker, data=form).json()["product"]
    path = f"/v1/products/{made['id']}"
    client = {"name": "backend", "type": "installed"}
    client = world.call("POST", f"{path}/clients", maker, data=client).json()["client"]
    auth = (client["id"], client["secret"])
    form = {"email": "jo@example.com", "no_password": "true"}
    elsewhere = world.call("POST", f"{path}/customers", auth=auth, data=form).json()
    here = world.shadow("jo@example.com").json()

    assert world.call("DELETE", "/v1/access_tokens", here["access_token"]).status_code == 200

    assert world.call("GET", "/v1/devices", elsewhere["access_token"]).status_code == 200


def test_tokens_that_may_not_revoke_all(world: World) -> None:
    server = world.server_token()
    assert world.call("DELETE", "/v1/access_tokens", server).status_code == 403
    assert world.call("GET", PRODUCT, server).status_code == 200
    assert world.call("DELETE", "/v1/access_tokens").status_code == 400
    assert world.call("DELETE", "/v1/access_tokens", "f" * 40).status_code == 401


def test_an_expired_token_revokes_nothing(world: World) -> None:
    email, lasting = world.customer()
    scope = f"customer={email}"
    short = world.token(grant_type="client_credentials", scope=scope, expires_in="60").access
    world.control("POST", "/clock", {"advance": 61})
    assert world.call("DELETE", "/v1/access_tokens", short).status_code == 401
    assert world.call("GET", "/v1/devices", lasting).status_code == 200


def test_multi_factor_log_in(world: World) -> None:
    token = world.user_token()
    setup = world.call("GET", "/v1/user/mfa-enable", token).json()
    authenticator = pyotp.parse_uri(setup["mfa_url"])
    assert isinstance(authenticator, pyotp.TOTP)
    form = {"mfa_token": setup["mfa_token"], "otp": authenticator.now()}
    assert world.call("POST", "/v1/user/mfa-enable", token, data=form).status_code == 200
    settings = world.server.cloud.settings
    login = {
        "grant_type": "password",
        "username": settings.username,
        "password": settings.password,
    }
    refused = world.grant(("particle", "particle"), **login)
    assert refused.status_code == 403
    assert refused.json()["error"] == "mfa_required"
    otp = {"grant_type": "urn:custom:mfa-otp", "mfa_token": refused.json()["mfa_token"]}
    wrong = world.grant(("particle", "particle"), **otp, otp="000000x")
    assert wrong.status_code == 400
    right = world.grant(("particle", "particle"), **otp, otp=authenticator.now())
    assert right.status_code == 200
    late = world.grant(("particle", "particle"), **otp, otp=authenticator.now())
    assert late.json() == {"error": "invalid_grant", "error_description": "OTP expired"}
