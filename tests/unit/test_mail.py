"""Mails, as a real SMTP server receives them."""

import email.policy
import ipaddress
import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from shared import mail, settings, smtp
from shared.registry.share import Role
from shared.settings import SettingMissingError

INVITATION = mail.Invitation(
    id="0123456789abcdef",
    to="gast@example.org",
    link="https://app.example.com/join#tok-en_1",
    role=Role.CONTROLLER,
    device_name="Living room",
    inviter_name="Ada",
    inviter_email="ada@example.com",
    until=datetime(2026, 12, 3, 10, tzinfo=UTC),
)


class Inbox:
    """A handler of aiosmtpd that keeps what it gets, and refuses with the replies it is given."""

    def __init__(self) -> None:
        self.envelopes: list[Envelope] = []
        self.rcpt = self.data = "250 OK"

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's interface
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: Any
    ) -> str:
        if self.rcpt.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.rcpt

    async def handle_DATA(  # noqa: N802 - likewise
        self, _server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        if self.data.startswith("250"):
            self.envelopes.append(envelope)
        return self.data

    def only(self) -> EmailMessage:
        """The one mail that came."""
        [envelope] = self.envelopes
        assert isinstance(envelope.content, bytes)
        return message_from_bytes(envelope.content, policy=email.policy.default)


@pytest.fixture
def inbox() -> Inbox:
    return Inbox()


@pytest.fixture
def use(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """Sets the two settings."""

    def choose(url: str, sender: str = "Pumps & Co. <pumps@example.com>") -> None:
        monkeypatch.setenv("SMTP_URL", url)
        monkeypatch.setenv("MAIL_FROM", sender)
        monkeypatch.setenv("SITE_URL", "https://app.example.com")
        settings.site_url.cache_clear()
        settings.mail_server.cache_clear()

    yield choose
    monkeypatch.undo()
    settings.site_url.cache_clear()
    settings.mail_server.cache_clear()


@pytest.fixture
def server(inbox: Inbox, use: Callable[..., None]) -> Iterator[Controller]:
    """A server without encryption, as the local stack has one."""
    controller = Controller(inbox, hostname="127.0.0.1", port=free_port(), enable_SMTPUTF8=False)
    controller.start()
    use(f"smtp://127.0.0.1:{controller.port}")
    yield controller
    controller.stop()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def but(**fields: Any) -> mail.Invitation:
    return mail.Invitation(**{**vars(INVITATION), **fields})


@pytest.mark.usefixtures("server")
def test_what_the_recipient_gets(inbox: Inbox) -> None:
    assert mail.send_invitation(INVITATION)
    got, [envelope] = inbox.only(), inbox.envelopes
    assert (envelope.mail_from, envelope.rcpt_tos) == ("pumps@example.com", ["gast@example.org"])
    assert got["From"] == '"Pumps & Co." <pumps@example.com>'
    assert got["Message-ID"] == "<0123456789abcdef@example.com>"
    assert got["Auto-Submitted"] == "auto-generated"
    assert got["Subject"] == "Invitation to use a device"
    assert got.get_content_type() == "text/plain"
    lines = got.get_content().splitlines()
    assert lines[2] == (
        "Ada (ada@example.com) wants to share the device “Living room” with you. You may see what "
        "it reports, and control it."
    )
    assert INVITATION.link in lines, "on a line of its own"
    assert "2026-12-03 10:00 UTC" in got.get_content()


@pytest.mark.usefixtures("server")
def test_in_german_and_with_the_end_of_the_share(inbox: Inbox) -> None:
    ends = datetime(2026, 12, 5, tzinfo=UTC)
    assert mail.send_invitation(but(locale="de-AT", ends=ends, role=Role.MANAGER))
    text = inbox.only().get_content()
    assert inbox.only()["Subject"] == "Einladung zu einem Gerät"
    assert "Ada (ada@example.com) möchte das Gerät „Living room“ mit Ihnen teilen." in text
    assert "umbenennen und mit anderen teilen, bis 2026-12-05 00:00 UTC." in text
    assert INVITATION.link in text.splitlines()


def test_both_languages_have_every_role() -> None:
    for words in mail._WORDS.values():
        assert set(words.rights) == set(Role)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Dr. J. R. Müller", "Dr. J. R. Müller"),
        ("Küche/Bad", "Küche/Bad"),
        ("Ada\r\nBcc: all@example.org", ""),
        ("Ada\r\n\r\nSubject: x\u2028\u202eoh\x1b[2J", "Ada Subject: x oh [2J"),
        ("<b>{link}</b>", "<b>{link}</b>"),
        ("your bank, see evil.example/login", ""),
        ("https://1", ""),
        ("WWW.x", ""),
        ("evil。com", ""),
        ("x" * 61, "x" * 59 + "…"),
        ("x" * 60, "x" * 60),
        (" \t\u200b ", ""),
    ],
)
@pytest.mark.usefixtures("server")
def test_names_cannot_shape_the_mail(name: str, shown: str, inbox: Inbox) -> None:
    """Neither its headers nor its lines; and no link but ours is in it."""
    assert mail.shown(name) == shown
    assert mail.send_invitation(INVITATION)
    usual = inbox.only()
    inbox.envelopes.clear()
    assert mail.send_invitation(but(inviter_name=name, device_name=name))
    got = inbox.only()
    assert [(k, v) for k, v in got.items() if k != "Date"] == [
        (k, v) for k, v in usual.items() if k != "Date"
    ]
    who = f"{shown} (ada@example.com)" if shown else "ada@example.com"
    what = f"the device “{shown}”" if shown else "a device"
    assert got.get_content() == usual.get_content().replace("Ada (ada@example.com)", who).replace(
        "the device “Living room”", what
    )


