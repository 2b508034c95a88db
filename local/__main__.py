"""`python -m local`: what the Makefile runs on this machine."""

import argparse
import sys

from local.errors import StackError


def main() -> int:
    """Run one command and return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m local", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    commands.add_parser("emulators", help="check Java, and get the emulators that are missing")
    arguments = parser.parse_args()
    # Imported when needed: each command starts without the others' parts.
    try:
        match arguments.command:
            case "emulators":
                from local.downloads import get_emulators  # noqa: PLC0415 - see above

                get_emulators()
    except StackError as error:
        sys.stderr.write(f"\n{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
