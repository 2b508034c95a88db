"""Customers of a product."""

import pytest

from tests.unit.simulator.world import CLIENT, PRODUCT, World

CUSTOMERS = f"{PRODUCT}/customers"


def test_shadow_customer(world: World) -> None:
    answer = world.shadow("Customer5@MyCompany.com")
    assert answer.status_code == 201
    body = answer.json()
    assert set(body) == {
        "token_type",
        "access_token",
        "expires_in",
        "refresh_token",
        "scope",
    }
    assert body["scope"] == "customer=customer5@mycompany.com"


def test_existing_customer(world: World) -> None:
    world.shadow("jane@example.com")
    answer = world.shadow(" JANE@example.com ")
    assert answer.status_code == 400
    assert answer.json() == {"ok": False, "error": "Customer already exists"}


def test_credentials_in_a_json_body_as_android_sends_them(world: World) -> None:
    body = {
        "username": "kim@example.com",
        "password": "p",
        "grant_type": "client_credentials",
        "client_id": CLIENT[0],
        "client_secret": CLIENT[1],
        "account_info": {"first_name": "Kim"},
    }
    assert world.call("POST", CUSTOMERS, json=body).status_code == 201


@pytest.mark.parametrize(
    "form", [{"no_password": "true"}, {"email": "jane@example.com"}, {"email": "x", "password": ""}]
)
def test_incomplete(world: World, form: dict[str, str]) -> None:
    answer = world.call("POST", CUSTOMERS, auth=CLIENT, data=form)
    assert answer.status_code == 400
    assert answer.json()["ok"] is False


def test_wrong_client(world: World) -> None:
    answer = world.shadow("jane@example.com", (CLIENT[0], "wrong"))
    assert answer.status_code == 400
    assert answer.json()["error"] == "invalid_client"
    assert world.control("GET", "/customers") == {"customers": []}


def test_client_of_no_or_another_product(world: World) -> None:
    assert world.shadow("jane@example.com", ("particle", "particle")).status_code == 403


def test_unknown_product(world: World) -> None:
    form = {"email": "j", "no_password": "true"}
    answer = world.call("POST", "/v1/products/7/customers", auth=CLIENT, data=form)
    assert answer.status_code == 404
    assert answer.json() == {"ok": False, "error": "Product not found."}


def test_bearer_token_needs_a_password(world: World) -> None:
    token = world.user_token()
    form = {"email": "jane@example.com"}
    refused = world.call("POST", CUSTOMERS, token, data={**form, "no_password": "true"})
    assert refused.status_code == 400
    assert world.call("POST", CUSTOMERS, token, data={**form, "password": "p"}).status_code == 201
    _, customer = world.customer()
    form = {"email": "kim@example.com", "password": "p"}
    assert world.call("POST", CUSTOMERS, customer, data=form).status_code == 403


def test_web_page_gets_the_token_in_the_redirect(world: World) -> None:
    web = {"name": "page", "type": "web", "redirect_uri": "https://example.com/in"}
    made = world.call("POST", f"{PRODUCT}/clients", world.user_token(), data=web).json()
    form = {
        "client_id": made["client"]["id"],
        "response_type": "token",
        "email": "jane@example.com",
        "password": "p",
    }
    answer = world.call("POST", CUSTOMERS, data=form)
    assert answer.status_code == 201
    token = answer.json()["access_token"]
    assert answer.headers["location"].startswith(f"https://example.com/in#access_token={token}&")
    # A client that is no web client needs its secret.
    assert world.call("POST", CUSTOMERS, data={**form, "client_id": CLIENT[0]}).status_code == 400


def test_client_limited_to_creating_customers(world: World) -> None:
    fields = {"name": "app", "type": "installed", "scope": "customers:create"}
    made = world.call("POST", f"{PRODUCT}/clients", world.user_token(), data=fields).json()
    auth = (made["client"]["id"], made["client"]["secret"])
    assert world.shadow("jane@example.com", auth).status_code == 201
    token = world.token(auth, grant_type="client_credentials").access
    assert world.call("GET", f"{PRODUCT}/devices", token).status_code == 403
    scope = "customer=jane@example.com"
    assert world.grant(auth, grant_type="client_credentials", scope=scope).status_code == 400


def test_list_shows_owners_only(world: World) -> None:
    world.shadow("without@example.com")
    token = world.server_token()
    assert world.call("GET", CUSTOMERS, token).json()["customers"] == []
    device_id, _ = world.owned()
    body = world.call("GET", CUSTOMERS, token).json()
    assert [customer["devices"] for customer in body["customers"]] == [[device_id]]
    assert body["devices"][0]["id"] == device_id
    assert body["meta"] == {"total_pages": 1}
    assert len(world.control("GET", "/customers")["customers"]) == 2


def test_delete_revokes_and_releases(world: World) -> None:
    device_id, token = world.owned()
    code = world.call("POST", f"{PRODUCT}/device_claims", token).json()["claim_code"]
    (customer,) = world.control("GET", "/customers")["customers"]
    path = f"{CUSTOMERS}/{customer['username'].replace('@', '%40')}"
    server = world.server_token()
    answer = world.call("DELETE", path, server)
    assert answer.status_code == 200
    assert answer.json() == {"ok": True}
    assert world.call("GET", "/v1/devices", token).status_code == 401
    assert world.control("GET", f"/devices/{device_id}")["owner"] is None
    connected = world.control("POST", f"/devices/{device_id}/connect", {"claimCode": code})
    assert connected["owner"] is None
    again = world.call("DELETE", path, server)
    assert again.status_code == 404
    assert again.json() == {"ok": False, "error": "Customer not found."}


def test_name_is_free_again_after_deletion(world: World) -> None:
    world.shadow("jane@example.com")
    world.call("DELETE", f"{CUSTOMERS}/jane@example.com", world.server_token())
    assert world.shadow("jane@example.com").status_code == 201


def test_new_password(world: World) -> None:
    form = {"email": "kim@example.com", "password": "old"}
    token = world.call("POST", CUSTOMERS, auth=CLIENT, data=form).json()["access_token"]
    path = f"{CUSTOMERS}/kim@example.com"
    server = world.server_token()
    assert world.call("PUT", path, server, data={"password": "new"}).json() == {"ok": True}
    login = {"grant_type": "password", "username": "kim@example.com"}
    assert world.grant(**login, password="old").status_code == 400
    assert world.grant(**login, password="new").status_code == 200
    assert world.call("PUT", path, token, data={"password": "own"}).status_code == 403
    world.shadow("shadow@example.com")
    shadow = world.call("PUT", f"{CUSTOMERS}/shadow@example.com", server, data={"password": "x"})
    assert shadow.status_code == 400


def test_customers_of_two_products_are_two(world: World) -> None:
    user = world.user_token()
    fields = {"product": {"name": "Other", "platform_id": 32}}
    other = world.call("POST", "/v1/user/products", user, json=fields).json()["product"]["id"]
    made = world.call(
        "POST",
        f"/v1/products/{other}/clients",
        user,
        data={"name": "b", "type": "installed"},
    ).json()["client"]
    auth = (made["id"], made["secret"])
    world.shadow("jane@example.com")
    form = {"email": "jane@example.com", "no_password": "true"}
    created = world.call("POST", f"/v1/products/{other}/customers", auth=auth, data=form)
    assert created.status_code == 201
    first, second = world.control("GET", "/customers")["customers"]
    assert first["id"] != second["id"]
    token = world.token(auth, grant_type="client_credentials").access
    assert world.call("GET", CUSTOMERS, token).status_code == 403