@pytest.mark.parametrize(
    "address",
    [
        *(
            "",
            "ada",
            "@x.example",
            "a@",
            "a@x.example, b@x.example",
            "a@x.example\r\nBcc: b@x.example",
        ),
        *("Ada <a@x.example>", "a@x.example b@x.example", "a@x.example>", " a@x.example"),
        *("gästin@x.example", "gast@münchen.example"),
    ],
)
@pytest.mark.usefixtures("server")
def test_what_is_not_one_address_gets_no_mail(address: str, inbox: Inbox) -> None:
    """The last one is an address, but of a kind that only some servers take."""
    found = settings.mail_server()
    assert found
    with pytest.raises(smtp.RefusedError):
        smtp.send(found, address, "s", "t", mail_id="1")
    assert not mail.send_invitation(but(to=address))
    assert not inbox.envelopes


@pytest.mark.parametrize(
    ("replies", "failure", "logged"),
    [
        ({"rcpt": "550 no such user gast@example.org"}, smtp.RefusedError, "mail-refused"),
        ({"data": "554 looks like spam to gast@example.org"}, smtp.RefusedError, "mail-refused"),
        ({"rcpt": "450 gast@example.org is busy"}, smtp.NotSentError, "mail-not-sent"),
        ({"data": "451 try again"}, smtp.NotSentError, "mail-not-sent"),
    ],
)
@pytest.mark.usefixtures("server")
def test_what_is_for_good_and_what_may_be_repeated(
    replies: dict[str, str],
    failure: type[Exception],
    logged: str,
    inbox: Inbox,
    capfd: pytest.CaptureFixture[str],
) -> None:
    vars(inbox).update(replies)
    found = settings.mail_server()
    assert found
    with pytest.raises(failure, match=next(iter(replies.values()))[:3]):
        smtp.send(found, INVITATION.to, "s", "t", mail_id="1")
    assert not mail.send_invitation(INVITATION)
    [line] = [json.loads(line) for line in "".join(capfd.readouterr()).splitlines() if line]
    assert (line["event"], line["mailId"]) == (logged, INVITATION.id)
    assert "example.org" not in json.dumps(line), "logs contain no addresses"


def test_no_server_there(use: Callable[..., None], capfd: pytest.CaptureFixture[str]) -> None:
    use(f"smtp://127.0.0.1:{free_port()}")
    assert not mail.send_invitation(INVITATION)
    assert "mail not sent: ConnectionRefusedError" in capfd.readouterr().err


