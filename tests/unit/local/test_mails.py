"""The stack's mail server, and the page that shows what it got."""

import smtplib
import socket
from collections.abc import Iterator

import pytest
import requests

from local.mails import serve
from local.ports import HOST

TEXT = 'Hi & <script>alert("1")</script>,\n\nhttps://x.example/join#a"onclick=b&c\n\njavascript:1\n'


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def ports() -> Iterator[tuple[int, int]]:
    smtp, page = free_port(), free_port()
    controller, server = serve(smtp, page)
    yield smtp, page
    server.shutdown()
    server.server_close()
    controller.stop()


def test_what_was_sent_is_shown_as_text_newest_first(ports: tuple[int, int]) -> None:
    smtp, page = (f"http://{HOST}:{ports[1]}{path}" for path in ("/mails.json", "/"))
    assert "None yet" in requests.get(page, timeout=5).text
    with smtplib.SMTP(HOST, ports[0]) as session:
        for subject in ("first", "<b>second"):
            header = (
                f'From: "<i>" <i@x.example>\r\nTo: other@x.example\r\nSubject: {subject}\r\n\r\n'
            )
            session.sendmail("a@x.example", ["b@x.example"], header + TEXT)
    mails = requests.get(smtp, timeout=5).json()
    assert [mail["subject"] for mail in mails] == ["<b>second", "first"]
    assert mails[0]["to"] == ["b@x.example"]
    assert mails[0]["text"].split() == TEXT.split()

    answer = requests.get(page, timeout=5)
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert "<script" not in answer.text
    assert "<h2>&lt;b&gt;second</h2>" in answer.text
    assert "from &quot;&lt;i&gt;&quot; &lt;i@x.example&gt;<br>to b@x.example" in answer.text
    assert answer.text.count("<a ") == 2
    assert (
        '<a href="https://x.example/join#a">https://x.example/join#a</a>&quot;onclick'
        in answer.text
    )
    assert requests.get(page + "x", timeout=5).status_code == 404
