"""The steps of a rehearsal, in order: each does what a customer does, and says what was found."""

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from firebase_admin import auth

from admin.cli.errors import CannotRun
from admin.cli.operation import operation
from admin.doctor.deployment import Deployment
from admin.doctor.finding import Finding, State, broken, not_here, ok, warning
from admin.rehearsal.person import Person, RefusedError, Services
from shared import connections, settings
from shared.firestore import paths
from shared.particle import errors
from shared.privacy import deletion
from shared.registry.entry import Entry
from shared.telemetry import canary

RECORD = "rehearsal"
"""`health/rehearsal`: the customers of a rehearsal that is under way or was interrupted."""

_POLL = 0.5
_COMMANDS = "commands"


@dataclass(frozen=True)
class Patience:
    """How long each thing may take, in seconds."""

    trigger: float = 60
    """A Firestore trigger, whose instance may have to start."""
    canary: float = settings.CANARY_TIMEOUT
    own_event: float = 90
    """A device connects again after a claim at Particle."""
    return_: float = 300
    """A device that was plugged in again connects, and its calls are sent."""
    erasure: float = 120


@dataclass
class Plan:
    """What is rehearsed, with which device."""

    device_id: str
    label: dict[str, str]
    """The request of one who holds the device in hand."""
    function: str | None = None
    argument: str = ""
    variable: str | None = None
    hands: Callable[[str], None] | None = None
    """Asks somebody to do something to the device, and waits until it is done."""
    patience: Patience = field(default_factory=Patience)


@dataclass(frozen=True)
class Done:
    """A step, and what came of it."""

    name: str
    finding: Finding
    seconds: float


