"""Carry out what is asked about people and their settings, and answer in a sentence."""

from .request import Request


def voicemail(request: Request) -> str:
    """Leave a message, or set how many there are."""
    owner = request.whom("to")
    new, saved = request.whole("new"), request.whole("saved")
    if new is None and saved is None:
        request.system.leave_voicemail(owner)
    else:
        request.system.set_mwi(
            owner,
            new=owner.mailbox.new if new is None else new,
            saved=owner.mailbox.saved if saved is None else saved,
        )
    mailbox = owner.mailbox
    return f"{owner.label} has {mailbox.new} new and {mailbox.saved} saved messages."


def presence(request: Request) -> str:
    """Set the presence of a user."""
    user = request.user("user")
    request.system.set_presence(user, request.whole("code") or 0)
    return f"{user.label} has presence {user.presence}."


def do_not_disturb(request: Request) -> str:
    """Set whether a user wants to be called."""
    user = request.user("user")
    on = not request.flag("off")
    request.system.set_do_not_disturb(user, on)
    return f"{user.label} {'does not want' if on else 'wants'} to be called."


def forward(request: Request) -> str:
    """Set whether the calls of a user go elsewhere."""
    user = request.user("user")
    on = not request.flag("off")
    request.system.set_forwarding(user, on)
    return f"Calls for {user.label} {'go elsewhere' if on else 'ring'}."


def log_in(request: Request) -> str:
    """Let a member take calls of a group."""
    user, group = request.user("user"), request.group("group")
    request.system.log_in(user, group)
    return f"{user.label} takes calls of {group.label}."


def log_out(request: Request) -> str:
    """Let a member take no calls of a group."""
    user, group = request.user("user"), request.group("group")
    request.system.log_out(user, group)
    return f"{user.label} takes no calls of {group.label}."


def night(request: Request) -> str:
    """Close the office, or open it."""
    on = not request.flag("off")
    request.system.set_night_mode(on)
    return f"Night mode is {'on' if on else 'off'}."


def add_user(request: Request) -> str:
    """Let somebody join."""
    group = request.optional_text("group")
    user = request.system.add_user(
        request.optional_text("name"),
        extension=request.optional_text("extension"),
        groups=[request.group("group")] if group else [],
    )
    return f"{user.label} has extension {user.main_extension}."


def remove_user(request: Request) -> str:
    """Let somebody leave for good."""
    user = request.user("user")
    request.system.remove_user(user)
    return f"{user.label} is gone."
