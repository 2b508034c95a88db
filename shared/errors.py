"""Failures that are reported to a customer's app, one class per reason.

`reason` is stable: apps switch on it. `shared/api/callables.py` turns these into the answers of the
callable protocol; no other module knows that protocol.

    ProductError
    ├── SignInRequired, AppCheckRequired, AnonymousUser
    ├── BadRequest(field)
    ├── NotYourDevice, WrongSerialOrCode, UnknownSerial, ClaimedByAnother
    ├── RoleTooLow, UnknownInvitation, UnknownShare, OtherAddress(hint), OwnDevice
    ├── TooManyAttempts(retryAfter), TooMany(limit)
    ├── CustomerNotReady, NoDevice, NotInThisMode, DeviceNotReady, RecentSignInRequired
    ├── NotAllowed, EmailUnverified
    ├── UnknownFunction, UnknownVariable, UnknownCommand
    ├── DeviceOffline, DeviceTimeout
    ├── ParticleUnavailable, ParticleRateLimited(retryAfter)
    └── InProgress, TryAgain
"""

from typing import Any, ClassVar


class ProductError(Exception):
    """Base of all failures with a reason. The caller gets `details` as they are."""

    code: ClassVar[str]
    """The canonical code of the callable protocol."""
    reason: ClassVar[str]
    message: ClassVar[str]
    """What to do about it, for the developer of an app; apps show texts of their own by reason."""

    def __init__(self, message: str | None = None, **details: Any) -> None:
        """With another message than the class's own, and details such as `field`."""
        super().__init__(message or self.message)
        self.details = details


class SignInRequired(ProductError):
    """No ID token, or one that is not valid."""

    code = "unauthenticated"
    reason = "sign-in-required"
    message = "Sign in first: the request carries no valid ID token."


class AppCheckRequired(ProductError):
    """A setting requires App Check, and the request carries no valid App Check token."""

    code = "unauthenticated"
    reason = "app-check-required"
    message = "The request does not come from one of the product's own apps."


class AnonymousUser(ProductError):
    """Anonymous sign-in is not enough to own a device."""

    code = "permission-denied"
    reason = "anonymous"
    message = "Anonymous users cannot use devices. Link the account to an e-mail address first."


class BadRequest(ProductError):
    """The request's shape or a type in it is wrong; `details.field` says which field."""

    code = "invalid-argument"
    reason = "bad-request"
    message = "The request is not well-formed."


class NotYourDevice(ProductError):
    """The device is not the caller's, or does not exist."""

    code = "permission-denied"
    reason = "not-your-device"
    message = "This device is not yours."


class RoleTooLow(ProductError):
    """The device is shared with the caller, but their role does not include this."""

    code = "permission-denied"
    reason = "role-too-low"
    message = "Your role on this shared device does not include this. Ask its owner."


class UnknownInvitation(ProductError):
    """One answer for an invitation that is missing, used, cancelled, expired or void."""

    code = "not-found"
    reason = "unknown-invitation"
    message = "This invitation is not valid any more. Ask for a new one."


class UnknownShare(ProductError):
    """The device is not shared with that customer."""

    code = "not-found"
    reason = "unknown-share"
    message = "This device is not shared with that customer."


class UnknownAlert(ProductError):
    """The device has no such alert."""

    code = "not-found"
    reason = "unknown-alert"
    message = "This device has no such alert."


class UnknownSchedule(ProductError):
    """The device has no such schedule."""

    code = "not-found"
    reason = "unknown-schedule"
    message = "This device has no such schedule."


class UnknownWebhook(ProductError):
    """The customer has no such webhook."""

    code = "not-found"
    reason = "unknown-webhook"
    message = "There is no such webhook."


class NotFiring(ProductError):
    """The alert does not fire, so there is nothing to acknowledge."""

    code = "failed-precondition"
    reason = "not-firing"
    message = "This alert does not fire at present."


class OtherAddress(ProductError):
    """The invitation is for another e-mail address; `details.hint` shows a part of it."""

    code = "failed-precondition"
    reason = "other-address"
    message = "This invitation is for another e-mail address, or yours is not verified."


class OwnDevice(ProductError):
    """The caller owns the device already."""

    code = "failed-precondition"
    reason = "own-device"
    message = "This device is yours already."


class WrongSerialOrCode(ProductError):
    """One answer for an unknown serial number, a blocked device and a wrong code."""

    code = "permission-denied"
    reason = "wrong-serial-or-code"
    message = "No device has this serial number and setup code."