class Rehearsal:
    """One run. `steps` yields each step when it is done; `clean_up` belongs into a `finally`."""

    def __init__(self, deployment: Deployment, services: Services, plan: Plan) -> None:
        """Nothing is done yet."""
        self._deployment = deployment
        self._services = services
        self._plan = plan
        self._people: dict[str, Person] = {}
        self._claimed_at = datetime.now(UTC)

    def steps(self) -> Iterator[Done]:
        """Do one step after the other; one that needs a failed one is not tried."""
        failed: set[str] = set()
        for name, (do, needs) in self._all().items():
            lacking = [one for one in needs if one in failed]
            started = time.monotonic()
            finding = (
                Finding(State.UNCHECKED, f"needs {', '.join(lacking)}")
                if lacking
                else self._tried(do)
            )
            if finding.state in {State.BROKEN, State.UNCHECKED}:
                failed.add(name)
            yield Done(name, finding, time.monotonic() - started)

    def _all(self) -> dict[str, tuple[Callable[[], Finding], tuple[str, ...]]]:
        up, claim, again = "sign-up", "claim", "second claim"
        return {
            up: (self._sign_up, ()),
            "profile": (self._profile, (up,)),
            "test event": (self._test_event, ()),
            claim: (self._claim, ("profile",)),
            "device's event": (self._own_event, (claim,)),
            "strangers": (self._strangers, (claim,)),
            "function": (self._function, (claim,)),
            "variable": (self._variable, (claim,)),
            "queue": (self._queue, (claim,)),
            "release": (self._release, (claim,)),
            again: (self._second_claim, ("release",)),
            "empty history": (self._empty_history, (again,)),
            "export": (self._export, (again,)),
            "deletion": (self._deletion, (up,)),
            "nothing left": (self._nothing_left, ("deletion",)),
        }

    def _tried(self, do: Callable[[], Finding]) -> Finding:
        try:
            return do()
        except RefusedError as failure:
            return broken(str(failure), self._how_to_see(failure.reason))
        except errors.ParticleError as failure:
            return broken(f"Particle: {failure}", f"{self._deployment.command} doctor")

    def _how_to_see(self, reason: str) -> str:
        if reason == "internal":
            return f"{self._deployment.command} errors show ERROR-ID, with the id in the log"
        return f"{self._deployment.command} doctor"

    # The steps

    def _sign_up(self) -> Finding:
        reference = paths.health(RECORD)
        for name in ("first", "second"):
            person = Person(self._services, name)
            self._people[name] = person
            reference.set(
                {
                    "uids": [one.uid for one in self._people.values()],
                    "deviceId": self._plan.device_id,
                    "at": datetime.now(UTC),
                }
            )
            # No mail reaches an address of example.com, and a product may ask for a verified one.
            auth.update_user(person.uid, email_verified=True, app=connections.firebase())
            person.sign_in()
            person.write(f"users/{person.uid}", displayName=f"Rehearsal, {name} customer")
        return ok("two customers, with e-mail address and password")

    def _profile(self) -> Finding:
        for person in self._people.values():

            def ready(person: Person = person) -> bool:
                profile = person.read(f"users/{person.uid}") or {}
                status = (profile.get("particle") or {}).get("status")
                if status == "error":
                    raise RefusedError("users/{uid}", 0, "particle.status is error")
                return bool(status == "ready")

            if not self._within(self._plan.patience.trigger, ready):
                return broken(
                    f"particle.status is not ready after {self._plan.patience.trigger:.0f} s: "
                    "on_user_created does not run, or cannot reach Particle",
                    self._deployment.logs("on_user_created"),
                )
        return ok("ready, written by on_user_created")

    def _test_event(self) -> Finding:
        particle, integrator = self._deployment.particle, self._deployment.integrator
        try:
            ours = canary.ours(particle, integrator)
            if not ours:
                return broken(
                    "no integration of Particle's brings events here",
                    f"{self._deployment.command} particle integrate",
                )
            if disabled := [one.event or "all events" for one in ours if one.disabled]:
                return broken(
                    f"disabled: {', '.join(disabled)}",
                    f"{self._deployment.command} particle integrate",
                )
            deadline = time.monotonic() + self._plan.patience.canary
            delays = [canary.fly(particle, integrator, one, deadline).delay_ms for one in ours]
        except canary.CanaryLostError as failure:
            return broken(f"lost: {failure}", self._deployment.logs("ingest", "warning"))
        except (errors.ForbiddenError, errors.TokenRejectedError) as failure:
            return warning(
                f"cannot be sent: Particle does not allow it ({failure.text})",
                "set PARTICLE_ACCESS_TOKEN to a token of a member of the product's team",
            )
        return ok(f"from Particle to Firestore in {max(delays)} ms")

    def _claim(self) -> Finding:
        self._claimed_at = datetime.now(UTC)
        first, second = self._people["first"], self._people["second"]
        claimed = first.call("claim_device", **self._plan.label)
        if claimed.get("deviceId") != self._plan.device_id:
            return broken(f"another device was claimed: {claimed.get('deviceId')}", "report this")
        self._is_refused(second, {"claimed-by-another"}, "claim_device", self._plan.label)
        if first.read(self._mine(first)) is None:
            return broken("claimed, and not among the customer's devices", "report this")
        return ok("by its label; the second customer is told that it has an owner")

    def _own_event(self) -> Finding:
        first = self._people["first"]
        seen: list[str] = []

        def published() -> bool:
            device = first.read(self._mine(first)) or {}
            if device.get("status") or device.get("latest"):
                seen[:] = [str(device.get("status") or "no status"), *(device.get("latest") or {})]
            return bool(seen)

        if not self._within(self._plan.patience.own_event, published):
            return warning(
                f"the device has published nothing in {self._plan.patience.own_event:.0f} s",
                "let it publish, or reset it, and look again: devices show " + self._plan.device_id,
            )
        return ok(f"the customer sees: {', '.join(seen[:4])}")

    def _strangers(self) -> Finding:
        first, second = self._people["first"], self._people["second"]
        device = {"deviceId": self._plan.device_id}
        for path in (
            f"users/{first.uid}",
            self._mine(first),
            f"devices/{self._plan.device_id}",
        ):
            self._cannot_read(second, path)
        for collection in ("events", "rollups"):
            self._cannot_list(second, f"{self._mine(first)}/{collection}")
        self._cannot_list(second, f"users/{first.uid}/devices")
        tried: tuple[tuple[str, dict[str, Any]], ...] = (
            ("invoke_function", {**device, "function": self._plan.function or "rehearsal"}),
            ("read_variable", {**device, "variable": self._plan.variable or "rehearsal"}),
            ("rename_device", {**device, "name": "Stolen"}),
            ("release_device", device),
            ("share_device", {**device, "role": "manager"}),
        )
        for function, data in tried:
            self._is_refused(second, {"not-your-device", "not-allowed"}, function, data)
        return ok("the second customer reads and controls nothing")

    def _function(self) -> Finding:
        if self._plan.function is None:
            return not_here("no function was named: --function NAME --argument TEXT")
        answer = self._people["first"].call("invoke_function", **self._turn())
        return ok(f"{self._plan.function} returned {answer.get('returnValue')}")

    def _variable(self) -> Finding:
        if self._plan.variable is None:
            return not_here("no variable was named: --variable NAME")
        answer = self._people["first"].call(
            "read_variable", deviceId=self._plan.device_id, variable=self._plan.variable
        )
        kind = type(answer.get("value")).__name__
        return ok(f"{self._plan.variable} was read ({kind})")

    def _queue(self) -> Finding:
        if self._plan.hands is None or self._plan.function is None:
            return not_here(
                "nobody unplugs the device (--no-hands)"
                if self._plan.function
                else "no function was named"
            )
        first = self._people["first"]
        self._plan.hands("Unplug the device, and wait until Particle's console shows it offline")
        answer = first.call("invoke_function", **self._turn(), whenOffline="queue")
        if answer.get("status") != "queued":
            self._plan.hands("Plug the device in again")
            return broken(
                f"the call of an unplugged device is {answer.get('status')}, not queued",
                "unplug it for some minutes longer, and run this again",
            )
        self._plan.hands("Plug the device in again")
        path = f"users/{first.uid}/{_COMMANDS}/{answer['commandId']}"
        statuses: list[str] = []

        def ended() -> bool:
            statuses.append(str((first.read(path) or {}).get("status")))
            return statuses[-1] not in {"queued", "sent"}

        self._within(self._plan.patience.return_, ended)
        if statuses[-1] != "succeeded":
            return broken(
                f"the queued call is {statuses[-1]} after {self._plan.patience.return_:.0f} s",
                self._deployment.logs("send_queued"),
            )
        return ok("queued while the device was away, and sent when it was back")

    def _release(self) -> Finding:
        first = self._people["first"]
        first.call("release_device", deviceId=self._plan.device_id)
        self._cannot_control(first)
        return ok("by its owner, who controls it no longer")

    def _second_claim(self) -> Finding:
        self._claimed_at = datetime.now(UTC)
        second = self._people["second"]

        def claimed() -> bool:
            try:
                second.call("claim_device", **self._plan.label)
            except RefusedError as failure:
                if failure.reason != "in-progress":
                    raise
                return False
            return True

        if not self._within(self._plan.patience.trigger, claimed):
            return broken("it stays in progress", self._deployment.logs("finish_release"))
        self._cannot_control(self._people["first"])
        return ok("by the second customer; the first one cannot control it")

    def _empty_history(self) -> Finding:
        second = self._people["second"]
        events = second.documents(f"{self._mine(second)}/events")
        earlier = [
            one for one in events.values() if _time(one.get("publishedAt")) < self._claimed_at
        ]
        if earlier:
            return broken(
                f"the new owner reads {len(earlier)} events from before the claim", "report this"
            )
        self._cannot_read(self._people["first"], self._mine(second))
        return ok("the new owner sees nothing from before the claim")

    def _export(self) -> Finding:
        second = self._people["second"]
        lines: list[str] = []
        cursor: str | None = None
        while True:
            page = second.call("export_account", **({"cursor": cursor} if cursor else {}))
            lines += page["lines"] if isinstance(page["lines"], list) else [page["lines"]]
            cursor = page.get("cursor")
            if cursor is None:
                break
        text = "\n".join(map(str, lines))
        if self._plan.device_id not in text:
            return broken("the export does not have the device", "report this")
        return ok(f"{len(text.splitlines())} lines, with the device")

    def _deletion(self) -> Finding:
        answers = []
        for person in self._people.values():
            person.sign_in()
            answers.append(person.call("delete_account", confirm="delete")["status"])
        return ok(f"both accounts: {', '.join(answers)}")

    def _nothing_left(self) -> Finding:
        left: list[str] = []

        def gone() -> bool:
            left[:] = self._left()
            return not left

        if not self._within(self._plan.patience.erasure, gone):
            return broken(
                f"after {self._plan.patience.erasure:.0f} s there is still: {', '.join(left)}",
                self._deployment.logs("erase_account"),
            )
        paths.health(RECORD).delete()
        self._people.clear()
        return ok("no user, no document, and no owner, here and at Particle")

    # What they use

    def _left(self) -> list[str]:
        found = []
        for person in self._people.values():
            with contextlib.suppress(auth.UserNotFoundError):
                auth.get_user(person.uid, app=connections.firebase())
                found.append(f"the {person.name} user in Auth")
            if any(True for _ in paths.user(person.uid).collections()):
                found.append(f"documents of the {person.name} user")
            if paths.user(person.uid).get([]).exists:
                found.append(f"the profile of the {person.name} user")
        if Entry.read(self._plan.device_id, ["ownerUid"]).owner_uid is not None:
            found.append("an owner here")
        if owner := foreign_owner(self._deployment, self._plan.device_id):
            found.append(f"an owner at Particle ({owner})")
        return found

    def _mine(self, person: Person) -> str:
        return f"users/{person.uid}/devices/{self._plan.device_id}"

    def _turn(self) -> dict[str, Any]:
        return {
            "deviceId": self._plan.device_id,
            "function": self._plan.function,
            "argument": self._plan.argument,
        }

    def _cannot_control(self, person: Person) -> None:
        self._is_refused(
            person,
            {"not-your-device", "not-allowed"},
            "invoke_function",
            {"deviceId": self._plan.device_id, "function": self._plan.function or "rehearsal"},
        )

    @staticmethod
    def _is_refused(
        person: Person, reasons: set[str], function: str, data: Mapping[str, Any]
    ) -> None:
        try:
            person.call(function, **data)
        except RefusedError as failure:
            if failure.reason in reasons:
                return
            raise
        raise RefusedError(
            function, 0, f"{function} serves the {person.name} customer, who may not"
        )

    @staticmethod
    def _cannot_read(person: Person, path: str) -> None:
        try:
            person.read(path)
        except RefusedError as failure:
            if failure.status == _FORBIDDEN:
                return
            raise
        raise RefusedError(path, 0, f"the rules let the {person.name} customer read {path}")

    @staticmethod
    def _cannot_list(person: Person, path: str) -> None:
        try:
            person.documents(path)
        except RefusedError as failure:
            if failure.status == _FORBIDDEN:
                return
            raise
        raise RefusedError(path, 0, f"the rules let the {person.name} customer list {path}")

    @staticmethod
    def _within(seconds: float, done: Callable[[], bool]) -> bool:
        deadline = time.monotonic() + seconds
        while not done():
            if time.monotonic() > deadline:
                return False
            time.sleep(_POLL)
        return True

    def clean_up(self) -> list[str]:
        """Delete what is left of the customers; returns the uids whose erasure goes on."""
        if not self._people:
            return []
        return erase(self._deployment, [person.uid for person in self._people.values()])


