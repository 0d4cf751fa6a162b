"""The broker of a site: our own Mosquitto or somebody else's, its accounts, and every service's way in."""

from __future__ import annotations

import signal
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from namespace.contracts.access import AccessRule, SiteAccess, client_rules, service_rules
from namespace.contracts.offered import offered_commands
from namespace.contracts.registry import SERVICES, contract_of
from namespace.servers import process
from namespace.servers.accounts import AccountRegistry
from namespace.servers.acl import BrokerAccount, hash_password
from namespace.servers.errors import ServerError
from namespace.servers.folder import DataFolder
from namespace.servers.mosquitto import Mosquitto, write_accounts
from namespace.servers.ports import LOOPBACK
from namespace.servers.probe import SignIn, sign_in
from namespace.servers.process import RunAs
from namespace.servers.settings import tools_folder
from namespace.servers.site_state import ServerStatus
from namespace.transport.broker_url import BrokerUrl, BrokerUrlError

CLI_ACCOUNT = "mes-cli"
"""The account of the `uns` command itself: sees all, asks queries, commands the services."""


class SiteBroker:
    """Where the services meet.

    Args:
        folder: The site's data folder; passwords of the accounts are kept there.
        site: What permissions depend on.
        port: Of our own broker.
        url: A foreign broker; with user and password in it every service uses those, without, its own
            account.
    """

    def __init__(self, folder: DataFolder, site: SiteAccess, *, port: int, url: str | None) -> None:
        self._folder = folder
        self._site = site
        self.server: Mosquitto | None = None
        self._address = BrokerUrl(LOOPBACK, port)
        if url is None:
            self.server = Mosquitto(
                folder.server("mosquitto"), port=port, log_file=folder.logs / "mosquitto.log", tools=tools_folder()
            )
        else:
            self._address = _parse(url)

    @property
    def status(self) -> ServerStatus:
        """What is shown of it."""
        own = self.server is not None
        pid = self.server.pid if self.server is not None else None
        return ServerStatus(
            address=str(self._address), embedded=own, pid=pid, detail="Mosquitto" if own else "from UNS_BROKER_URL"
        )

    def url(self, account: str) -> BrokerUrl:
        """Return the address with which an account of ours signs in."""
        if self._address.username is not None:
            return self._address
        return replace(self._address, username=account, password=self._folder.password("broker", account))

    def write_accounts(self) -> None:
        """Hand the broker every account; a foreign one gets them as files that a person installs."""
        accounts = all_accounts(self._folder, self._site)
        if self.server is not None:
            self.server.set_accounts(accounts)
        elif self._address.username is None:
            write_accounts(self._exported, accounts, run_as=RunAs(None, None))

    def check_sign_in(self, accounts: Iterable[str]) -> None:
        """Sign in once with every account.

        Raises:
            ServerError: The broker is not there, or refuses one.
        """
        for account in accounts:
            url = self.url(account)
            answer = sign_in(url.host, url.port, url.username or "", url.password or "", tls=url.tls)
            if answer is not SignIn.ACCEPTED:
                raise self._refusal(answer, url)

    def _refusal(self, answer: SignIn, url: BrokerUrl) -> ServerError:
        if answer is not SignIn.REFUSED:
            said = "is not an MQTT broker" if answer is SignIn.NOT_MQTT else "does not answer"
            return ServerError(
                f"what UNS_BROKER_URL names {said}", where=str(url), remedy="Correct the address, or start the broker."
            )
        if self._address.username is not None:
            remedy = "Correct user and password in UNS_BROKER_URL."
        else:
            remedy = f"Install the accounts at that broker: {self._exported}/passwords and {self._exported}/acl."
        return ServerError(
            f"the broker refuses account {url.username}: wrong name or password", where=str(url), remedy=remedy
        )

    @property
    def _exported(self) -> Path:
        return self._folder.root / "broker-accounts"


def all_accounts(folder: DataFolder, site: SiteAccess) -> list[BrokerAccount]:
    """Return the accounts of the services, of the `uns` command, and those that people made."""
    made = AccountRegistry(folder.accounts).all()
    site = replace(site, registered_groups=tuple(sorted({each.group_id for each in made if each.group_id})))
    rules: dict[str, tuple[AccessRule, ...]] = {
        contract.edge_node_id: service_rules(contract, site) for contract in SERVICES
    }
    commanded = [contract.service for contract in SERVICES if offered_commands(contract)]
    rules[CLI_ACCOUNT] = client_rules(CLI_ACCOUNT, site, commanded)
    return [*_ours(folder, rules), *(each.for_broker(site) for each in made)]


def announce_accounts(folder: DataFolder, site: SiteAccess, *, pid: int) -> None:
    """Let the broker of a running site (process `pid`) know the accounts as they are now."""
    write_accounts(folder.server("mosquitto"), all_accounts(folder, site), run_as=RunAs.unprivileged())
    process.send_signal(pid, signal.SIGHUP, program="mosquitto")


def account_of(service: str) -> str:
    """Return the broker account of a service.

    Raises:
        ServerError: The contracts do not know it, so it has no rights at all.
    """
    try:
        return contract_of(service).edge_node_id
    except LookupError as error:
        raise ServerError(
            f"service {service} has no contract, so the broker would refuse everything it says",
            where="namespace/contracts/registry.py",
            remedy=f"Register its contract there, or leave it out with `uns up --without {service}`.",
        ) from error


def _ours(folder: DataFolder, rules: Mapping[str, tuple[AccessRule, ...]]) -> Iterable[BrokerAccount]:
    for name, allowed in rules.items():
        yield BrokerAccount(name, hash_password(folder.password("broker", name)), allowed)


def _parse(url: str) -> BrokerUrl:
    try:
        return BrokerUrl.parse(url)
    except BrokerUrlError as error:
        raise ServerError(str(error), where="UNS_BROKER_URL", remedy="Correct it, or leave it out.") from error
