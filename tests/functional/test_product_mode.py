"""Access mode `product`: the same callables, and no customer at Particle."""

from local.client import Account
from shared.firestore import paths
from tests.functional.conftest import Label
from tests.support.functions import call, refusal, user_created
from tests.support.simulator import Simulator


def test_the_main_calls_work_without_a_customer(
    product_mode: None,
    label: Label,
    customer: Account,
    another: Account,
    simulator: Simulator,
) -> None:
    before = simulator.customers()
    paths.user(customer.uid).set({})
    assert user_created(customer.uid) < 300
    assert paths.user(customer.uid).get().get("particle.status") == "ready"
    call("claim_device", label.claim, customer)

    device = {"deviceId": label.device_id}
    called = call(
        "invoke_function", {**device, "function": "set_target", "argument": "20"}, customer
    )
    assert called["status"] == "succeeded"
    assert call("read_variable", {**device, "variable": "target"}, customer)["value"] == 20
    assert refusal("read_variable", {**device, "variable": "target"}, another).reason == (
        "not-your-device"
    )
    assert simulator.device(label.device_id)["owner"] is None
    assert simulator.customers() == before