_FORBIDDEN = 403


def _time(text: Any) -> datetime:
    return datetime.fromisoformat(str(text))


def require_spare(deployment: Deployment, device_id: str) -> None:
    """Raise `CannotRun` for a device that anybody has, or that may not be claimed."""
    entry = paths.device(device_id).get().to_dict() or {}
    owner = entry.get("ownerUid")
    if owner is not None:
        raise CannotRun(f"The device has an owner, {owner}: use a spare one, which nobody owns")
    if entry.get("blocked"):
        raise CannotRun("The device is blocked: `devices unblock`, or use another one")
    if at_particle := foreign_owner(deployment, device_id):
        raise CannotRun(
            f"The device belongs to {at_particle} at Particle: use a spare one, which nobody owns"
        )


def foreign_owner(deployment: Deployment, device_id: str) -> str | None:
    """The device's owner at Particle, unless it is one of the maker's own accounts."""
    try:
        device = deployment.particle.device(deployment.tokens.server, device_id)
    except errors.NotFoundError:
        raise CannotRun(
            f"The device {device_id} is not in the product at Particle: add it in the console"
        ) from None
    return None if device.owner in settings.own_accounts() else device.owner


def leftovers() -> list[str]:
    """The uids of an interrupted rehearsal's customers."""
    found = paths.health(RECORD).get().to_dict() or {}
    return [uid for uid in found.get("uids", []) if isinstance(uid, str)]


def erase(deployment: Deployment, uids: list[str]) -> list[str]:
    """Delete customers of a rehearsal as an operator does; returns those whose erasure goes on."""
    going_on = []
    for uid in uids:
        done = operation(deployment.target, "account-deleted", "rehearsal")
        if deletion.delete(uid, settings.DELETION_PATIENCE, done) != "deleted":
            going_on.append(uid)
    paths.health(RECORD).delete()
    return going_on
