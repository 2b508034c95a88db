"""`python -m local`: the commands that the Makefile runs on this machine."""

import argparse
import sys

from local.errors import StackError
from local.progress import say


def main() -> int:
    """Run one command and return the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m local",
        description="Runs the product on this machine, and gets what that needs.",
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    demo = commands.add_parser("demo", help="run the whole product on this machine until Ctrl-C")
    demo.add_argument(
        "--free-ports",
        action="store_true",
        help="listen on free ports, for a second demo beside one on the usual ports",
    )
    commands.add_parser(
        "emulators", help="check for Java, and download the emulators that are missing"
    )
    commands.add_parser("browser", help="find a browser for the tests, or install one")
    arguments = parser.parse_args()
    # Imported where needed, so that no command loads the parts of the others.
    try:
        match arguments.command:
            case "demo":
                from local.demo import run_demo  # noqa: PLC0415 - see above

                run_demo(fixed_ports=not arguments.free_ports)
            case "emulators":
                from local.downloads import get_emulators  # noqa: PLC0415 - see above

                get_emulators()
            case "browser":
                from local.browser import get_browser  # noqa: PLC0415 - see above

                say(str(get_browser()))
    except StackError as error:
        sys.stderr.write(f"\n{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
