"""Ties handlers to methods and paths, and finds the handler of a request."""

from collections import defaultdict
from collections.abc import Callable

from starlette.responses import Response
from starlette.routing import Route, Router
from starlette.types import Receive, Scope, Send

from simulator.api import errors
from simulator.api.call import Call, Handler, answer
from simulator.api.errors import ApiError

Decorator = Callable[[Handler], Handler]


class Endpoint:
    """The ASGI application around a handler; an `ApiError` becomes its answer.

    The state is saved before the answer is sent.
    """

    def __init__(self, handler: Handler) -> None:
        self.handler = handler

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Call the handler and send its answer."""
        call: Call = scope["call"]
        call.path_params = scope["path_params"]
        try:
            response = await self.handler(call)
        except ApiError as error:
            response = error_response(error)
        call.cloud.save()
        await response(scope, receive, send)


def error_response(error: ApiError) -> Response:
    """Return the answer that an error stands for."""
    return answer(error.body, error.status, error.headers)


class Routes:
    """The routes of one resource, in the order in which they are tried."""

    def __init__(self) -> None:
        self.items: list[Route] = []

    def add(self, method: str, *paths: str) -> Decorator:
        """Return a decorator that ties a handler to one method and to each of the paths."""

        def decorate(handler: Handler) -> Handler:
            self.items += [Route(path, Endpoint(handler), methods=[method]) for path in paths]
            return handler

        return decorate

    def get(self, *paths: str) -> Decorator:
        """Return a decorator for GET requests to these paths."""
        return self.add("GET", *paths)

    def post(self, *paths: str) -> Decorator:
        """Return a decorator for POST requests to these paths."""
        return self.add("POST", *paths)

    def put(self, *paths: str) -> Decorator:
        """Return a decorator for PUT requests to these paths."""
        return self.add("PUT", *paths)

    def delete(self, *paths: str) -> Decorator:
        """Return a decorator for DELETE requests to these paths."""
        return self.add("DELETE", *paths)


class RouteTable:
    """Finds the route of a request among hundreds without trying each.

    Routes are grouped by method and number of path segments; a route that takes the rest of the
    path (`:path`) is in the groups of all longer paths as well.
    """

    # Paths with more segments are looked up as if they had this many.
    LONGEST = 12

    def __init__(self, routes: list[Route]) -> None:
        table: dict[tuple[str, int], list[Route]] = defaultdict(list)
        for route in routes:
            shortest = route.path.count("/")
            longest = self.LONGEST if ":path}" in route.path else shortest
            for method in route.methods or ():
                for segments in range(shortest, longest + 1):
                    table[method, segments].append(route)
        self._routers = {
            key: Router(found, redirect_slashes=False, default=_not_found)
            for key, found in table.items()
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request by the first route that matches it."""
        segments = min(scope["path"].count("/"), self.LONGEST)
        router = self._routers.get((scope["method"], segments), _not_found)
        await router(scope, receive, send)


async def _not_found(scope: Scope, receive: Receive, send: Send) -> None:
    # Invented: no source shows the answer to an unknown path.
    await error_response(errors.failed(404, "Not found"))(scope, receive, send)
