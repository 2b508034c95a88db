"""Everything the simulated cloud remembers: accounts, tokens, products, devices, integrations.

Times are seconds since 1970. Secrets and tokens are kept as digests, as a service would: what is
shown once can never be read again, not from the state file either.
"""

import hashlib
import secrets
from collections.abc import Iterator, ValuesView
from typing import Any, Generic, Literal, TypeVar

import msgspec

TokenKind = Literal["user", "customer", "product", "api-user"]


class User(msgspec.Struct, kw_only=True):
    """A developer account at Particle; `api` marks a programmatic one (an API user)."""

    id: str
    username: str
    password: str | None = None
    account_info: dict[str, Any] = {}
    otp_secret: str | None = None
    created_at: float
    api_product: int | None = None
    friendly_name: str | None = None
    scopes: list[str] | None = None


class Customer(msgspec.Struct, kw_only=True):
    """An end user of one product; without a password it is a shadow customer."""

    id: str
    product_id: int
    username: str
    password: str | None = None
    created_at: float


class Product(msgspec.Struct, kw_only=True):
    """A product; `team` maps user ids to roles, the first being the owner's."""

    id: int
    name: str
    slug: str
    description: str = ""
    platform_id: int
    owner: str
    team: dict[str, str]
    quarantine: bool = True


class Client(msgspec.Struct, kw_only=True):
    """An OAuth client; without a product it can only log users in."""

    id: str
    secret: str
    name: str
    type: str = "installed"
    redirect_uri: str | None = None
    scopes: list[str] | None = None
    product_id: int | None = None
    owner: str | None = None

    @property
    def creates_customers_only(self) -> bool:
        """A client as it may stand in an app: it opens nothing else."""
        return self.scopes is not None and "*:*" not in self.scopes


class Token(msgspec.Struct, kw_only=True):
    """An access token with its refresh token; `account` is the user or customer it acts for."""

    digest: str
    kind: TokenKind
    account: str
    client: str
    product_id: int | None = None
    scopes: list[str] | None = None
    expires_at: float | None = None
    refresh_digest: str | None = None
    refresh_expires_at: float = 0.0


class ClaimCode(msgspec.Struct, kw_only=True):
    """A code that makes its creator the owner of the device that presents it."""

    digest: str
    account: str
    product_id: int | None
    expires_at: float


class Device(msgspec.Struct, kw_only=True):
    """A device as the cloud knows it, and the state of the virtual one behind it."""

    id: str
    kind: str
    name: str | None = None
    owner: str | None = None
    product_id: int | None = None
    platform_id: int
    serial_number: str
    mac_wifi: str | None = None
    iccid: str | None = None
    imei: str | None = None
    mobile_secret: str
    last_ip_address: str
    system_firmware_version: str
    firmware_version: int = 1
    desired_firmware_version: int | None = None
    firmware_updates_enabled: bool = True
    firmware_updates_forced: bool = False
    notes: str | None = None
    status: str = "normal"
    development: bool = False
    quarantined: bool = False
    denied: bool = False
    signaling: bool = False
    online: bool = True
    hang: bool = False
    interval: float = 5.0
    created_at: float
    last_heard: float | None = None
    last_handshake_at: float | None = None
    ticks: int = 0
    sent: int = 0
    state: dict[str, Any] = {}


class Vitals(msgspec.Struct, kw_only=True):
    """What a device has measured about itself, oldest first."""

    device_id: str
    records: list[dict[str, Any]] = []


class Integration(msgspec.Struct, kw_only=True):
    """Forwards events whose name starts with `event`; of a product or, without one, of a user."""

    id: str
    type: str
    event: str
    owner: str
    product_id: int | None = None
    name: str | None = None
    device_id: str | None = None
    disabled: bool = False
    created_at: float
    config: dict[str, Any] = {}
    logs: list[dict[str, Any]] = []
    counters: dict[str, int] = {}


Row = TypeVar("Row", bound=msgspec.Struct)


class Table(Generic[Row]):
    """Rows by key that remembers which of them have to be saved."""

    def __init__(self, name: str, row: type[Row]) -> None:
        self.name = name
        self.row = row
        self.rows: dict[str, Row] = {}
        self.unsaved: set[str] = set()

    def __getitem__(self, key: str) -> Row:
        return self.rows[key]

    def __contains__(self, key: object) -> bool:
        return key in self.rows

    def __iter__(self) -> Iterator[str]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    def get(self, key: str) -> Row | None:
        return self.rows.get(key)

    def values(self) -> ValuesView[Row]:
        return self.rows.values()

    def put(self, key: str, row: Row) -> None:
        self.rows[key] = row
        self.unsaved.add(key)

    def remove(self, key: str) -> None:
        if self.rows.pop(key, None) is not None:
            self.unsaved.add(key)

    def touch(self, key: str) -> None:
        """To be called after a row was changed in place."""
        self.unsaved.add(key)


