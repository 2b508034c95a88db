"""The cloud's rate limits, when they are on."""

from tests.unit.simulator.world import CLIENT, PRODUCT, World


def limit(world: World, *, enabled: bool = True) -> None:
    world.control("PUT", "/rate-limits", {"enabled": enabled})


def test_off_by_default(world: World) -> None:
    statuses = {world.grant(grant_type="client_credentials").status_code for _ in range(110)}
    assert statuses == {200}


def test_hundred_tokens_in_five_minutes(world: World) -> None:
    limit(world)
    statuses = [world.grant(grant_type="client_credentials").status_code for _ in range(101)]
    assert statuses == [200] * 100 + [429]
    answer = world.grant(grant_type="client_credentials")
    assert answer.json() == {"ok": False, "error": "Too many requests"}
    assert 290 < int(answer.headers["retry-after"]) <= 300
    world.control("POST", "/clock", {"advance": 301})
    assert world.grant(grant_type="client_credentials").status_code == 200


def test_devices_can_be_controlled_meanwhile(world: World) -> None:
    token, device = world.server_token(), world.device()["id"]
    limit(world)
    for _ in range(101):
        world.grant(grant_type="client_credentials")
    path = f"{PRODUCT}/devices/{device}/set_target"
    assert world.call("POST", path, token, data={"arg": "20"}).status_code == 200


def test_ten_failed_log_ins_block_for_half_an_hour(world: World) -> None:
    limit(world)
    wrong = (CLIENT[0], "wrong")
    for _ in range(9):
        world.grant(wrong, grant_type="client_credentials")
    # A success in between starts the count anew.
    assert world.grant(grant_type="client_credentials").status_code == 200
    for _ in range(10):
        assert world.grant(wrong, grant_type="client_credentials").status_code == 400
    blocked = world.grant(grant_type="client_credentials")
    assert blocked.status_code == 429
    assert 1790 < int(blocked.headers["retry-after"]) <= 1800
    world.control("POST", "/clock", {"advance": 1801})
    assert world.grant(grant_type="client_credentials").status_code == 200


def test_serial_numbers(world: World) -> None:
    token = world.user_token()
    limit(world)
    statuses = [world.call("GET", "/v1/serial_numbers/X", token).status_code for _ in range(51)]
    assert statuses == [404] * 50 + [429]


def test_opening_streams(world: World) -> None:
    limit(world)
    token = world.server_token()
    for _ in range(100):
        world.call("GET", "/v1/events", token)
    assert world.call("GET", f"{PRODUCT}/events", token).status_code == 429
    assert world.call("GET", PRODUCT, token).status_code == 200


def test_customers_have_no_limit_of_their_own(world: World) -> None:
    limit(world)
    statuses = {world.shadow(f"c{number}@example.com").status_code for number in range(120)}
    assert statuses == {201}


def test_faults_are_no_failed_log_ins(world: World) -> None:
    limit(world)
    world.fault({"kind": "status", "status": 500}, {"route": "POST /oauth/token"}, count=12)
    for _ in range(12):
        assert world.grant(grant_type="client_credentials").status_code == 500
    assert world.grant(grant_type="client_credentials").status_code == 200
