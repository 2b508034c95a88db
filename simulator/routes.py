"""How handlers are tied to methods and paths."""

from collections.abc import Callable

from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from simulator.call import Call, Handler, answer
from simulator.errors import ApiError

Decorator = Callable[[Handler], Handler]


class Endpoint:
    """The ASGI application around a handler; an `ApiError` becomes its answer."""

    def __init__(self, handler: Handler) -> None:
        self.handler = handler

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        call: Call = scope["call"]
        call.path_params = scope["path_params"]
        try:
            response = await self.handler(call)
        except ApiError as error:
            response = error_response(error)
        call.cloud.save()
        await response(scope, receive, send)


def error_response(error: ApiError) -> Response:
    return answer(error.body, error.status, error.headers)


class Routes:
    """The routes of one module, in the order in which they are tried."""

    def __init__(self) -> None:
        self.items: list[Route] = []

    def add(self, method: str, *paths: str) -> Decorator:
        """Ties a handler to one method and to each of the paths."""

        def decorate(handler: Handler) -> Handler:
            self.items += [Route(path, Endpoint(handler), methods=[method]) for path in paths]
            return handler

        return decorate

    def get(self, *paths: str) -> Decorator:
        return self.add("GET", *paths)

    def post(self, *paths: str) -> Decorator:
        return self.add("POST", *paths)

    def put(self, *paths: str) -> Decorator:
        return self.add("PUT", *paths)

    def delete(self, *paths: str) -> Decorator:
        return self.add("DELETE", *paths)
