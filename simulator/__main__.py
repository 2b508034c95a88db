"""`python -m simulator`: the command line of the simulator."""

import argparse
import os
import sqlite3
import sys
from pathlib import Path

from simulator.server import Server
from simulator.settings import DEFAULT_CLIENT_ID, DEFAULT_CLIENT_SECRET, Settings
from simulator.world.fleet import FleetError


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    options = argparse.ArgumentParser(
        prog="python -m simulator",
        description="A stand-in for the Particle cloud, with virtual devices. "
        "Open its address in a browser to see all devices and the live event stream.",
        epilog="To publish to a Pub/Sub emulator, name its host and port in PUBSUB_EMULATOR_HOST.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    defaults = Settings()
    add = options.add_argument
    add("--host", default="127.0.0.1", help="address to listen on")
    add("--port", type=int, default=8010, help="port to listen on; 0 for any free port")
    add("--product", type=int, default=defaults.product, help="id of the product")
    add(
        "--client-id",
        default=os.environ.get("PARTICLE_CLIENT_ID") or DEFAULT_CLIENT_ID,
        help="OAuth client of the product; PARTICLE_CLIENT_ID sets the default",
    )
    add(
        "--client-secret",
        default=argparse.SUPPRESS,
        help="secret of that client; PARTICLE_CLIENT_SECRET sets the default",
    )
    add("--username", default=defaults.username, help="developer account that owns the product")
    add("--password", default=argparse.SUPPRESS, help="password of that account")
    add("--fleet", type=Path, help="CSV file with devices: device_id,serial_number,kind,name")
    add(
        "--kinds",
        type=Path,
        action="append",
        default=[],
        metavar="FILE",
        help="Python file with further kinds of devices; may be repeated",
    )
    add("--topic", help="Pub/Sub topic that gets all events: projects/PROJECT/topics/NAME")
    add("--state", type=Path, help="SQLite file that keeps the state across restarts")
    add(
        "--interval",
        type=float,
        default=defaults.interval,
        help="seconds between two events of a device",
    )
    add(
        "--device-timeout",
        type=float,
        default=defaults.device_timeout,
        help="seconds after which the cloud gives up on a device that does not answer",
    )
    add(
        "--reconnect-after-claim",
        type=float,
        default=defaults.reconnect_after_claim,
        help="seconds that a device stays offline after it was claimed",
    )
    add("--rate-limits", action="store_true", help="enforce Particle's rate limits")
    add(
        "--firmware-attribute",
        action="store_true",
        help="add the attribute fw_version to Pub/Sub messages",
    )
    return options


def main() -> None:
    """Run the simulator until SIGINT or SIGTERM."""
    options = vars(parser().parse_args())
    host, port = options.pop("host"), options.pop("port")
    options["kinds"] = tuple(options["kinds"])
    secret = os.environ.get("PARTICLE_CLIENT_SECRET") or DEFAULT_CLIENT_SECRET
    settings = Settings(**{"client_secret": secret, **options})
    try:
        server = Server(settings, host, port)
    except (OSError, FleetError, sqlite3.DatabaseError, ValueError) as error:
        sys.exit(f"The simulator cannot start: {error}")
    server.run()


if __name__ == "__main__":
    main()
