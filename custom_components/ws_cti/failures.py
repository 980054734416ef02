"""Put into words why an action was not done; the sentences are in the translations."""

from homeassistant.exceptions import HomeAssistantError, ServiceValidationError

from .const import DOMAIN
from .coordinator import CtiCoordinator
from .cti.errors import (
    AuthError,
    CtiError,
    RejectedError,
    UnknownFateError,
    UnsupportedError,
)


def refused(key: str, **placeholders: str) -> ServiceValidationError:
    """Return the error for what a person can put right in the action."""
    return ServiceValidationError(
        translation_domain=DOMAIN, translation_key=key, translation_placeholders=placeholders
    )


def failed(key: str, **placeholders: str) -> HomeAssistantError:
    """Return the error for what went wrong with a good action."""
    return HomeAssistantError(
        translation_domain=DOMAIN, translation_key=key, translation_placeholders=placeholders
    )


def told(coordinator: CtiCoordinator, error: CtiError) -> HomeAssistantError:
    """Return the error for what the library says."""
    title = coordinator.config_entry.title
    match error:
        case AuthError():
            return failed("invalid_auth")
        case RejectedError():
            return failed("declined", title=title, error=error.code)
        case UnknownFateError():
            return failed("unknown_fate", title=title, error=str(error))
        case UnsupportedError():
            return refused("not_supported", title=title)
        case _:
            return failed("cannot_connect", error=str(error))
