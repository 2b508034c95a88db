"""Particle's credentials and the devices and users that an operator names, for commands."""

import getpass
import os

import typer

from admin.deployed import use_settings
from admin.errors import CannotRun
from admin.target import Target

SECRETS = ("PARTICLE_CLIENT_ID", "PARTICLE_CLIENT_SECRET")


def use_particle(context: typer.Context) -> Target:
    """Connect to the deployment that was chosen, and to its product at Particle.

    Raises:
        CannotRun: the credentials are not there.
    """
    target: Target = context.obj()
    target.connect()
    use_settings(target)
    use_secrets(target)
    return target


def use_secrets(target: Target) -> None:
    """Put the credentials into the environment, where they are not set.

    Raises:
        CannotRun: one cannot be had.
    """
    for name in SECRETS:
        if not os.environ.get(name):
            os.environ[name] = target.secret(name)


def device_named(text: str) -> str:
    """The id of the device with this serial number or device id.

    Raises:
        CannotRun: there is none.
    """
    # Not at the top: it imports Firestore's client, a second that --help need not wait.
    from shared import setup_codes, store  # noqa: PLC0415

    try:
        device_id = setup_codes.normalise_device_id(text)
    except ValueError:
        try:
            serial_number = setup_codes.normalise_serial(text)
        except ValueError as failure:
            raise CannotRun(f"{text!r}: {failure}") from None
        found = store.serial_number(serial_number).get().to_dict() or {}
        device_id = found.get("deviceId", "")
    if not device_id or not store.device(device_id).get().exists:
        raise CannotRun(f"No device {text!r} is registered")
    return device_id


def user_named(text: str) -> str:
    """The uid of the user with this e-mail address or uid.

    Raises:
        CannotRun: there is none.
    """
    from firebase_admin import auth  # noqa: PLC0415 - as above

    from shared import cloud  # noqa: PLC0415 - as above

    app = cloud.firebase()
    try:
        user = auth.get_user_by_email(text, app) if "@" in text else auth.get_user(text, app)
    except (auth.UserNotFoundError, ValueError):
        raise CannotRun(f"There is no user {text!r}") from None
    return str(user.uid)


def operator(action: str, reason: str) -> dict[str, str]:
    """What stands in the device's log."""
    return {"action": action, "reason": reason, "by": getpass.getuser()}
