"""Call one HTTP method of the Basix API, once.

A request that was sent and not answered may have been carried out. It is never sent a
second time: neither here nor by the HTTP client, which repeats no POST.
"""

from collections.abc import Mapping
from http import HTTPStatus
import json
from typing import Any, Final
from urllib.parse import quote

from aiohttp import (
    ClientConnectionError,
    ClientConnectorCertificateError,
    ClientConnectorError,
    ClientConnectorSSLError,
    ClientError,
    ClientResponse,
    ClientSession,
    ClientTimeout,
    ConnectionTimeoutError,
    InvalidURL,
)

from ..errors import (
    AuthError,
    CertificateError,
    ConnectError,
    CtiError,
    NotAPbxError,
    RejectedError,
    UnavailableError,
    UnknownFateError,
)
from ..words import Json

PATH: Final = "/basix/api/"
CONNECT_SECONDS: Final = 10.0
ANSWER_SECONDS: Final = 30.0
MAX_ANSWER_BYTES: Final = 64 * 1024

_NOT_AUTHENTICATED: Final = "authentication_required"
_NOT_CARRIED_OUT: Final = (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE)
_LONGEST_CODE: Final = 100

type Answer = Mapping[str, Any]


async def post(
    http: ClientSession, base: str, login: Mapping[str, str], method: str, body: Mapping[str, Json]
) -> Answer:
    """Call a method and return its answer, whose `result_code` is 0.

    `base` is the scheme and server, `login` the header that holds the token.
    """
    try:
        async with http.post(
            f"{base}{PATH}{quote(method)}",
            json=body,
            # A kept connection may die unnoticed, and a request with it.
            headers={**login, "Accept-Encoding": "identity", "Connection": "close"},
            allow_redirects=False,
            timeout=ClientTimeout(total=ANSWER_SECONDS, sock_connect=CONNECT_SECONDS),
        ) as response:
            return _judged(response, _json(await _read(response)))
    except (ClientConnectorCertificateError, ClientConnectorSSLError) as err:
        raise CertificateError("TLS failed") from err
    except ConnectionTimeoutError as err:
        raise ConnectError("the server did not answer in time") from err
    except ClientConnectorError as err:
        raise ConnectError(err.strerror or type(err).__name__) from err
    except InvalidURL as err:
        raise NotAPbxError("the server's name makes no address") from err
    except TimeoutError as err:
        raise UnknownFateError("the server did not answer in time") from err
    except ClientConnectionError as err:
        raise UnknownFateError("the connection was lost") from err
    except ClientError as err:
        raise UnknownFateError("the answer was broken off") from err


async def _read(response: ClientResponse) -> bytes:
    body = bytearray()
    async for chunk in response.content.iter_chunked(8192):
        body += chunk
        if len(body) > MAX_ANSWER_BYTES:
            raise UnknownFateError("the answer was too long")
    return bytes(body)


def _json(body: bytes) -> Answer | None:
    """Return the object that an answer is, or None where it is nothing of the kind."""
    try:
        said: object = json.loads(body)
    except ValueError, RecursionError:
        return None
    return said if isinstance(said, dict) and "result_code" in said else None


def _judged(response: ClientResponse, said: Answer | None) -> Answer:
    """Return an answer that says that all went well, or raise what went wrong."""
    status = response.status
    code = None if said is None else _error_id(said)
    if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN) or code == _NOT_AUTHENTICATED:
        raise AuthError("the server refuses the domain or the token")
    if said is not None and said["result_code"] != 0:
        raise RejectedError(code or str(said["result_code"])[:_LONGEST_CODE])
    if said is not None and status < HTTPStatus.MULTIPLE_CHOICES:
        return said
    raise _not_understood(status)


def _not_understood(status: int) -> CtiError:
    """Return what an answer means that is not the API's."""
    if status in _NOT_CARRIED_OUT:
        return UnavailableError(status)
    if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.INTERNAL_SERVER_ERROR:
        return NotAPbxError(f"the server answered HTTP {status}")
    return UnknownFateError(f"the server answered HTTP {status} and nothing that makes sense")


def _error_id(said: Answer) -> str | None:
    error = said.get("error")
    error_id = error.get("id") if isinstance(error, dict) else None
    return error_id[:_LONGEST_CODE] if isinstance(error_id, str) and error_id else None
