"""A user's picture is loaded from the phone system's own server, or from nowhere."""

import tracemalloc
from typing import Final

from hypothesis import given, strategies as st
import pytest

from custom_components.ws_cti.cti.basix.driver import BasixDriver
from custom_components.ws_cti.cti.driver import Driver
from custom_components.ws_cti.cti.model import User

DRIVER: Final = BasixDriver(server="bcs.brastel.com", domain="d", token="t", app_name="a")
FOLDER: Final = "https://bcs.brastel.com/basix/avatars/users/"


def picture(avatar: str) -> str | None:
    """Return where a browser loads the picture of somebody with this avatar."""
    return DRIVER.picture_of(User(id="1", avatar=avatar))


@pytest.mark.parametrize(
    ("avatar", "path"),
    [
        ("alice.png", "alice.png"),
        ("10001000/face.jpg", "10001000/face.jpg"),
        ("山田 太郎.png", "%E5%B1%B1%E7%94%B0%20%E5%A4%AA%E9%83%8E.png"),
        ("a%20face.png", "a%20face.png"),
        ('"><script>.png', "%22%3E%3Cscript%3E.png"),
    ],
)
def test_a_name_is_a_file_in_the_folder_of_avatars(avatar: str, path: str) -> None:
    assert picture(avatar) == FOLDER + path


def test_an_address_on_the_same_server_is_taken_as_it_is() -> None:
    assert picture(f"{FOLDER}alice.png?size=80") == f"{FOLDER}alice.png?size=80"


@pytest.mark.parametrize(
    "avatar",
    [
        "",
        "https://pictures.example/alice.png",
        "https://bcs.brastel.com.pictures.example/alice.png",
        "https://bcs.brastel.com@pictures.example/alice.png",
        "https://bcs.brastel.com:8443/alice.png",
        "http://bcs.brastel.com/alice.png",
        "//pictures.example/alice.png",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "javascript://bcs.brastel.com/%0aalert(1)",
        "data:image/svg+xml,<svg/>",
    ],
)
def test_nothing_else_is_loaded_in_the_browser_of_whoever_looks(avatar: str) -> None:
    assert picture(avatar) is None


@pytest.mark.parametrize(
    "avatar",
    [
        "../../api/ws_cti",
        "a/../../b.png",
        "%2e%2e/b.png",
        "/alice.png",
        "folder//alice.png",
        "alice.png?x=1",
        "alice.png#x",
        "..\\b.png",
        "two\nlines.png",
        f"{FOLDER}two lines.png",
        f"{FOLDER}two\nlines.png",
        f"{FOLDER}x.png);color:red;(",
        f"{FOLDER}x.png'",
        f'{FOLDER}x.png"',
    ],
)
def test_a_name_that_leads_out_of_the_folder_is_no_picture(avatar: str) -> None:
    assert picture(avatar) is None


def test_on_an_open_line_the_picture_comes_from_the_same_server() -> None:
    driver = BasixDriver(server="[::1]:8600", domain="d", token="t", app_name="a", use_tls=False)
    user = User(id="1", avatar="alice.png")
    assert driver.picture_of(user) == "http://[::1]:8600/basix/avatars/users/alice.png"


@given(st.text())
def test_whatever_a_phone_system_says_no_other_server_is_named(avatar: str) -> None:
    address = picture(avatar)
    assert address is None or address.startswith("https://bcs.brastel.com/")
    assert address is None or address.isprintable()


def test_a_phone_system_has_no_pictures_unless_it_says_so() -> None:
    assert Driver.picture_of(DRIVER, User(id="1", avatar="alice.png")) is None


def test_no_name_of_a_picture_is_that_long() -> None:
    tracemalloc.start()
    for number in range(300):
        assert picture(f"{number}{'x' * 20_000}.png") is None
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert kept < 500_000
