"""A proxy in front of the Firestore emulator, which counts the traffic and injects faults.

It looks at the names of Firestore's methods and passes the bytes on unchanged.
"""

import functools
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Any, Self

import grpc
from google.cloud.firestore_v1.types import (
    BatchGetDocumentsResponse,
    CommitRequest,
    RunQueryResponse,
)

from benchmarks.server import free_port

_STREAMED: dict[str, Any] = {
    "BatchGetDocuments": BatchGetDocumentsResponse.pb(),
    "RunQuery": RunQueryResponse.pb(),
}
_Commit: Any = CommitRequest.pb()
_AT_ONCE = 64
_PASSED_ON = ("authorization", "google-cloud-resource-prefix", "x-goog-request-params")


class Fault:
    """What goes wrong with a call."""

    def __init__(
        self, *, delay: float = 0, code: grpc.StatusCode | None = None, after: bool = False
    ) -> None:
        """Delay a call by so many seconds; with a `code`, fail before the call or `after` it."""
        self.delay = delay
        self.code = code
        self.after = after


class Proxy(grpc.GenericRpcHandler):  # type: ignore[misc]  # grpc has no types
    """A server on its own port; a context manager."""

    def __init__(self, firestore: str, fault: Callable[[], Fault | None] | None = None) -> None:
        """Prepare a proxy for an emulator (`host:port`); `fault` is called for each request."""
        self.port = free_port()
        self.address = f"127.0.0.1:{self.port}"
        self._channel = grpc.insecure_channel(firestore)
        self._fault = fault or (lambda: None)
        self._counts: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._server: Any = None

    def __enter__(self) -> Self:
        """Start it."""
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop it."""
        self.cut()
        self._channel.close()

    def start(self) -> None:
        """Accept connections, always on the same port."""
        self._server = grpc.server(ThreadPoolExecutor(_AT_ONCE), handlers=[self])
        self._server.add_insecure_port(self.address)
        self._server.start()

    def cut(self) -> None:
        """Break all connections at once, and accept no others."""
        self._server.stop(None).wait()

    def take_counts(self) -> Counter[str]:
        """Return `round trips`, `reads` and `writes` of documents since the last call of this."""
        with self._lock:
            taken, self._counts = self._counts, Counter()
        return taken

    def service(self, details: Any) -> Any:
        """Return the handler of a method, as grpc requires."""
        method = details.method
        response = _STREAMED.get(method.rpartition("/")[2])
        if response is not None:
            return grpc.unary_stream_rpc_method_handler(
                functools.partial(self._stream, method, response)
            )
        return grpc.unary_unary_rpc_method_handler(functools.partial(self._unary, method))

    def _unary(self, method: str, request: bytes, context: Any) -> bytes:
        fault = self._begin(method, request, context)
        answer: bytes = self._call(self._channel.unary_unary(method), request, context)
        self._end(fault, context)
        return answer

    def _stream(self, method: str, response: Any, request: bytes, context: Any) -> Iterator[bytes]:
        fault = self._begin(method, request, context)
        for answer in self._call(self._channel.unary_stream(method), request, context):
            # A missing document counts as a read; the last answer to a query may have no document.
            message = response.FromString(answer)
            fields = {field.name for field, _ in message.ListFields()}
            if fields & {"document", "found", "missing"}:
                self._count("reads", 1)
            yield answer
        self._end(fault, context)

    def _begin(self, method: str, request: bytes, context: Any) -> Fault:
        self._count("round trips", 1)
        if method.endswith("/Commit"):
            self._count("writes", len(_Commit.FromString(request).writes))
        fault = self._fault() or Fault()
        time.sleep(fault.delay)
        if fault.code and not fault.after:
            context.abort(fault.code, "a fault, before the call")
        return fault

    def _end(self, fault: Fault, context: Any) -> None:
        if fault.code:
            context.abort(fault.code, "a fault, after the call")

    def _call(self, call: Any, request: bytes, context: Any) -> Any:
        metadata = [(k, v) for k, v in context.invocation_metadata() if k in _PASSED_ON]
        try:
            answer = call(request, metadata=metadata, timeout=context.time_remaining())
            return list(answer) if not isinstance(answer, bytes) else answer
        except grpc.RpcError as error:
            return context.abort(error.code(), error.details())

    def _count(self, what: str, number: int) -> None:
        with self._lock:
            self._counts[what] += number
