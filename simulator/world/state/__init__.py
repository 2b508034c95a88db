"""Everything the simulated cloud remembers, one file for each table.

Times are seconds since 1970. Secrets and tokens are kept as digests, as a real service would keep
them: what was shown once can never be read again, not even from the state file.

A new resource gets a file here with the type of its rows and its table, and a line in
`State.__init__`; from then on it is saved, loaded and reset with all others.
"""

from typing import Any

from simulator.world.state.claim_codes import ClaimCodes
from simulator.world.state.clients import Clients
from simulator.world.state.customers import Customer, Customers
from simulator.world.state.devices import Device, Devices
from simulator.world.state.integrations import Integrations
from simulator.world.state.products import Products
from simulator.world.state.table import Table
from simulator.world.state.tokens import Tokens
from simulator.world.state.users import User, Users
from simulator.world.state.vitals import VitalsTable


class State:
    """All tables, and the changes that concern several of them.

    Attributes:
        mfa_logins: log-ins that wait for a one-time password, by the digest of their token: the
            user's id and when the log-in expires. Not kept in the state file.
        mfa_setups: authenticators that wait for their first one-time password, by the digest of
            their token: the user's id and the shared secret. Not kept in the state file.
    """

    def __init__(self) -> None:
        self.users = Users()
        self.customers = Customers()
        self.products = Products()
        self.clients = Clients()
        self.tokens = Tokens()
        self.claim_codes = ClaimCodes()
        self.devices = Devices()
        self.vitals = VitalsTable()
        self.integrations = Integrations()
        self.mfa_logins: dict[str, tuple[str, float]] = {}
        self.mfa_setups: dict[str, tuple[str, str]] = {}

    @property
    def tables(self) -> list[Table[Any]]:
        """All tables, for saving and loading."""
        return [table for table in vars(self).values() if isinstance(table, Table)]

    def account(self, account_id: str) -> User | Customer | None:
        """Return the customer or user with this id."""
        return self.customers.get(account_id) or self.users.get(account_id)

    def revoke_account(self, account_id: str) -> None:
        """Revoke all tokens and claim codes of a user or customer."""
        for token in [t for t in self.tokens.values() if t.account == account_id]:
            self.tokens.remove(token.digest)
        for code in [c for c in self.claim_codes.values() if c.account == account_id]:
            self.claim_codes.remove(code.digest)

    def remove_user(self, user: User) -> None:
        """Delete a user with its tokens and claim codes; its devices become unclaimed."""
        self.devices.release_all(user.id)
        self.revoke_account(user.id)
        self.users.remove(user.id)

    def remove_customer(self, customer: Customer) -> None:
        """Delete a customer with its tokens and claim codes; its devices become unclaimed."""
        self.devices.release_all(customer.id)
        self.revoke_account(customer.id)
        self.customers.remove(customer.id)

    def remove_device(self, device: Device) -> None:
        """Delete a device with its vitals."""
        self.devices.remove(device.id)
        self.vitals.remove(device.id)
