"""Answer the HTTP methods of the API.

Answers bear their `result_code` in the body, with the HTTP status 200 even for errors, as the
official client reads them; the ids of errors other than authentication_required are made up.
"""

from collections.abc import Awaitable, Callable, Mapping
from json import JSONDecodeError

from aiohttp import web

from .admission import SOCKET_PATH, Doorkeeper, RefusedError, find_group, find_user
from .calls import Call, Whom
from .errors import SimulationError
from .phone_system import PhoneSystem

type Parameters = Mapping[str, object]
type Answer = dict[str, object]
type Interference = Callable[[web.Request, web.Response], Awaitable[web.StreamResponse]]
"""Do something else than to give the answer; what was asked for has been done by then."""

_FAILED = 500


class Methods:
    """Serve each documented method that the simulator has."""

    def __init__(self, system: PhoneSystem, doorkeeper: Doorkeeper) -> None:
        self.requests_received: list[tuple[str, Parameters]] = []
        self.interference: Interference | None = None
        self._system = system
        self._doorkeeper = doorkeeper
        self._methods: dict[str, Callable[[Parameters], Answer]] = {
            "call_user": self._call_user,
            "call_group": self._call_group,
            "call_external": self._call_external,
            "check_domain_night_mode": self._check_domain_night_mode,
            "gen_ws_ticket": self._gen_ws_ticket,
        }

    def add_routes(self, application: web.Application) -> None:
        """Serve the methods below the API's path."""
        application.router.add_route("*", "/basix/api/{method}", self._answer)

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        response = await self._respond(request)
        if self.interference is not None:
            return await self.interference(request, response)
        return response

    async def _respond(self, request: web.Request) -> web.Response:
        try:
            self._doorkeeper.authenticate(request.headers.get("Authorization"))
        except RefusedError as refused:
            return refusal(refused)
        name = request.match_info["method"]
        method = self._methods.get(name)
        if method is None:
            return refusal(RefusedError(404, "unknown_method"))
        try:
            body: object = await request.json() if request.can_read_body else {}
        except JSONDecodeError, UnicodeDecodeError:
            return refusal(RefusedError(200, "invalid_json"))
        if not isinstance(body, dict):
            return refusal(RefusedError(200, "invalid_json"))
        self.requests_received.append((name, body))
        try:
            answer = method(body)
        except RefusedError as refused:
            return refusal(RefusedError(200, refused.error_id))
        except SimulationError:
            return refusal(RefusedError(200, "not_reachable"))
        return web.json_response({"result_code": 0, **answer})

    def _call_user(self, parameters: Parameters) -> Answer:
        user = find_user(self._system, parameters)
        group = find_group(self._system, parameters)
        return _uuids(
            self._system.api_call(
                user,
                self._destination(parameters),
                calling_name=_text(parameters, "calling_name"),
                group=group,
            )
        )

    def _call_group(self, parameters: Parameters) -> Answer:
        group = find_group(self._system, parameters)
        if group is None:
            raise RefusedError(200, "group_required")
        return _uuids(
            self._system.api_call(
                group,
                self._destination(parameters),
                method="call_group",
                calling_name=_text(parameters, "calling_name"),
            )
        )

    def _call_external(self, parameters: Parameters) -> Answer:
        number = _number(parameters.get("target"))
        if number is None:
            raise RefusedError(200, "target_required")
        destination = self._destination(parameters)
        return _uuids(self._system.api_call(number, destination, method="call_external"))

    def _check_domain_night_mode(self, _parameters: Parameters) -> Answer:
        return {"data": {"night_mode_status": int(self._system.domain.night_mode)}}

    def _gen_ws_ticket(self, parameters: Parameters) -> Answer:
        uri = parameters.get("uri")
        if not isinstance(uri, str) or not uri.startswith(SOCKET_PATH):
            raise RefusedError(200, "invalid_uri")
        return {"ticket": self._doorkeeper.issue_ticket(uri)}

    def _destination(self, parameters: Parameters) -> Whom:
        number = _number(parameters.get("destination"))
        if number is None:
            raise RefusedError(200, "destination_required")
        return self._system.resolve(number)


def refusal(refused: RefusedError) -> web.Response:
    """Answer that something is refused."""
    return web.json_response(
        {"result_code": _FAILED, "error": {"id": refused.error_id}}, status=refused.status
    )


def _uuids(call: Call) -> Answer:
    return {"uuids": list(call.legs)}


def _text(parameters: Parameters, name: str) -> str | None:
    value = parameters.get(name)
    return value if isinstance(value, str) else None


def _number(value: object) -> str | None:
    """Return a number that is given as text, or as an object for one of the public network."""
    if isinstance(value, dict):
        value = value.get("called_number")
    return value if isinstance(value, str) and value else None