class State:
    """All tables, with the look-ups that must not scan ten thousand devices."""

    def __init__(self) -> None:
        self.users = Table("users", User)
        self.customers = Table("customers", Customer)
        self.products = Table("products", Product)
        self.clients = Table("clients", Client)
        self.tokens = Table("tokens", Token)
        self.claim_codes = Table("claim_codes", ClaimCode)
        self.devices = Table("devices", Device)
        self.vitals = Table("vitals", Vitals)
        self.integrations = Table("integrations", Integration)
        self._customer_ids: dict[tuple[int, str], str] = {}
        self._user_ids: dict[str, str] = {}
        self._owned: dict[str, set[str]] = {}
        self._identifiers: dict[str, str] = {}
        self._refresh: dict[str, str] = {}

    @property
    def tables(self) -> tuple[Table[Any], ...]:
        return (
            self.users,
            self.customers,
            self.products,
            self.clients,
            self.tokens,
            self.claim_codes,
            self.devices,
            self.vitals,
            self.integrations,
        )

    def index(self) -> None:
        """Builds the look-ups after the tables were filled from a file."""
        for user in self.users.values():
            self._user_ids[user.username] = user.id
        for customer in self.customers.values():
            self._customer_ids[customer.product_id, customer.username] = customer.id
        for token in self.tokens.values():
            if token.refresh_digest:
                self._refresh[token.refresh_digest] = token.digest
        for device in self.devices.values():
            self._index_device(device)

    # Accounts

    def account(self, account_id: str) -> User | Customer | None:
        return self.customers.get(account_id) or self.users.get(account_id)

    def add_user(self, user: User) -> None:
        self.users.put(user.id, user)
        self._user_ids[user.username] = user.id

    def user_named(self, username: str) -> User | None:
        return self.users.get(self._user_ids.get(username.strip().lower(), ""))

    def rename_user(self, user: User, username: str) -> None:
        del self._user_ids[user.username]
        user.username = username
        self.add_user(user)

    def remove_user(self, user: User) -> None:
        self.release_all(user.id)
        self.revoke_account(user.id)
        del self._user_ids[user.username]
        self.users.remove(user.id)

    def add_customer(self, customer: Customer) -> None:
        self.customers.put(customer.id, customer)
        self._customer_ids[customer.product_id, customer.username] = customer.id

    def customer_named(self, product_id: int, username: str) -> Customer | None:
        """The customer; the API lower-cases the name wherever it enters."""
        key = (product_id, username.strip().lower())
        return self.customers.get(self._customer_ids.get(key, ""))

    def remove_customer(self, customer: Customer) -> None:
        """Deletes a customer with its tokens and claim codes; its devices become unclaimed."""
        self.release_all(customer.id)
        self.revoke_account(customer.id)
        del self._customer_ids[customer.product_id, customer.username]
        self.customers.remove(customer.id)

    # Tokens

    def add_token(self, token: Token) -> None:
        self.tokens.put(token.digest, token)
        if token.refresh_digest:
            self._refresh[token.refresh_digest] = token.digest

    def token_for_refresh(self, refresh_digest: str) -> Token | None:
        return self.tokens.get(self._refresh.get(refresh_digest, ""))

    def revoke(self, token: Token) -> None:
        self.tokens.remove(token.digest)
        if token.refresh_digest:
            self._refresh.pop(token.refresh_digest, None)

    def revoke_account(self, account_id: str) -> None:
        """Revokes all tokens and claim codes of a user or customer."""
        for token in [t for t in self.tokens.values() if t.account == account_id]:
            self.revoke(token)
        for code in [c for c in self.claim_codes.values() if c.account == account_id]:
            self.claim_codes.remove(code.digest)

    # Products and devices

    def product(self, id_or_slug: str) -> Product | None:
        found = self.products.get(id_or_slug)
        return found or next((p for p in self.products.values() if p.slug == id_or_slug), None)

    def add_device(self, device: Device) -> None:
        self.devices.put(device.id, device)
        self._index_device(device)

    def _index_device(self, device: Device) -> None:
        for identifier in (device.serial_number, device.imei, device.iccid):
            if identifier:
                self._identifiers[identifier.upper()] = device.id
        if device.owner:
            self._owned.setdefault(device.owner, set()).add(device.id)

    def remove_device(self, device: Device) -> None:
        self.set_owner(device, None)
        for identifier in (device.serial_number, device.imei, device.iccid):
            if identifier:
                self._identifiers.pop(identifier.upper(), None)
        self.devices.remove(device.id)
        self.vitals.remove(device.id)

    def device_identified(self, identifier: str) -> Device | None:
        """By device id, serial number, IMEI or ICCID."""
        by_id = self.devices.get(identifier)
        return by_id or self.devices.get(self._identifiers.get(identifier.upper(), ""))

    def devices_of(self, account_id: str) -> list[Device]:
        return [self.devices[device_id] for device_id in self._owned.get(account_id, ())]

    def product_devices(self, product_id: int) -> list[Device]:
        return [d for d in self.devices.values() if d.product_id == product_id]

    def set_owner(self, device: Device, account_id: str | None) -> None:
        if device.owner:
            self._owned.get(device.owner, set()).discard(device.id)
        device.owner = account_id
        if account_id:
            self._owned.setdefault(account_id, set()).add(device.id)
        self.devices.touch(device.id)

    def release_all(self, account_id: str) -> None:
        for device in self.devices_of(account_id):
            self.set_owner(device, None)


def new_id() -> str:
    """A 24-digit hexadecimal id, as users, customers and integrations have."""
    return secrets.token_hex(12)


def new_secret() -> str:
    """A 40-digit hexadecimal token or client secret."""
    return secrets.token_hex(20)


def digest(secret: str) -> str:
    """What is stored instead of a secret of high entropy."""
    return hashlib.sha256(secret.encode()).hexdigest()


def hash_password(password: str, salt: bytes | None = None) -> str:
    """What is stored instead of a password: salt and scrypt hash."""
    salt = salt or secrets.token_bytes(8)
    hashed = hashlib.scrypt(password.encode(), salt=salt, n=1024, r=8, p=1, dklen=20)
    return f"{salt.hex()}:{hashed.hex()}"


def password_matches(password: str, stored: str | None) -> bool:
    """False, too, for an account without a password."""
    if stored is None:
        return False
    salt = bytes.fromhex(stored.partition(":")[0])
    return secrets.compare_digest(hash_password(password, salt), stored)
