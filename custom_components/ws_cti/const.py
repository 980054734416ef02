"""Name what is kept in a config entry and what is said on the event bus."""

from typing import Final

DOMAIN: Final = "ws_cti"

# Entry data: how to connect, and what to watch.
CONF_SERVER: Final = "server"
CONF_PBX_DOMAIN: Final = "domain"
CONF_WATCH: Final = "watch"
CONF_WATCHED_USER: Final = "watched_user"
CONF_APP_NAME: Final = "app_name"
CONF_TAKE_OVER: Final = "take_over"
CONF_AGREED_RISK: Final = "agreed_risk"
"""The risk that somebody agreed to when he set the connection up, if it is not safe."""
CONF_KEPT_RISK: Final = "kept_risk"
"""The risk that somebody decided to keep when he was reminded of it."""
WATCH_ALL: Final = "all"
"""The value of CONF_WATCH for the whole phone system; else a UserNamedBy."""

DEFAULT_APP_NAME: Final = "home_assistant"

# Entry options.
CONF_ALL_USERS: Final = "all_users"
CONF_USERS: Final = "users"
CONF_ALL_GROUPS: Final = "all_groups"
CONF_GROUPS: Final = "groups"
CONF_CHANNEL_EVENTS: Final = "channel_events"
CONF_RECORD_CALLER_DATA: Final = "record_caller_data"
CONF_PRESENCE_NAMES: Final = "presence_names"
CONF_CALL_LOG_SIZE: Final = "call_log_size"
"""How many calls the log keeps; none switches it off."""
CONF_CALL_LOG_DAYS: Final = "call_log_days"

DEFAULT_CALL_LOG_SIZE: Final = 500
DEFAULT_CALL_LOG_DAYS: Final = 30

EVENT_CHANNEL: Final = f"{DOMAIN}_channel"
EVENT_CALL: Final = f"{DOMAIN}_call"
EVENT_MESSAGE: Final = f"{DOMAIN}_message"
EVENT_LOGBOOK: Final = f"{DOMAIN}_logbook"
"""What the logbook shows. It is recorded, since it names no caller who may not be."""
