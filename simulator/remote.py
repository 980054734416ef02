"""Speak to the running simulator from another process."""

from http.client import HTTPConnection, HTTPException
import json
from pathlib import Path

from .control import CONTROL_PATH

_OK = 200
_PATIENCE = 5.0
_NOT_RUNNING = "The simulator is not running; start it with: scripts/pbx serve"


class RemoteError(Exception):
    """Tell in one sentence why nothing was done."""


def ask(note: Path, order: str, values: dict[str, object]) -> str:
    """Send an order and return the answer; raises RemoteError."""
    try:
        found = json.loads(note.read_text())
        port, token = int(found["port"]), str(found["token"])
    except FileNotFoundError:
        raise RemoteError(_NOT_RUNNING) from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise RemoteError(f"{note} cannot be read: {error}") from error
    connection = HTTPConnection("127.0.0.1", port, timeout=_PATIENCE)
    try:
        connection.request(
            "POST",
            CONTROL_PATH + order,
            json.dumps(values),
            {"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
        )
        response = connection.getresponse()
        text = str(json.loads(response.read())["text"])
    except ConnectionError:
        raise RemoteError(_NOT_RUNNING) from None
    except (OSError, HTTPException, ValueError, KeyError, TypeError) as error:
        raise RemoteError(f"Port {port} is not answered by the simulator.") from error
    finally:
        connection.close()
    if response.status != _OK:
        raise RemoteError(text)
    return text
