"""Watch a living phone system from a terminal, or replay a recording of one.

Run as `python -m cti`, or by `scripts/cti` in a checkout. The token comes from the
environment or a prompt, never from the command line, where others could read it.
"""

import argparse
import asyncio
from collections.abc import Collection, Iterator
from datetime import UTC, datetime
from getpass import getpass
import json
import os
from pathlib import Path
import ssl as tls
import sys
from typing import Final
import unicodedata

from .basix.driver import (
    DEFAULT_SERVER,
    BasixDriver,
    BasixSession,
    OneUser,
    UserNamedBy,
    server_of,
)
from .basix.messages import FieldSpec
from .errors import AuthError, CtiError, MalformedError, ProtocolError, RejectedError
from .link import Link
from .model import (
    Change,
    MailboxReport,
    Notice,
    Snapshot,
    Update,
)
from .pbx import Pbx
from .plain import plain
from .story import CallEvent
from .words import Element, Json

TOKEN_VARIABLE: Final = "BASIX_TOKEN"  # noqa: S105 - the name of a variable
_LENGTH_BYTES: Final = 4


def main(arguments: list[str] | None = None) -> int:
    """Do what the command line asks for; return the exit status."""
    options = _parser().parse_args(arguments)
    try:
        if options.command == "replay":
            return _replay(options.file, Printer(as_json=options.json))
        return asyncio.run(_watch(options))
    except KeyboardInterrupt:
        return 0
    except BrokenPipeError:
        # The reader, such as `head`, has seen enough.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="cti", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    replay = commands.add_parser("replay", help="show what a file of recorded frames says")
    replay.add_argument("file", type=Path, help="frames, each preceded by its length in 4 bytes")
    watch = commands.add_parser("watch", help="show what happens on a living phone system")
    watch.add_argument("--server", default=DEFAULT_SERVER, help="default: %(default)s")
    watch.add_argument("--domain", required=True, help="the PBX domain")
    watch.add_argument("--app-name", default="cti_watch", help="default: %(default)s")
    watch.add_argument(
        "--user",
        metavar="HOW=WHO",
        help="watch one user, named by id, name, label, extension, did or email; "
        "for example extension=1001",
    )
    watch.add_argument("--forced", action="store_true", help="take over an older connection")
    watch.add_argument("--plain", action="store_true", help="do not use TLS (a simulator)")
    for command in (replay, watch):
        command.add_argument("--json", action="store_true", help="one JSON object a message")
    return parser


class Printer:
    """Print what a phone system tells: readable lines, or an object a message."""

    def __init__(self, *, as_json: bool) -> None:
        """Start with an empty picture, which makes calls out of channels."""
        self._as_json = as_json
        self._pbx = Pbx()

    def show(self, told: Update | Notice, frame: int | None = None) -> None:
        """Print one message and the steps of calls that it makes."""
        events = [] if isinstance(told, Notice) else self._pbx.apply(told).events
        if self._as_json:
            calls: list[Json] = [plain(event) for event in events]
            self.show_object(_as_object(told) | {"calls": calls}, frame)
            return
        _say(_as_line(told))
        for event in events:
            _say(f"    {_event_line(self._pbx, event)}")

    def show_object(self, said: dict[str, Json], frame: int | None) -> None:
        """Print an object, numbered by its frame in a recording."""
        numbered = said if frame is None else {"frame": frame, **said}
        _say(json.dumps(numbered, ensure_ascii=False))

    def show_other(self, name: str, words: str, frame: int | None = None) -> None:
        """Print what changes nothing in the picture."""
        if self._as_json:
            self.show_object({"message": name, "text": words}, frame)
        else:
            _say(f"{name}: {words}")

    # What a link tells

    def received(self, told: Change | MailboxReport | Notice) -> None:
        """Print a message as it comes."""
        self.show(told)

    async def restored(self, snapshot: Snapshot) -> None:
        """Print all rows of an element."""
        self.show(snapshot)

    async def synchronised(self, reported: Collection[Element]) -> None:
        """Say that everything was told."""
        self._pbx.reset_unreported(reported)
        self.show_other("synchronised", ", ".join(sorted(reported)))

    async def lost(self, error: CtiError) -> None:
        """Say that the connection is gone, and why."""
        self.show_other("connection lost", str(error))


def _say(line: str) -> None:
    """Print a line at once: its reader may be a program that waits for it.

    What a terminal would obey or cannot show stands there as JSON escapes it, so that a
    name from the wire neither ends the line nor colours the rest of the screen.
    """
    is_wide = "utf" in (sys.stdout.encoding or "").casefold()
    shown = (one if _is_shown(one, is_wide=is_wide) else json.dumps(one)[1:-1] for one in line)
    print("".join(shown), flush=True)


