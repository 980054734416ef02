"""Run the simulator, or ask the running one for something: python -m simulator --help."""

from argparse import Namespace
import asyncio
from os import environ
from secrets import token_urlsafe
import sys

from .command_line import parser, values
from .remote import RemoteError, ask
from .serve import Settings, serve


def main() -> int:
    """Do what the command line says, and return the exit status."""
    arguments = parser().parse_args()
    if arguments.order == "serve":
        return _serve(arguments)
    try:
        print(ask(arguments.note, arguments.order, values(arguments)))
    except RemoteError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _serve(arguments: Namespace) -> int:
    token = environ.get("PBX_TOKEN")
    if not token:
        token = token_urlsafe(16)
        print(f"The API token is {token}", flush=True)
    settings = Settings(
        domain=arguments.domain,
        token=token,
        port=arguments.port,
        users=arguments.users,
        groups=arguments.groups,
        note=arguments.note,
        busyness=arguments.busyness if arguments.autoplay else None,
        seed=arguments.seed,
    )
    try:
        asyncio.run(serve(settings))
    except OSError as error:
        print(
            f"The simulator cannot listen on port {arguments.port}: {error.strerror}.",
            file=sys.stderr,
        )
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
