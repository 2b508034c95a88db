"""What Firestore sends to a page, read off the wire: the documents that it charges for."""

import base64
import json
import re
from collections import defaultdict
from typing import Any

from playwright.sync_api import Page

from tests.web.visitor import PATIENCE

CHANNEL = re.compile(r"/Listen/channel\?.*SID=([^&]+).*TYPE=xmlhttp")
"""The stream on which the web SDK receives the answers to all its queries."""
MESSAGE = re.compile(rb"(\d+)\n")
"""Before each message stands its length, as JavaScript counts: in UTF-16 units, two of an emoji."""
POLL = 100
"""Milliseconds."""


def taken(stream: bytes) -> tuple[list[str], bytes]:
    """The whole messages at the beginning of a stream, and what follows them.

    A stream may be cut anywhere, within a character, too.
    """
    messages = []
    while head := MESSAGE.match(stream):
        units = 2 * int(head[1])
        text = stream[head.end() :].decode(errors="ignore").encode("utf-16-le")
        if len(text) < units:
            break
        messages.append(text[:units].decode("utf-16-le"))
        stream = stream[head.end() + len(messages[-1].encode()) :]
    return messages, stream


class Wire:
    """Counts the documents that a page is sent, by the query that asked for each.

    At any change the emulator begins a query anew (`RESET`) and sends all of its documents again;
    the service sends, and charges for, the changed ones. So each version of a document counts once.
    """

    def __init__(self, page: Page) -> None:
        """Listen; before the page is opened."""
        self._page = page
        self._sent: dict[str, set[str]] = defaultdict(set)
        self._streams: dict[str, tuple[str, bytes]] = {}
        self._session = page.context.new_cdp_session(page)
        self._session.on("Network.responseReceived", self._begins)
        self._session.on("Network.dataReceived", self._goes_on)
        self._session.send("Network.enable")

    def reads(self) -> int:
        """Documents sent so far. A query that finds none is charged as one."""
        return sum(max(1, len(versions)) for versions in self._sent.values())

    def expect_reads(self, number: int) -> None:
        """Wait until so many were sent; with one too many it never comes to be.

        What comes too late for this is seen by the next look, at the latest by the last.
        """
        for _ in range(PATIENCE // POLL):
            if self.reads() == number:
                return
            self._page.wait_for_timeout(POLL)  # hands the browser's messages on, too
        sent = {query: len(versions) for query, versions in self._sent.items()}
        raise AssertionError(f"{self.reads()} documents were sent, not {number}: {sent}")

    def _begins(self, event: dict[str, Any]) -> None:
        channel = CHANNEL.search(event["response"]["url"])
        if not channel:
            return
        request = event["requestId"]
        self._streams[request] = (channel[1], b"")
        # From here on the browser hands out what arrives, and not only at the end of the stream.
        before = self._session.send("Network.streamResourceContent", {"requestId": request})
        self._take(request, before["bufferedData"])

    def _goes_on(self, event: dict[str, Any]) -> None:
        if event["requestId"] in self._streams:
            self._take(event["requestId"], event.get("data", ""))

    def _take(self, request: str, data: str) -> None:
        session, kept = self._streams[request]
        messages, kept = taken(kept + base64.b64decode(data))
        self._streams[request] = (session, kept)
        for message in messages:
            for _, answers in json.loads(message):
                self._count(session, answers)

    def _count(self, session: str, answers: list[Any]) -> None:
        for answer in answers:
            if not isinstance(answer, dict):
                continue  # a sign of life
            changed = answer.get("documentChange")
            version: set[str] = set()
            if changed:
                document = changed["document"]
                version = {f"{document['name']} {document['updateTime']}"}
            for query in (changed or answer.get("targetChange", {})).get("targetIds", []):
                self._sent[f"{session} {query}"] |= version
