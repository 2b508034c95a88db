"""A restore as docs/incidents.md describes it, as far as the emulator's export and import allow."""

from collections.abc import Callable
from pathlib import Path

import requests

from admin.app import main
from local.client import Account
from local.stack import Stack
from shared.firestore import paths
from tests.functional.conftest import Label
from tests.support.documents import everything
from tests.support.functions import call, deliver
from tests.support.telemetry import message

NAME = "before"


def export(stack: Stack, folder: Path) -> None:
    """As `gcloud firestore export` writes the documents of a moment."""
    _ask(stack, "export", export_directory=str(folder), export_name=NAME)


def restore(stack: Stack, folder: Path) -> None:
    """As `gcloud firestore import`: what is in the export is written, and nothing is deleted."""
    metadata = folder / NAME / f"{NAME}.overall_export_metadata"
    _ask(stack, "import", export_directory=str(metadata))


def _ask(stack: Stack, what: str, **more: str) -> None:
    url = f"http://{stack.firestore_host}/emulator/v1/projects/{stack.project_id}:{what}"
    database = f"projects/{stack.project_id}/databases/(default)"
    requests.post(url, json={"database": database, **more}, timeout=60).raise_for_status()


def test_what_was_lost_is_there_again_and_works(
    stack: Stack,
    owned: Label,
    customer: Account,
    another: Account,
    new_label: Callable[..., Label],
    tmp_path: Path,
) -> None:
    """Registry, digests of setup codes, owners and history; what came later stays as it is."""
    unsold, event = new_label(), message(owned.device_id, "21")
    assert deliver(event) < 300
    paths.user(another.uid).set({"displayName": "Ada"}, merge=True)
    export(stack, tmp_path)
    before = everything()

    later = new_label()
    assert call("delete_account", {"confirm": "delete"}, another) == {"status": "deleted"}
    client = paths.client()
    for label in (owned, unsold):
        client.recursive_delete(paths.device(label.device_id))
        paths.serial_number(label.serial_number).delete()
    client.recursive_delete(paths.user_device(customer.uid, owned.device_id))
    restore(stack, tmp_path)

    restored = everything()
    assert {path: restored.get(path) for path in before} == before
    assert call("claim_device", later.claim, customer)["deviceId"] == later.device_id
    assert call("claim_device", unsold.claim, customer)["deviceId"] == unsold.device_id
    request = {"deviceId": owned.device_id, "function": "set_target", "argument": "20"}
    assert call("invoke_function", request, customer)["status"] == "succeeded"
    # The topic is replayed since the moment of the export: nothing is stored or counted twice.
    events = paths.user_device(customer.uid, owned.device_id).collection(paths.EVENTS)
    known = {document.id for document in events.stream()}
    assert deliver(event) < 300
    assert {document.id for document in events.stream()} == known

    # Whoever deleted their account since then must be deleted again.
    assert paths.user(another.uid).get().exists
    again = ["users", "delete", another.uid, "--yes", "--reason", "restored", "--local"]
    assert main(again) == 0
    assert not paths.user(another.uid).get().exists