def test_a_server_that_answers_slowly_is_given_up(
    use: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The wait for one reply is shorter by what the replies before it have taken."""
    monkeypatch.setattr(settings, "MAIL_PATIENCE", 1.0)
    over = threading.Event()

    def serve(listener: socket.socket) -> None:
        connection, _ = listener.accept()
        with connection:
            over.wait(0.8)
            connection.sendall(b"220 hi\r\n")
            over.wait()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, args=[listener])
        thread.start()
        use(f"smtp://127.0.0.1:{listener.getsockname()[1]}")
        started = datetime.now(UTC)
        found = settings.mail_server()
        assert found
        try:
            with pytest.raises(smtp.NotSentError, match=r"Disconnected|TimeoutError"):
                smtp.send(found, INVITATION.to, "s", "t", mail_id="1")
            assert datetime.now(UTC) - started < timedelta(seconds=1.6)
        finally:
            over.set()
            thread.join()


def certificate(folder: Path) -> Path:
    """A certificate of 127.0.0.1 with its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mail")])
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]),
            critical=False,
        )
        .sign(key, hashes.SHA256())
    )
    file = folder / "mail.pem"
    file.write_bytes(
        signed.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return file


@pytest.mark.parametrize("scheme", ["smtps", "starttls"])
def test_only_encrypted_and_to_a_server_whose_certificate_is_trusted(
    scheme: str,
    inbox: Inbox,
    use: Callable[..., None],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The log-in too; and a server that offers no encryption gets neither password nor mail."""
    asked: list[LoginPassword] = []

    def authenticate(*found: Any) -> AuthResult:
        asked.append(found[-1])
        return AuthResult(success=found[-1] == LoginPassword(b"ada@x", b"p/w"), handled=False)

    file = certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    encrypted: dict[str, Any] = {"ssl_context": context, "auth_require_tls": False}
    if scheme == "starttls":
        encrypted = {"tls_context": context, "require_starttls": True}
    controller = Controller(
        inbox, hostname="127.0.0.1", port=free_port(), authenticator=authenticate, **encrypted
    )
    controller.start()
    bare = Controller(inbox, hostname="127.0.0.1", port=free_port())
    bare.start()

    def url(port: int, password: str) -> str:
        query = "?starttls=1" if scheme == "starttls" else ""
        start = "smtps" if scheme == "smtps" else "smtp"
        return f"{start}://ada%40x:{password}@127.0.0.1:{port}{query}"

    try:
        use(url(controller.port, "p%2Fw"))
        assert not mail.send_invitation(INVITATION), "the certificate is nobody's"
        assert not asked
        monkeypatch.setenv("SSL_CERT_FILE", str(file))
        assert mail.send_invitation(INVITATION)
        assert inbox.only()["To"] == INVITATION.to
        assert asked == [LoginPassword(b"ada@x", b"p/w")]
        use(url(controller.port, "wrong"))
        assert not mail.send_invitation(INVITATION)
        use(url(bare.port, "p%2Fw"))
        assert not mail.send_invitation(INVITATION)
        assert len(inbox.envelopes) == 1
    finally:
        controller.stop()
        bare.stop()


def test_without_a_server_nothing_is_sent(use: Callable[..., None]) -> None:
    for url, sender in (("none", "a@x.example"), ("smtps://mail.example", ""), ("", "")):
        use(url, sender)
        assert settings.mail_server() is None
        assert not mail.send_invitation(INVITATION)


@pytest.mark.parametrize(
    ("url", "sender", "said"),
    [
        ("", "a@x.example", "SMTP_URL is not set"),
        ("mail.example:465:s3cret", "a@x.example", "SMTP_URL must be"),
        ("https://u:s3cret@mail.example", "a@x.example", "SMTP_URL must be"),
        ("smtps://u:s3cret@mail.example:port", "a@x.example", "SMTP_URL must be"),
        ("smtp://u:s3cret@mail.example", "a@x.example", "SMTP_URL needs"),
        ("smtp://u:s3cret@mail.example?starttls=0", "a@x.example", "SMTP_URL needs"),
        ("smtps://u:s3cret@127.0.0.1", "Pumps", "MAIL_FROM is 'Pumps'"),
    ],
)
def test_wrong_settings_are_named_and_no_secret_is(
    url: str, sender: str, said: str, use: Callable[..., None]
) -> None:
    use(url, sender)
    with pytest.raises(SettingMissingError, match=said) as caught:
        mail.send_invitation(INVITATION)
    assert "s3cret" not in str(caught.value)


def test_ports_and_log_ins_of_the_setting(use: Callable[..., None]) -> None:
    use("smtps://u%40x:p%2F@mail.example")
    found = settings.mail_server()
    assert found
    assert (found.port, found.tls, found.user, found.password) == (465, "at-once", "u@x", "p/")
    assert "p/" not in repr(found)
    use("smtp://mail.example?starttls=1")
    found = settings.mail_server()
    assert found
    assert (found.port, found.tls, found.user) == (587, "starttls", "")
