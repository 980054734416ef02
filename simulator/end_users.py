"""Write customers as the PBX writes them: percent-encoded parts between asterisks."""

from collections.abc import Sequence
from urllib.parse import quote

from .model import EndUser

#: What the PBX sends when it looked a number up and found nobody.
NOBODY_FOUND = "***"


def end_user_text(end_users: EndUser | Sequence[EndUser], total: int | None = None) -> str:
    """Write one customer, or several; the total may exceed the customers that are listed."""
    if isinstance(end_users, EndUser):
        return _item(end_users)
    if not end_users:
        return NOBODY_FOUND
    if len(end_users) == 1 and total is None:
        return _item(end_users[0])
    return f"_MANY_:{total or len(end_users)}|" + "|".join(
        _item(end_user) for end_user in end_users
    )


def joined(parts: Sequence[str]) -> str:
    """Join parts as fields such as `origination` have them."""
    return "*".join(quote(part, safe="") for part in parts)


def _item(end_user: EndUser) -> str:
    return joined(
        (end_user.id, end_user.name, end_user.organization, end_user.avatar, end_user.prefecture)
    )
