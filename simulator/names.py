"""Name the people and the groups of an office, in the scripts that a phone book meets."""

from collections.abc import Iterator
from itertools import count, product

#: Label as people see it, and the login name that goes with it.
_COLLEAGUES = (
    ("Alice Martin", "alice.martin"),
    ("山田 太郎", "taro.yamada"),
    ("Zoë", "zoe"),
    ("O'Neil", "oneil"),
    ("Łukasz Nowak", "lukasz.nowak"),
    ("Ольга Смирнова", "olga.smirnova"),
    ("佐藤 花子", "hanako.sato"),
    ("Jürgen Weiß", "juergen.weiss"),
    ("محمد علي", "mohamed.ali"),
    ("Nguyễn Thị Lan", "lan.nguyen"),
    ("김민준", "minjun.kim"),
    ("José Álvarez", "jose.alvarez"),
)
_GIVEN = (
    ("Emma", "emma"),
    ("Liam", "liam"),
    ("Chloé", "chloe"),
    ("Søren", "soeren"),
    ("Mária", "maria"),
    ("Иван", "ivan"),
    ("Noor", "noor"),
    ("Hiro", "hiro"),
    ("Priya", "priya"),
    ("Tomás", "tomas"),
)
_FAMILY = (
    ("Brown", "brown"),
    ("Dubois", "dubois"),
    ("Schröder", "schroeder"),
    ("Novák", "novak"),
    ("Rossi", "rossi"),
    ("Tanaka", "tanaka"),
    ("Öztürk", "oeztuerk"),
    ("Silva", "silva"),
    ("Kowalska", "kowalska"),
    ("Patel", "patel"),
)
_GROUPS = (
    "Sales",
    "Support",
    "サポート窓口",
    "Accounting",
    "Réception",
    "Warehouse",
    "Engineering",
    "Purchasing",
)


def people() -> Iterator[tuple[str, str]]:
    """Yield label and login name of one colleague after the other, none of them twice."""
    yield from _COLLEAGUES
    for round_number in count(1):
        suffix = "" if round_number == 1 else f" {round_number}"
        for (given, given_login), (family, family_login) in product(_GIVEN, _FAMILY):
            login = f"{given_login}.{family_login}{suffix.strip()}"
            yield f"{given} {family}{suffix}", login


def departments() -> Iterator[tuple[str, str]]:
    """Yield label and name of one group after the other, none of them twice."""
    for round_number in count(1):
        suffix = "" if round_number == 1 else f" {round_number}"
        for number, label in enumerate(_GROUPS, start=1):
            name = label.lower() if label.isascii() else f"group{number}"
            yield f"{label}{suffix}", f"{name}{suffix.strip()}"
