"""What callables take: the base of their requests, the types of common fields, and the caller."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

import msgspec

from shared.api import names
from shared.claims import label


def _confirmed() -> None:
    """Auth has been asked before."""


@dataclass(frozen=True)
class Caller:
    """Who is calling, by a verified ID token."""

    uid: str
    signed_in_at: datetime
    """When the person gave their password, or whatever they sign in with."""
    email: str | None = None
    """Their address, in small letters; None if they have none, or it is not verified."""
    confirm: Callable[[], None] = _confirmed
    """Waits until Auth has said that the sign-in still holds; raises `SignInRequired` if it does
    not, and `TryAgain` if Auth does not answer."""


_Short = Annotated[str, msgspec.Meta(min_length=1, max_length=50)]


class App(msgspec.Struct, rename="camel", forbid_unknown_fields=True, frozen=True):
    """The app that the customer calls with."""

    name: _Short
    version: _Short

    def as_dict(self) -> dict[str, str]:
        """As it is stored."""
        return {"name": self.name, "version": self.version}


class Input(msgspec.Struct, rename="camel", forbid_unknown_fields=True, frozen=True, kw_only=True):
    """Base of all requests. An unknown field is refused: it may be a misspelt one."""

    app: App | None = None
    """Noted with the first call of a sign-in."""


DeviceId = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{24}\Z")]
"""A Particle device id, as `users/{uid}/devices` has it."""

AlertId = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9]{1,64}\Z")]
"""An alert of a device: the id of its document."""

ScheduleId = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9]{1,64}\Z")]
"""A schedule of a device: the id of its document."""

WebhookId = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9]{1,64}\Z")]
"""A webhook of the caller's: the id of its document."""

Uid = Annotated[str, msgspec.Meta(min_length=1, max_length=128, pattern=r"^[^/]+\Z")]
"""Another customer of the product."""

Name = Annotated[
    str,
    msgspec.Meta(pattern=r"^(?!(?i:events|owner|ping|unprotect)\Z)[A-Za-z0-9_]{1,64}\Z"),
]
"""A function's or variable's name. It becomes a part of a Particle route, so other routes' names
are refused (Cloud API reference, "Devices" and "Events")."""


Email = Annotated[str, msgspec.Meta(max_length=254, pattern=r"^[^@\s]{1,64}@[^@\s]{1,250}\Z")]
"""An e-mail address. Whether it exists, only a mail can say."""


class LabelText(str):
    """A serial number or setup code as somebody types it, with something to read in it."""

    __slots__ = ()


class DeviceName(str):
    """The owner's name for a device, without the white space around it."""

    __slots__ = ()


FORMS: dict[type[str], dict[str, Any]] = {
    LabelText: {"type": "string", "minLength": 1, "maxLength": label.MAX_TYPED},
    DeviceName: {"type": "string", "minLength": 1, "maxLength": names.LONGEST},
}
"""The types of texts that are read by a function, as JSON Schema."""


def read_text(kind: type, value: Any) -> str:
    """For msgspec: a `LabelText` or a `DeviceName`. Raises `ValueError`."""
    if not isinstance(value, str):
        raise ValueError("Expected `str`")  # noqa: TRY004 - msgspec adds the field to this one
    if kind is DeviceName:
        return DeviceName(names.given_name(value))
    if len(value) > label.MAX_TYPED:
        raise ValueError(f"Expected at most {label.MAX_TYPED} characters")
    if not label.readable(value):
        raise ValueError("Expected letters or digits")
    return LabelText(value)
