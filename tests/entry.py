"""Say what an entry holds that watches a whole phone system."""

from typing import Any

from homeassistant.const import CONF_API_TOKEN, CONF_SSL, CONF_VERIFY_SSL

from custom_components.ws_cti.const import (
    CONF_APP_NAME,
    CONF_PBX_DOMAIN,
    CONF_SERVER,
    CONF_TAKE_OVER,
    CONF_WATCH,
    CONF_WATCHED_USER,
    DEFAULT_APP_NAME,
    WATCH_ALL,
)


def data_of_entry(server: str, pbx_domain: str, token: str) -> dict[str, Any]:
    """Return the data of an entry that watches a whole phone system on an open line."""
    return {
        CONF_SERVER: server,
        CONF_PBX_DOMAIN: pbx_domain,
        CONF_API_TOKEN: token,
        CONF_WATCH: WATCH_ALL,
        CONF_WATCHED_USER: None,
        CONF_APP_NAME: DEFAULT_APP_NAME,
        CONF_TAKE_OVER: True,
        CONF_SSL: False,
        CONF_VERIFY_SSL: True,
    }
