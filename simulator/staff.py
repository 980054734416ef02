"""Hold the people of a phone system with their groups, phones, mailboxes and settings."""

from collections.abc import Callable, Iterable, Iterator
from itertools import count

from .directory import Book
from .errors import SimulationError, UnknownError
from .model import Domain, Group, Member, Row, Terminal, User
from .names import departments, people
from .words import Element, EventName, GroupType

type Subscriber = Callable[[Element, Row, EventName], None]

#: Ids are the extension behind the number of the domain, as in the recorded session.
_ID_BASE = 10_000_000
_FIRST_USER = 1000
_FIRST_GROUP = 1100
_FIRST_MEMBER = 110_001_000
_FIRST_TERMINAL = 1000


class Staff:
    """Hold users, groups, memberships and terminals, and publish their rows."""

    def __init__(self, domain: str) -> None:
        """Begin with a domain in which there is nobody."""
        self.domain = Domain(1, domain)
        self.users: Book[User] = Book("user")
        self.groups: Book[Group] = Book("group")
        self.members: dict[int, Member] = {}
        self.terminals: dict[int, Terminal] = {}
        self._subscribers: tuple[Subscriber, ...] = ()
        self._member_ids = count(_FIRST_MEMBER)
        self._terminal_ids = count(_FIRST_TERMINAL)
        self._people = people()
        self._departments = departments()
        self._extensions: dict[int, Iterator[int]] = {}

    def subscribe(self, subscriber: Subscriber) -> Callable[[], None]:
        """Call back for every changed row, at once, until the returned function is called."""
        self._subscribers = (*self._subscribers, subscriber)

        def unsubscribe() -> None:
            self._subscribers = tuple(
                other for other in self._subscribers if other is not subscriber
            )

        return unsubscribe

    def publish(self, element: Element, row: Row, event_name: EventName) -> None:
        """Tell the subscribers of a changed row."""
        for subscriber in self._subscribers:
            subscriber(element, row, event_name)

    # Who is there.

    def add_user(  # noqa: PLR0913
        self,
        label: str | None = None,
        *,
        name: str | None = None,
        extension: str | None = None,
        email: str | None = None,
        did: str | None = None,
        avatar: str | None = None,
        role: int = 0,
        groups: Iterable[Group] = (),
        priority: int = 0,
        terminals: int = 1,
    ) -> User:
        """Let somebody join, with phones and places in groups; what is not given is made up."""
        next_label, next_name = next(self._people) if label is None or name is None else ("", "")
        chosen = extension or self._free_extension(_FIRST_USER)
        user = User(
            id=_ID_BASE + int(chosen),
            name=name or (next_name if label is None else f"user{chosen}"),
            label=label or next_label,
            main_extension=chosen,
            did=did or f"035000{chosen}",
            avatar=avatar,
            role=role,
        )
        user.email = email or f"{user.name}@{self.domain.name}"
        self._refuse_taken(chosen)
        self.users.add(user)
        self.publish(Element.USER, user, EventName.ADDED)
        for _ in range(terminals):
            self.register_terminal(user)
        for group in groups:
            self.join(user, group, priority=priority)
        return user

    def remove_user(self, user: User) -> None:
        """Let somebody leave for good; raises SimulationError while he is on the phone."""
        self._refuse_busy(user)
        for group_id in list(user.memberships):
            self.leave(user, self.groups.by_id[group_id])
        for terminal in list(user.terminals):
            self.remove_terminal(terminal)
        self.users.remove(user)
        self.publish(Element.USER, user, EventName.REMOVED)

    def add_group(
        self,
        label: str | None = None,
        *,
        name: str | None = None,
        extension: str | None = None,
        did: str | None = None,
        type: GroupType = GroupType.RING,  # noqa: A002
        check_login_status: bool = True,
    ) -> Group:
        """Found a group; what is not given is made up."""
        next_label, next_name = (
            next(self._departments) if label is None or name is None else ("", "")
        )
        chosen = extension or self._free_extension(_FIRST_GROUP)
        self._refuse_taken(chosen)
        group = Group(
            id=_ID_BASE + int(chosen),
            name=name or (next_name if label is None else f"group{chosen}"),
            label=label or next_label,
            main_extension=chosen,
            type=type,
            did=did or f"035000{chosen}",
            check_login_status=int(check_login_status),
        )
        self.groups.add(group)
        self.publish(Element.GROUP, group, EventName.ADDED)
        return group

    def remove_group(self, group: Group) -> None:
        """Dissolve a group; raises SimulationError while somebody calls it."""
        self._refuse_busy(group)
        for member in list(group.members.values()):
            self.leave(member.user, group)
        self.groups.remove(group)
        self.publish(Element.GROUP, group, EventName.REMOVED)

    def join(
        self, user: User, group: Group, *, priority: int = 0, logged_in: bool = True
    ) -> Member:
        """Make a user a member of a group."""
        if group.id in user.memberships:
            raise SimulationError(f"{user.label} is a member of {group.label} already.")
        member = Member(next(self._member_ids), group, user, priority, int(logged_in))
        self.members[member.id] = user.memberships[group.id] = group.members[user.id] = member
        self.publish(Element.GROUP_MEMBER, member, EventName.ADDED)
        return member

    def leave(self, user: User, group: Group) -> None:
        """Let a user be a member no more."""
        member = self.membership(user, group)
        del self.members[member.id], user.memberships[group.id], group.members[user.id]
        self.publish(Element.GROUP_MEMBER, member, EventName.REMOVED)

    def membership(self, user: User, group: Group) -> Member:
        """Return the place of a user in a group."""
        member = user.memberships.get(group.id)
        if member is None:
            raise SimulationError(f"{user.label} is no member of {group.label}.")
        return member

    # What they set.

    def register_terminal(self, user: User, *, user_agent: str | None = None) -> Terminal:
        """Give a user another phone, which is registered."""
        used = {terminal.name for terminal in user.terminals}
        name = next(name for number in count(1) if (name := f"{user.id}_t{number}") not in used)
        terminal = Terminal(next(self._terminal_ids), name, user)
        if user_agent is not None:
            terminal.user_agent = user_agent
        user.terminals.append(terminal)
        self.terminals[terminal.id] = terminal
        self.publish(Element.TERMINAL, terminal, EventName.ADDED)
        return terminal

    def set_registered(self, terminal: Terminal, registered: bool) -> None:  # noqa: FBT001
        """Let a phone register, or go out of reach."""
        terminal.registered = registered
        self.publish(Element.TERMINAL, terminal, EventName.UPDATED)

    def remove_terminal(self, terminal: Terminal) -> None:
        """Take a phone away."""
        if any(channel.terminal is terminal for channel in terminal.user.channels.values()):
            raise SimulationError(f"The terminal {terminal.name} is in a call.")
        terminal.user.terminals.remove(terminal)
        del self.terminals[terminal.id]
        self.publish(Element.TERMINAL, terminal, EventName.REMOVED)

    def set_presence(self, user: User, code: int) -> None:
        """Set a user's presence; no documentation says what the codes mean."""
        user.presence = code
        self._changed(user)

    def set_do_not_disturb(self, user: User, on: bool) -> None:  # noqa: FBT001
        """Set whether a user wants to be called; phones that ring go on ringing."""
        user.do_not_disturb_status = int(on)
        self._changed(user)

    def set_forwarding(self, user: User, on: bool) -> None:  # noqa: FBT001
        """Set whether all of a user's calls go elsewhere."""
        user.fwd_always_status = int(on)
        self._changed(user)

    def set_mwi(self, owner: User | Group, *, new: int, saved: int) -> None:
        """Set how many messages a mailbox holds."""
        if new < 0 or saved < 0:
            raise SimulationError("A mailbox cannot hold less than no messages.")
        owner.mailbox.new, owner.mailbox.saved = new, saved
        self._changed(owner)

    def leave_voicemail(self, owner: User | Group, *, new: int = 1, saved: int = 0) -> None:
        """Add messages to a mailbox, without a call."""
        mailbox = owner.mailbox
        self.set_mwi(owner, new=mailbox.new + new, saved=mailbox.saved + saved)

    def rename(self, whom: User | Group, label: str) -> None:
        """Give somebody, or a group, another label."""
        if isinstance(whom, User):
            self.users.relabel(whom, label)
        else:
            self.groups.relabel(whom, label)
        self._changed(whom)

    def log_in(self, user: User, group: Group) -> None:
        """Let a member take calls of a group."""
        self._set_login(user, group, 1)

    def log_out(self, user: User, group: Group) -> None:
        """Let a member take no calls of a group."""
        self._set_login(user, group, 0)

    def set_night_mode(self, on: bool) -> None:  # noqa: FBT001
        """Close the office, or open it."""
        self.domain.night_mode = on
        self.publish(Element.DOMAIN, self.domain, EventName.UPDATED)

    def _set_login(self, user: User, group: Group, status: int) -> None:
        member = self.membership(user, group)
        member.login_status = status
        self.publish(Element.GROUP_MEMBER, member, EventName.UPDATED)

    def _changed(self, whom: User | Group) -> None:
        if isinstance(whom, User):
            self._tell(Element.USER, whom, self.users.by_id)
        else:
            self._tell(Element.GROUP, whom, self.groups.by_id)

    def _tell[Entry: (User, Group)](
        self, element: Element, whom: Entry, known: dict[int, Entry]
    ) -> None:
        if known.get(whom.id) is not whom:
            raise UnknownError(f"{whom.label} is not there any more.")
        self.publish(element, whom, EventName.UPDATED)

    def _refuse_busy(self, whom: User | Group) -> None:
        """Raise SimulationError while a call has to do with somebody."""

    def _refuse_taken(self, extension: str) -> None:
        if self.users.by_extension(extension) or self.groups.by_extension(extension):
            raise SimulationError(f"The extension {extension} is taken.")

    def _free_extension(self, first: int) -> str:
        # Whoever has gone leaves a gap, which stays: an id is not given twice.
        for number in self._extensions.setdefault(first, count(first)):
            extension = str(number)
            if not self.users.by_extension(extension) and not self.groups.by_extension(extension):
                return extension
        raise SimulationError("There are no more extensions.")
