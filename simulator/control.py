"""Let somebody on the same computer direct the running simulator over HTTP."""

from ipaddress import ip_address
from json import JSONDecodeError
from secrets import compare_digest

from aiohttp import web

from .errors import SimulationError
from .orders import Orders

CONTROL_PATH = "/simulator/"


class Control:
    """Serve the orders below /simulator/, to who knows the token."""

    def __init__(self, orders: Orders, token: str) -> None:
        self._orders = orders
        self._token = token

    def add_routes(self, application: web.Application) -> None:
        """Serve each order as a POST."""
        application.router.add_post(CONTROL_PATH + "{order}", self._answer)

    async def _answer(self, request: web.Request) -> web.Response:
        if not ip_address(request.remote or "0.0.0.0").is_loopback:  # noqa: S104
            return _told(403, "The simulator obeys this computer only.")
        given = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if not compare_digest(given.encode(), self._token.encode()):
            return _told(401, "That is not the token of this simulator.")
        try:
            values: object = await request.json() if request.can_read_body else {}
        except JSONDecodeError, UnicodeDecodeError:
            return _told(400, "The simulator reads JSON.")
        if not isinstance(values, dict):
            return _told(400, "The simulator reads a JSON object.")
        try:
            return _told(200, self._orders.obey(request.match_info["order"], values))
        except SimulationError as error:
            return _told(409, str(error))


def _told(status: int, text: str) -> web.Response:
    return web.json_response({"text": text}, status=status)
