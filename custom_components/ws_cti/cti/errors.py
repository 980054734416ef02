"""Name everything that can go wrong between a phone system and us."""

from typing import override


class CtiError(Exception):
    """Be the root of every error that this library raises."""


class ConnectError(CtiError):
    """Say that the phone system cannot be reached (name, network, refused, reset)."""


class CertificateError(ConnectError):
    """Say that TLS could not be agreed on, the certificate above all."""


class UnavailableError(ConnectError):
    """Say that a server answered that it cannot serve now (HTTP 429 and 5xx).

    `retry_after` is in seconds where the server named a time.
    """

    def __init__(self, status: int, retry_after: float | None = None) -> None:
        """Keep the HTTP status and the delay that was asked for."""
        super().__init__(f"the server answered HTTP {status}")
        self.status = status
        self.retry_after = retry_after


class AuthError(CtiError):
    """Say that the phone system refuses these credentials."""


class UnknownFateError(CtiError):
    """Say that a request was sent and nobody knows what became of it: never send it again."""


class UnsupportedError(CtiError):
    """Say that this kind of phone system cannot do what was asked."""


class SilenceError(CtiError):
    """Say that nothing was heard within the time allowed."""


class RejectedError(CtiError):
    """Say that the phone system understood the request and declined it."""

    said = "the phone system declined"

    def __init__(self, code: str) -> None:
        """Keep the phone system's own word for the reason."""
        super().__init__(f"{self.said}: {code}")
        self.code = code


class LimitReachedError(RejectedError):
    """Say that there are too many connections and none may be taken over."""

    said = "the phone system admits no more connections of this app name"


class ReplacedError(RejectedError):
    """Say that another client took our connection over, and may have it still."""

    said = "another client of the same app name took the connection over"


class ProtocolError(CtiError):
    """Say that the other side does not speak the expected protocol."""


class NotAPbxError(ProtocolError):
    """Say that the server is none of the kind that was expected."""


class MalformedError(ProtocolError):
    """Say that a frame cannot be understood; `offset` is in bytes where known."""

    def __init__(self, reason: str, offset: int | None = None) -> None:
        """Keep the reason, which never quotes the frame's content."""
        super().__init__(reason)
        self.reason = reason
        self.offset = offset

    @override
    def __str__(self) -> str:
        """Return the reason and the place."""
        if self.offset is None:
            return self.reason
        return f"{self.reason} at byte {self.offset}"
