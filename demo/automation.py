"""Hold the automation that the demo installs: it tells who calls."""

from typing import Any, Final

AUTOMATION_ID: Final = "pbx_cti_demo"
CALLED_EXTENSION: Final = "1000"

AUTOMATION: Final[dict[str, Any]] = {
    "alias": "Say who calls",
    "description": "Shows a notification when a phone of the office begins to ring.",
    "mode": "parallel",
    "max": 50,
    "triggers": [
        {"trigger": "event", "event_type": "ws_cti_call", "event_data": {"step": "ringing"}}
    ],
    "conditions": [],
    "actions": [
        {
            "action": "persistent_notification.create",
            "data": {
                "title": "{{ trigger.event.data.user_name }}'s phone rings",
                "message": "{{ trigger.event.data.caller_name or 'Somebody' }} "
                "({{ trigger.event.data.caller_number or 'number withheld' }}) is calling.",
                "notification_id": "{{ trigger.event.data.call_id }}",
            },
        }
    ],
}
