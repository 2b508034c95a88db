"""The links at Particle: credentials, product, customers' tokens, integrations."""

from admin.cli.deployed import SECRETS, use_secrets
from admin.cli.errors import CannotRun
from admin.cli.target import PEPPER
from admin.doctor.deployment import ACCESS_TOKEN, EVENTS, Deployment
from admin.doctor.finding import Finding, Link, State, broken, ok, warning
from admin.particle.integrations import covers, plan, shown
from shared import settings
from shared.claims import at_particle
from shared.particle import Integration, OAuthClient, errors
from shared.telemetry import canary

PRESENCE = "spark/status"
"""The event with which Particle reports that a device went online or offline."""

_SERVER_CLIENT = (
    "create an OAuth client in the product's console, Authentication, type Two-Legged Auth "
    "(Server); "
)


def _settings(deployment: Deployment) -> Finding:
    mode = settings.access_mode()
    product = settings.particle().product
    return ok(f"product {product} at {deployment.particle_url}, access mode {mode}")


def _secrets(deployment: Deployment) -> Finding:
    try:
        use_secrets(deployment.target)
        deployment.target.pepper()
    except CannotRun as failure:
        return broken(str(failure), deployment.deploy("secrets"))
    return ok(", ".join((*SECRETS, PEPPER)))


def _oauth_client(deployment: Deployment) -> Finding:
    client = settings.particle().client_id
    try:
        deployment.tokens.server.token()
    except errors.ClientRejectedError as failure:
        return broken(
            f"Particle rejects {client} or its secret: {failure.text}",
            _SERVER_CLIENT + _new_secret(deployment),
        )
    return ok(f"{client} gets the server's token")


def _new_secret(deployment: Deployment) -> str:
    if deployment.local:
        return "put its id and secret into .secret.local, and restart the demo"
    return (
        f"then: gcloud secrets versions add PARTICLE_CLIENT_ID --data-file=- --project "
        f"{deployment.project} (id on standard input, Ctrl-D), the same for "
        f"PARTICLE_CLIENT_SECRET, and ./deploy.sh --project {deployment.project}"
    )


def _product(deployment: Deployment) -> Finding:
    product = settings.particle().product
    server = deployment.tokens.server
    try:
        name = deployment.particle.product(server).name
        deployment.particle.devices(server, 1)
    except errors.NotFoundError:
        return broken(
            f"Particle has no product {product}",
            f"correct PARTICLE_PRODUCT in {deployment.settings_file}, then deploy",
        )
    except errors.ForbiddenError as failure:
        return broken(
            f"{settings.particle().client_id} may not read product {product}: it belongs to "
            f"another product, or its scope is limited ({failure.text})",
            f"correct PARTICLE_PRODUCT in {deployment.settings_file}, or "
            + _SERVER_CLIENT
            + _new_secret(deployment),
        )
    return ok(f"{product}, {name or 'without a name'}; its devices can be read")


def _access_mode(deployment: Deployment) -> Finding:
    """Whether the client has the type that the server needs, and whether the devices fit the mode.

    And what lets strangers claim devices at Particle. Particle shows the clients only in a list,
    which it may refuse.
    """
    mode = settings.access_mode()
    kind = "Particle does not show what type the OAuth client has"
    clients = _clients(deployment)
    mine = settings.particle().client_id
    if client := next((one for one in clients if one.id == mine), None):
        if client.is_simple_auth:
            limit = f"limited to {client.scope}" if client.scope else "for web pages"
            return broken(
                f"the OAuth client is {limit}: Simple Auth, not a server client",
                _SERVER_CLIENT + _new_secret(deployment),
            )
        kind = "the OAuth client is a server client"
    if mode == "product":
        devices = deployment.particle.devices(deployment.tokens.server, 1)
        claimed = [device.owner for device in devices if device.owner is not None]
        if others := [owner for owner in claimed if not at_particle.is_own_account(owner)]:
            return warning(
                f"product, but {len(others)} of the first {len(devices)} devices are claimed at "
                "Particle, as in mode customer",
                f"{deployment.command} devices mismatches",
            )
    return _open_to_strangers(deployment, clients) or ok(f"{mode}; {kind}")


def _clients(deployment: Deployment) -> list[OAuthClient]:
    """The product's OAuth clients; none when Particle does not show them."""
    try:
        return deployment.particle.clients(deployment.tokens.server)
    except errors.RefusedError:
        return []


