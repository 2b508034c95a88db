"""`make demo`: the whole product on this machine, with customers, devices and live data."""

import csv
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from local.client import Account, CallableError, Client
from local.errors import StackError
from local.progress import say, step
from local.runs import ROOT
from local.signals import Make, Stopped, stop_signals
from local.stack import Stack
from local.waiting import wait_until

FLEET: Final = ROOT / "demo" / "fleet.csv"
EMAIL: Final = "demo@example.com"
PASSWORD: Final = "demo-password"  # noqa: S105 - of a user on this machine's Auth emulator

# A first call starts a worker, on a busy machine slowly.
_CUSTOMER_READY: Final = 60.0
_IMPORT: Final = 120.0
# Seconds between two looks at whether all is still well.
_WATCH: Final = 0.5


def run_demo(*, fixed_ports: bool) -> None:
    """Start everything, print how to use it and `ready`, and stop it all at SIGINT or SIGTERM.

    Args:
        fixed_ports: listen at the usual ports instead of free ones.

    Raises:
        StackError: it did not start, or a part ended by itself. Nothing is left running then.
    """
    make = Make()
    stack = Stack(
        "demo",
        fixed_ports=fixed_ports,
        fleet=FLEET,
        developer_settings=True,
    )
    with stop_signals():
        try:
            _start(stack)
            while not make.interrupted():
                stack.check_listening()
                time.sleep(_WATCH)
        except Stopped:
            # On a line of its own: the terminal has just printed ^C.
            say()
        except StackError as error:
            raise stack.explain(error) from None
        finally:
            with step("Stopping"):
                stack.stop()


def _start(stack: Stack) -> None:
    devices = read_fleet(FLEET)
    for process in stack.end_leftovers():
        say(f"Ended what an earlier start had left behind: process {process.pid}")
    with step("Firebase emulators and Particle simulator (about 10 s)"):
        stack.start()
    with step("Import of the fleet by the operator, and a customer with a device"):
        device = _ready_made_customer(stack, devices[0])
    say(_how_to(stack, device, devices[1:]))
    say("ready")


def read_fleet(file: Path) -> list[dict[str, str]]:
    """The rows of the demo's fleet.

    Raises:
        StackError: there is none.
    """
    with file.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    if not rows:
        raise StackError(f"{file} lists no device")
    return rows


def _ready_made_customer(stack: Stack, device: dict[str, str]) -> str:
    """Import the fleet, sign a customer up as the web app does, and claim a device for them.

    Returns:
        The device's name.
    """
    importing = stack.run(
        "The import",
        [sys.executable, "-m", "admin", "devices", "import", str(FLEET), "--local"],
    )
    client = Client(stack)
    try:
        customer = client.sign_up(EMAIL, PASSWORD)
        profile = f"users/{customer.uid}"
        client.create(profile, {"displayName": "Demo"}, customer)
        wait_until(
            "The customer at Particle",
            lambda: _is_ready(client, profile, customer),
            _CUSTOMER_READY,
            stack.check,
        )
        wait_until(
            importing.name, lambda: importing.exit_status() is not None, _IMPORT, stack.check
        )
        if importing.exit_status():
            raise StackError(f"The import of {FLEET} failed:\n{importing.tail()}")
        claimed = client.call(
            "claim_device",
            {
                "serialNumber": device["serial_number"],
                "setupCode": device["setup_code"],
                "name": device["name"],
            },
            customer,
        )
    except CallableError as error:
        raise StackError(f"claim_device refused the first device of {FLEET}: {error}") from error
    finally:
        client.close()
    return str(claimed["name"])


def _is_ready(client: Client, profile: str, customer: Account) -> bool:
    document = client.read(profile, customer) or {}
    status = document.get("particle", {}).get("status")
    if status == "error":
        raise StackError(f"The customer could not be made at Particle: {document['particle']}")
    return bool(status == "ready")


def _how_to(stack: Stack, claimed: str, unclaimed: Iterable[dict[str, str]]) -> str:
    rows = "\n".join(
        f"    {row['serial_number']:<20} {row['setup_code']:<20} {row.get('kind', '')}"
        for row in unclaimed
    )
    return f"""
  Web app       {stack.hosting_url}
  Log in with   {EMAIL}  {PASSWORD}
                owns "{claimed}", which publishes live; or sign up as somebody else

  Still to claim, with what is printed on the box:
    {"serial number":<20} {"setup code":<20} device
{rows}

  Particle      {stack.simulator_url}  the simulated cloud: see its devices, press their buttons
  Operator      venv/bin/python -m admin --local --help
  Logs          {stack.logs.relative_to(ROOT)}/
  Stop          Ctrl-C
"""
