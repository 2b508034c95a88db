"""Listeners that a guest has open when their share ends: they get nothing that is written later."""

from collections.abc import Callable

import pytest

from local.client import Account, Client
from local.stack import Stack
from shared.firestore import paths
from tests.functional.conftest import Label
from tests.support.functions import call, deliver
from tests.support.functions import client as function
from tests.support.listener import Listener
from tests.support.sharing import expire, share, verified
from tests.support.telemetry import message

DELETE = {"confirm": "delete"}
LATER = {"later": True}
End = Callable[[Label, Account, Account], object]


def expiry(label: Label, _: Account, guest: Account) -> None:
    expire(label, guest)
    assert function("run_due").post("/").status_code == 200


def release(label: Label, owner: Account, _: Account) -> None:
    call("release_device", {"deviceId": label.device_id, "keepHistory": True}, owner)


ENDS: dict[str, End] = {
    "by the owner": lambda label, owner, guest: call(
        "end_share", {"deviceId": label.device_id, "uid": guest.uid}, owner
    ),
    "by the guest": lambda label, _, guest: call("end_share", {"deviceId": label.device_id}, guest),
    "expiry": expiry,
    "release": release,
    "the owner's account is deleted": lambda _, owner, __: call("delete_account", DELETE, owner),
    "the guest's account is deleted": lambda _, __, guest: call("delete_account", DELETE, guest),
}


@pytest.mark.parametrize("how", ENDS)
def test_a_guests_listeners_get_nothing_after_the_end(
    how: str, owned: Label, customer: Account, client: Client, stack: Stack
) -> None:
    guest = verified(client)
    share(owned, customer, guest, "controller")
    request = {"deviceId": owned.device_id, "function": "set_target", "argument": "20"}
    command = paths.command(customer.uid, call("invoke_function", request, guest)["commandId"])
    assert deliver(message(owned.device_id, "1")) < 300
    device = paths.user_device(customer.uid, owned.device_id)
    (event,), (rollup,) = (device.collection(x).get() for x in (paths.EVENTS, paths.ROLLUPS))
    written = [device, event.reference, rollup.reference, command]
    listened = [device.path, *(f"{device.path}/{x}" for x in (paths.EVENTS, paths.ROLLUPS))]
    pointer = paths.shared_device(guest.uid, owned.device_id).path
    listener = Listener(stack, guest, [*listened, command.path, pointer])
    try:
        listener.wait([*listened, command.path, pointer], "documents")
        assert all(one["documents"] for one in listener.got), "each shows something before"
        ENDS[how](owned, customer, guest)
        for document in written:
            document.set(LATER, merge=True)
        listener.wait([*listened, command.path], "error")
    finally:
        listener.close()
    errors = {one["path"]: one["error"] for one in listener.got if "error" in one}
    assert set(errors.values()) == {"permission-denied"}
    shown = [fields for one in listener.got for fields in one.get("documents", {}).values()]
    assert not [fields for fields in shown if "later" in fields]
