"""Understand what is typed after scripts/pbx."""

from argparse import ArgumentParser, Namespace, RawDescriptionHelpFormatter
from dataclasses import dataclass
from pathlib import Path

_EXAMPLES = """\
examples:
  scripts/pbx serve --autoplay
  scripts/pbx call --to 1001 --from 0312345678 --name Olive Oyl --answer 3 --talk 10
  scripts/pbx call --to Sales --miss
  scripts/pbx answer --by 1002
  scripts/pbx park --by 1002
  scripts/pbx unpark --by 1003
  scripts/pbx dnd --user 1001
"""
NOTE = Path(".demo/simulator.json")


@dataclass(frozen=True, slots=True)
class Option:
    """Be an option of an order."""

    name: str
    help: str
    kind: type[str | int | float | bool] = str
    required: bool = False


@dataclass(frozen=True, slots=True)
class Order:
    """Be something that the running simulator can be asked."""

    name: str
    help: str
    options: tuple[Option, ...] = ()


_BY = Option("by", "who does it: an extension or a name", required=True)
_MAYBE_BY = Option("by", "who does it: an extension or a name; not needed if only one can")
_USER = Option("user", "whose: an extension or a name", required=True)
_TO = Option("to", "whom: an extension, a name or a number outside", required=True)
_GROUP = Option("group", "which group: an extension or a name", required=True)
_OFF = Option("off", "the other way round", bool)
_ANSWER = Option("answer", "let it be answered after so many seconds", float)
_TALK = Option("talk", "and end after so many seconds more", float)

ORDERS = (
    Order("list", "show users and groups"),
    Order("status", "show the calls of this moment"),
    Order(
        "call",
        "let somebody outside call a user or a group",
        (
            Option("to", "whom: an extension or a name", required=True),
            Option("from", "his number; made up if not given"),
            Option("name", "his name"),
            Option("withheld", "he withholds his number", bool),
            _ANSWER,
            _TALK,
            Option("miss", "nobody answers: he gives up after 10 seconds, or --answer", bool),
        ),
    ),
    Order("dial", "let a user call a colleague, a group or a number", (_BY, _TO, _ANSWER, _TALK)),
    Order("answer", "answer a phone that rings", (_MAYBE_BY,)),
    Order("reject", "decline a call that rings", (_MAYBE_BY,)),
    Order("pick-up", "take a call that rings elsewhere", (_BY,)),
    Order("hangup", "hang up", (_MAYBE_BY,)),
    Order("hold", "put a call on hold", (_BY,)),
    Order("resume", "go on with a call on hold", (_BY,)),
    Order("park", "park a call", (_BY, Option("slot", "where: 901 to 999", int))),
    Order("unpark", "take a parked call", (_BY, Option("slot", "from where", int))),
    Order("transfer", "hand a call over", (_BY, _TO)),
    Order(
        "voicemail",
        "leave a message for a user or a group, or set how many there are",
        (
            Option("to", "for whom: an extension or a name", required=True),
            Option("new", "so many new messages", int),
            Option("saved", "so many saved messages", int),
        ),
    ),
    Order(
        "presence", "set a user's presence", (_USER, Option("code", "a number", int, required=True))
    ),
    Order("dnd", "let a user not be disturbed", (_USER, _OFF)),
    Order("forward", "let all calls of a user go elsewhere", (_USER, _OFF)),
    Order("login", "let a user take calls of a group", (_USER, _GROUP)),
    Order("logout", "let a user take no calls of a group", (_USER, _GROUP)),
    Order("night", "close the office", (_OFF,)),
    Order(
        "add-user",
        "let somebody join",
        (
            Option("name", "his name; made up if not given"),
            Option("extension", "his extension; the next free one if not given"),
            Option("group", "his group: an extension or a name"),
        ),
    ),
    Order("remove-user", "let somebody leave for good", (_USER,)),
    Order(
        "play",
        "play a scenario",
        (
            Option("scenario", "its name; a wrong one shows all names", required=True),
            Option("pace", "1 is as in life, 0 does not wait at all", float),
        ),
    ),
    Order(
        "autoplay",
        "play an office day",
        (Option("busyness", "2 is twice as busy as usual", float), _OFF),
    ),
)


def parser() -> ArgumentParser:
    """Return what reads the command line."""
    top = ArgumentParser(
        prog="scripts/pbx",
        description="Run a phone system on this computer, and make things happen in it.",
        epilog=_EXAMPLES,
        formatter_class=RawDescriptionHelpFormatter,
    )
    orders = top.add_subparsers(dest="order", required=True, metavar="order", title="orders")
    _add_serve(orders.add_parser("serve", help="run the phone system until Ctrl-C"))
    for order in ORDERS:
        sub = orders.add_parser(order.name, help=order.help, description=order.help)
        for option in order.options:
            _add_option(sub, option)
        _add_note(sub)
    return top


def values(arguments: Namespace) -> dict[str, object]:
    """Return what was typed for an order; a name of several words needs no quotes."""
    return {
        name: " ".join(value) if isinstance(value, list) else value
        for name, value in vars(arguments).items()
        if value is not None and name not in {"order", "note"}
    }


def _add_serve(sub: ArgumentParser) -> None:
    sub.add_argument("--port", type=int, default=8600, help="where to listen (8600)")
    sub.add_argument("--users", type=int, default=12, help="how many users (12)")
    sub.add_argument("--groups", type=int, default=2, help="how many groups (2)")
    sub.add_argument("--domain", default="test1.com", help="the domain (test1.com)")
    sub.add_argument("--autoplay", action="store_true", help="play an office day")
    sub.add_argument("--busyness", type=float, default=1.0, help="2 is twice as busy as usual")
    sub.add_argument("--seed", type=int, help="the same number gives the same day")
    _add_note(sub)


def _add_option(sub: ArgumentParser, option: Option) -> None:
    flag = f"--{option.name}"
    if option.kind is bool:
        sub.add_argument(flag, action="store_true", default=None, help=option.help)
    elif option.kind is str:
        sub.add_argument(
            flag, nargs="+", required=option.required, help=option.help, metavar="TEXT"
        )
    else:
        sub.add_argument(
            flag, type=option.kind, required=option.required, help=option.help, metavar="NUMBER"
        )


def _add_note(sub: ArgumentParser) -> None:
    sub.add_argument(
        "--note", type=Path, default=NOTE, help=f"where the simulator leaves its note ({NOTE})"
    )