def _is_shown(character: str, *, is_wide: bool) -> bool:
    if character.isascii() or not is_wide:
        return character.isascii() and character.isprintable()
    return character.isprintable() or unicodedata.category(character) == "Zs"


def _as_object(told: Update | Notice) -> dict[str, Json]:
    match told:
        case Change(element, _, item, event):
            return {"message": "info_event", "element": element, "event": event, "row": plain(item)}
        case Snapshot(element, items):
            return {"message": "initial_info", "element": element, "rows": plain(items)}
        case MailboxReport(owner, owner_id, mwi):
            row: Json = {"owner": owner, "id": owner_id, "mwi": plain(mwi)}
            return {"message": "info_event", "element": "mailbox", "event": "updated", "row": row}
        case Notice(source, body):
            return {"message": f"{source}_message", "body": body}


def _as_line(told: Update | Notice) -> str:
    match told:
        case Change(element, _, item, event):
            return f"{element} {event}: {json.dumps(plain(item), ensure_ascii=False)}"
        case Snapshot(element, items):
            return f"{element}: {len(items)} now"
        case MailboxReport(owner, owner_id, mwi):
            return f"mailbox of {owner} {owner_id}: {mwi.raw}"
        case Notice(source, body):
            return f"message from {source}: {json.dumps(body, ensure_ascii=False)}"


def _event_line(pbx: Pbx, event: CallEvent) -> str:
    who = (
        pbx.user_titles.get(event.user_id) or event.user_id
        if event.user_id is not None
        else pbx.group_titles.get(event.group_id or "") or event.group_id
    )
    other = event.called if event.direction == "outgoing" else event.caller
    parts = [f"{event.step} {who}", f"{event.direction} {other.name or ''} {other.number or '?'}"]
    if event.outcome is not None:
        parts.append(event.outcome)
    if event.at is not None:
        parts.append(datetime.fromtimestamp(event.at / 1_000_000, UTC).isoformat(" ", "seconds"))
    return ", ".join(" ".join(part.split()) for part in parts)


# Recordings


def _frames(data: bytes) -> Iterator[bytes]:
    offset = 0
    while offset < len(data):
        start = offset + _LENGTH_BYTES
        offset = start + int.from_bytes(data[offset:start])
        if offset > len(data):
            raise MalformedError("the recording ends within a frame", len(data))
        yield data[start:offset]


def _replay(path: Path, printer: Printer) -> int:
    """Print what each frame of a recording says; 1 where one was not understood."""
    try:
        data = path.read_bytes()
    except OSError as err:
        print(f"Cannot read {path}: {err.strerror}. Name a file of frames.", file=sys.stderr)
        return 1
    session = BasixSession()
    failed = False
    try:
        for index, frame in enumerate(_frames(data)):
            failed |= not _replay_frame(session, frame, index, printer)
    except MalformedError as err:
        print(f"{path} is no recording of frames: {err}.", file=sys.stderr)
        return 1
    return 1 if failed else 0


def _replay_frame(session: BasixSession, frame: bytes, index: int, printer: Printer) -> bool:
    """Print one frame; return whether it was understood."""
    try:
        message = session.read(frame)
        told = session.understand(message)
        if isinstance(message, FieldSpec):
            printer.show_other(
                "field_spec", f"{message.element}: {', '.join(message.fields)}", index
            )
        elif not told:
            printer.show_other("info_event", "about nobody who is known", index)
        for one in told:
            printer.show(one, index)
    except ProtocolError as err:
        printer.show_other("not understood", str(err), index)
        return False
    except RejectedError as err:
        printer.show_other("system_message", err.code, index)
    return True


# Living phone systems


async def _watch(options: argparse.Namespace) -> int:
    try:
        server = server_of(options.server)
    except ValueError:
        print(f"Name the server like {DEFAULT_SERVER}, see --help.", file=sys.stderr)
        return 2
    one_user = None
    if options.user is not None:
        how, _, who = options.user.partition("=")
        if f"user_{how}" not in set(UserNamedBy) or not who:
            print("Name the user like extension=1001, see --help.", file=sys.stderr)
            return 2
        one_user = OneUser(UserNamedBy(f"user_{how}"), who)
    try:
        token = os.environ.get(TOKEN_VARIABLE) or getpass("API token: ")
    except EOFError:
        print(f"Set {TOKEN_VARIABLE} to the API token.", file=sys.stderr)
        return 2
    driver = BasixDriver(
        server=server,
        domain=options.domain,
        token=token,
        app_name=options.app_name,
        one_user=one_user,
        forced=options.forced,
        use_tls=not options.plain,
    )
    ssl = None if options.plain else tls.create_default_context()
    try:
        await Link(driver, Printer(as_json=options.json), ssl=ssl).run()
    except AuthError:
        print("The domain or the token is wrong. Ask your PBX administrator.", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