class UnknownSerial(ProductError):
    """There is no such device to claim; only where a setting switches setup codes off."""

    code = "not-found"
    reason = "unknown-serial"
    message = "No device has this serial number."


class ClaimedByAnother(ProductError):
    """Another customer owns the device; reported only to callers with the right setup code."""

    code = "already-exists"
    reason = "claimed-by-another"
    message = "Another customer owns this device. They have to release it first."


class TooManyAttempts(ProductError):
    """Too many calls, or too many failed attempts; `details.retryAfter` is in seconds."""

    code = "resource-exhausted"
    reason = "too-many-attempts"
    message = "Too many attempts. Wait before the next one."


class TooMany(ProductError):
    """There are as many of these as there may be; `details.limit` says how many."""

    code = "resource-exhausted"
    reason = "too-many"
    message = "There are too many of these already. Remove one first."


class CustomerNotReady(ProductError):
    """The user's shadow customer at Particle could not be created."""

    code = "failed-precondition"
    reason = "customer-not-ready"
    message = "The account is not ready for devices yet."


class NoDevice(ProductError):
    """A token of Particle is for who owns a device or awaits one; it would reach nothing else."""

    code = "failed-precondition"
    reason = "no-device"
    message = "There is no device on this account yet. Claim one first."


class RecentSignInRequired(ProductError):
    """What cannot be undone requires a sign-in within the last minutes."""

    code = "failed-precondition"
    reason = "recent-sign-in-required"
    message = "Sign in again, and repeat this within five minutes."


class NotInThisMode(ProductError):
    """The deployment's access mode has no such function."""

    code = "failed-precondition"
    reason = "not-in-this-mode"
    message = "This function does not exist in the deployment's access mode."


class DeviceNotReady(ProductError):
    """The device is registered, but the operator has not added it to the product at Particle."""

    code = "failed-precondition"
    reason = "device-not-ready"
    message = "The device is not set up in the product at Particle yet. Contact the seller."


class UnknownFunction(ProductError):
    """The device's firmware has no such function."""

    code = "not-found"
    reason = "unknown-function"
    message = "The device has no such function."


class UnknownVariable(ProductError):
    """The device's firmware has no such variable."""

    code = "not-found"
    reason = "unknown-variable"
    message = "The device has no such variable."


class UnknownCommand(ProductError):
    """The caller has made no such call; another customer may have."""

    code = "not-found"
    reason = "unknown-command"
    message = "There is no such command."


class NotAllowed(ProductError):
    """The product's offer does not include this function, argument or variable."""

    code = "permission-denied"
    reason = "not-allowed"
    message = "The product does not allow this."


class EmailUnverified(ProductError):
    """A setting requires a verified e-mail address."""

    code = "permission-denied"
    reason = "email-unverified"
    message = "Verify the e-mail address first, then get a new ID token."


class DeviceOffline(ProductError):
    """The device definitely did not run the call."""

    code = "unavailable"
    reason = "device-offline"
    message = "The device is offline. Nothing was done."


class DeviceTimeout(ProductError):
    """No answer in time, or none that can be trusted: the call may have run."""

    code = "deadline-exceeded"
    reason = "device-timeout"
    message = "The device did not answer. It may have done what was asked."


class ParticleUnavailable(ProductError):
    """Particle could not be reached or failed; nothing lasting was done."""

    code = "unavailable"
    reason = "particle-unavailable"
    message = "The Particle cloud cannot be reached. Nothing was done; try again."


class ParticleRateLimited(ProductError):
    """Particle's limit on requests; `details.retryAfter` is in seconds."""

    code = "resource-exhausted"
    reason = "particle-rate-limited"
    message = "Too many requests to the Particle cloud at the moment."


class InProgress(ProductError):
    """The same request is still running, or the device is changing hands."""

    code = "aborted"
    reason = "in-progress"
    message = "This is still in progress. Try again in a moment."


class TryAgain(ProductError):
    """Firestore or Auth did not answer in time, or time ran out before anything was sent.

    No device was called. Anything else that was requested may have been done, and may be requested
    again.
    """

    code = "unavailable"
    reason = "try-again"
    message = "Our side could not do this in time. Nothing was sent to a device; try again."


def by_reason(reason: str) -> type[ProductError]:
    """The class of a stored reason."""
    return next(kind for kind in ProductError.__subclasses__() if kind.reason == reason)