def _open_to_strangers(deployment: Deployment, clients: list[OAuthClient]) -> Finding | None:
    """What makes it easy to claim a device at Particle by its id, or keeps such a claim."""
    if not settings.end_foreign_claims():
        return warning(
            "END_FOREIGN_CLAIMS is off: strangers keep the devices that they claim at Particle",
            f"when the owners have been taken over, switch it on in {deployment.settings_file}, "
            "and deploy",
        )
    if deployment.particle.product(deployment.tokens.server).quarantine is False:
        return warning(
            "the product at Particle approves unknown devices by itself",
            "switch the quarantine on in the product's settings in Particle's console",
        )
    if names := ", ".join(one.id for one in clients if one.is_simple_auth):
        return warning(
            f"whoever has an app with the OAuth client {names} can create a customer at Particle, "
            "and claim with it any device that nobody owns there",
            "delete that client in the product's console, Authentication, unless your app needs it",
        )
    return None


def _customer_tokens(deployment: Deployment) -> Finding:
    """With a token for an existing customer, revoked at once: a new one would leave a trace."""
    if settings.access_mode() == "product":
        return ok("access mode product needs none")
    customers = deployment.particle.customers(deployment.tokens.server, 1)
    if not customers:
        return warning(
            "cannot be known: no customer at Particle owns a device yet, and only a token for one "
            "would prove it",
            "claim a device in the web app, and run this again",
        )
    setting = settings.particle()
    try:
        token, _ = deployment.particle.mint_token(
            (setting.client_id, setting.client_secret), customer_name=customers[0], lifetime=60
        )
    except errors.RefusedError as failure:
        return broken(
            f"Particle mints none for a customer of the product: {failure.text}",
            _SERVER_CLIENT + _new_secret(deployment),
        )
    deployment.particle.revoke_token(token)
    return ok("minted for a customer, and revoked")


def _integrations(deployment: Deployment) -> Finding:
    topic = deployment.topic
    try:
        listed = deployment.particle.integrations.list(deployment.integrator)
        ours = [
            deployment.particle.integrations.get(deployment.integrator, one.id)
            for one in listed
            if canary.is_ours(one)
        ]
    except (errors.ForbiddenError, errors.TokenRejectedError) as failure:
        return warning(
            f"cannot be known: Particle does not show them to the OAuth client ({failure.text})",
            f"set {ACCESS_TOKEN} to a token of a member of the product's team",
        )
    if not ours:
        others = ", ".join(sorted({one.topic or one.url for one in listed}))
        return broken(
            f"none forwards events to {topic}"
            + (f"; there are some to {others}" if others else ""),
            f"{deployment.command} particle integrate",
        )
    # Each way has to bring everything: where there are both, one of them is on trial or on its way
    # out.
    findings = [_forwarding(way, deployment) for way in _by_destination(ours)]
    return next((one for one in findings if one.state is not State.OK), findings[0])


def _by_destination(ours: list[Integration]) -> list[list[Integration]]:
    ways: dict[str, list[Integration]] = {}
    for one in sorted(ours, key=lambda one: one.url):
        ways.setdefault(one.topic or one.url, []).append(one)
    return list(ways.values())


def _forwarding(ours: list[Integration], deployment: Deployment) -> Finding:
    """Whether the existing integrations to one place forward each event, and only once."""
    integrate = f"{deployment.command} particle integrate"
    if ours[0].url:
        integrate += f" --webhook {ours[0].url}"
    intended = plan(ours, deployment.event_prefixes)
    if intended.enable:
        return broken(
            "disabled: " + ", ".join(shown(one.event) for one in intended.enable), integrate
        )
    names = ", ".join(shown(one.event) for one in ours)
    if lacking := intended.create:
        lacks = ", ".join(shown(prefix) for prefix in lacking)
        return broken(f"{names}: none for {lacks} (setting {EVENTS})", integrate)
    if extra := intended.superfluous:
        return warning(
            f"{names}: {len(extra)} forward what others do, so events arrive twice",
            f"{integrate} --delete-superfluous",
        )
    if not any(covers(one.event, PRESENCE) for one in ours):
        return warning(
            f"{names}: none for {PRESENCE}, so no app sees devices go online or offline",
            f"{integrate} --event {PRESENCE}",
        )
    if failures := [one.last_failure for one in ours if one.last_failure]:
        return warning(
            f"{names}: the newest delivery failed: {failures[0]}",
            "see whether the canary below arrives: if so, it works again",
        )
    return ok(f"{names}, to {ours[0].topic or ours[0].url}")


ACCESS: tuple[Link, ...] = (
    Link("secrets", _secrets),
    Link("settings", _settings, needs=("secrets",)),
    Link("OAuth client", _oauth_client, needs=("settings",)),
    Link("product", _product, needs=("OAuth client",)),
    Link("access mode", _access_mode, needs=("product",)),
    Link("customers' tokens", _customer_tokens, needs=("product", "access mode")),
)
"""The links that can be examined before anything is deployed."""

INTEGRATIONS = Link("integrations", _integrations, needs=("product",))
