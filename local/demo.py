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
from local.runs import CHOSEN_DEMO, DEMO, ROOT, running_demos
from local.signals import Make, Stopped, stop_signals
from local.stack import Stack
from local.waiting import wait_until

FLEET: Final = ROOT / "demo" / "fleet.csv"
EMAIL: Final = "demo@example.com"
PASSWORD: Final = "demo-password"  # noqa: S105 - of a user on this machine's Auth emulator

# Timeouts in seconds. The first call starts a worker, which is slow on a busy machine.
_CUSTOMER_READY: Final = 60.0
_IMPORT: Final = 120.0
# Seconds between two checks of whether every service still runs.
_WATCH: Final = 0.5


def run_demo(*, fixed_ports: bool) -> None:
    """Start everything, print how to use it and `ready`, and stop it all at SIGINT or SIGTERM.

    Args:
        fixed_ports: listen on the usual ports instead of free ones.

    Raises:
        StackError: it did not start, or a service stopped by itself. Nothing is left running then.
    """
    make = Make()
    stack = Stack(
        DEMO,
        fixed_ports=fixed_ports,
        fleet=FLEET,
        developer_settings=True,
        schedules=True,
    )
    with stop_signals():
        try:
            _start(stack)
            while not make.interrupted():
                stack.check_listening()
                time.sleep(_WATCH)
        except Stopped:
            # The terminal has just printed ^C; go on in a new line.
            say()
        except StackError as error:
            raise stack.explain(error) from None
        finally:
            with step("Stopping"):
                stack.stop()


def _start(stack: Stack) -> None:
    devices = read_fleet(FLEET)
    for process in stack.end_leftovers():
        say(f"Ended process {process.pid}, which an earlier run had left behind")
    with step("Starting the Firebase emulators and the Particle simulator (about 10 s)"):
        stack.start()
    with step("Importing the devices, and creating a customer who owns one"):
        device = _ready_made_customer(stack, devices[0])
    stack.announce()
    say(_how_to(stack, device, devices[1:]))
    say("ready")


def read_fleet(file: Path) -> list[dict[str, str]]:
    """Return the rows of a fleet file.

    Raises:
        StackError: it has none.
    """
    with file.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    if not rows:
        raise StackError(f"{file} lists no devices")
    return rows


def _ready_made_customer(stack: Stack, device: dict[str, str]) -> str:
    """Import the fleet, sign a customer up as the web app does, and claim a device for them.

    Returns:
        The name of the device.
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
            "The customer's account at Particle",
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
        raise StackError(f"claim_device refused the first device in {FLEET}: {error}") from error
    finally:
        client.close()
    return str(claimed["name"])


def _is_ready(client: Client, profile: str, customer: Account) -> bool:
    document = client.read(profile, customer) or {}
    status = document.get("particle", {}).get("status")
    if status == "error":
        raise StackError(f"The customer could not be created at Particle: {document['particle']}")
    return bool(status == "ready")


def _how_to(stack: Stack, claimed: str, unclaimed: Iterable[dict[str, str]]) -> str:
    rows = "\n".join(
        f"    {row['serial_number']:<20} {row['setup_code']:<20} {row.get('kind', '')}"
        for row in unclaimed
    )
    # Of several demos, the operator's commands need to know which one is meant.
    operator = f"{CHOSEN_DEMO}={stack.run_name} " if len(running_demos()) > 1 else ""
    return f"""
  Web app       {stack.hosting_url}
  Log in with   {EMAIL}  {PASSWORD}
                owns "{claimed}", which is publishing now; or sign up as someone else

  Unclaimed devices, with what is printed on their boxes:
    {"serial number":<20} {"setup code":<20} device
{rows}

  Particle      {stack.simulator_url}  the simulated cloud: see the devices, press their buttons
  Mails         {stack.mails_url}  what the backend has sent, such as invitations
  Operator      {operator}venv/bin/python -m admin --local --help
  Logs          {stack.logs.relative_to(ROOT)}/
  Stop          Ctrl-C
"""
