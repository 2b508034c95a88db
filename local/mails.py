"""The mail server of a stack: takes every mail, delivers none, and shows them on a page.

`python -m local.mails SMTP_PORT PAGE_PORT` is a part of every stack, so that no mail of a demo or a
test reaches anybody. The page is `/`; `/mails.json` has the same for programs.
"""

import email.policy
import html
import json
import re
import sys
import threading
from collections import deque
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from local.ports import HOST
from local.signals import Stopped, stop_signals

# Older mails are forgotten.
_KEPT: Final = 200

_LINK: Final = re.compile(r"https?://[^\s<>\"']+")
_PAGE: Final = """\
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta http-equiv="refresh" content="5">
<title>Mails</title>
<style>
  body {{ font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 45rem }}
  article {{ border-top: 1px solid #bbb; padding: 1rem 0 }}
  pre {{ font: inherit; white-space: pre-wrap; overflow-wrap: anywhere }}
</style>
<h1>Mails that the backend has sent</h1>
<p>The newest first. They reach nobody: this is the mail server of this machine's stack.</p>
{mails}
</html>
"""


@dataclass(frozen=True)
class Mail:
    """A mail that was handed over.

    Attributes:
        at: when, in ISO 8601.
        sender: the `From` of its header.
        to: for whom it was handed over, not what its header says.
        subject: the `Subject` of its header.
        text: its plain text.
    """

    at: str
    sender: str
    to: list[str]
    subject: str
    text: str

    @classmethod
    def of(cls, envelope: Envelope) -> "Mail":
        """Return what was handed over in an envelope."""
        content = envelope.content or b""
        source = content if isinstance(content, bytes) else content.encode()
        message = message_from_bytes(source, policy=email.policy.default)
        body = message.get_body(["plain"]) if isinstance(message, EmailMessage) else None
        return cls(
            at=datetime.now(UTC).isoformat(timespec="seconds"),
            sender=str(message["From"]),
            to=list(envelope.rcpt_tos),
            subject=str(message["Subject"]),
            text=body.get_content() if body else "",
        )


class Inbox:
    """The mails, newest first; the handler of aiosmtpd."""

    def __init__(self) -> None:
        self.mails: deque[Mail] = deque(maxlen=_KEPT)

    async def handle_DATA(  # noqa: N802 - aiosmtpd's interface
        self, _server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        """Keep a mail."""
        self.mails.appendleft(Mail.of(envelope))
        return "250 OK"


def page(mails: list[Mail]) -> str:
    """Return the page that shows mails; whatever is in them stays text."""
    articles = [
        f"<article><h2>{html.escape(mail.subject)}</h2>"
        f"<p>{html.escape(mail.at)}<br>from {html.escape(mail.sender)}<br>"
        f"to {html.escape(', '.join(mail.to))}</p><pre>{_with_links(mail.text)}</pre></article>"
        for mail in mails
    ]
    return _PAGE.format(mails="\n".join(articles) or "<p>None yet.</p>")


def _with_links(text: str) -> str:
    parts: list[str] = []
    end = 0
    for found in _LINK.finditer(text):
        link = html.escape(found[0])
        parts += [html.escape(text[end : found.start()]), f'<a href="{link}">{link}</a>']
        end = found.end()
    return "".join([*parts, html.escape(text[end:])])


def serve(smtp_port: int, page_port: int) -> tuple[Controller, ThreadingHTTPServer]:
    """Start both servers, each in its own thread; whoever starts them stops them."""
    inbox = Inbox()
    controller = Controller(inbox, hostname=HOST, port=smtp_port)
    controller.start()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            mails = list(inbox.mails)
            if self.path == "/mails.json":
                self._answer("application/json", json.dumps([asdict(mail) for mail in mails]))
            elif self.path == "/":
                self._answer("text/html; charset=utf-8", page(mails))
            else:
                self.send_error(404)

        def _answer(self, kind: str, text: str) -> None:
            content = text.encode()
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(content)))
            # Should something of a mail be no text after all, it cannot do anything.
            self.send_header(
                "Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'"
            )
            self.send_header("X-Content-Type-Options", "nosniff")
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: Any) -> None:
            """Log no requests: the page asks every few seconds."""

    server = ThreadingHTTPServer((HOST, page_port), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return controller, server


def main() -> int:
    """Serve on the ports in the arguments until a signal to stop."""
    with stop_signals():
        controller, server = serve(int(sys.argv[1]), int(sys.argv[2]))
        try:
            threading.Event().wait()
        except Stopped:
            pass
        finally:
            server.shutdown()
            server.server_close()
            controller.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
