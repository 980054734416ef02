"""Do in a real browser what somebody does who has just found the integration."""

import asyncio
import json
from typing import Final

from playwright.async_api import expect
import pytest

from demo.editor import AutomationEditor
from demo.frontend import Frontend
from demo.home import PASSWORD, USER_NAME
from demo.premises import TOKEN, Premises
from demo.processes import free_port
from demo.telephone import PBX_DOMAIN
from demo.words import Words
from tests.e2e.steps import Steps
from tests.integration.forms import crowd

pytestmark = [
    pytest.mark.parametrize("language", ["en", "ja"]),
    # Nothing here waits for a time; this only ends what would hang for ever.
    pytest.mark.timeout(600),
]

ALICE: Final = "Alice Martin"
ALICES_EXTENSION: Final = "1000"
GROUP: Final = "Sales"
CALLER: Final = "Olive Oyl"
NUMBER: Final = "0312345678"
NEW_TOKEN: Final = "fedcba98765432100123"
AUTOMATION: Final = "Tell who calls"


async def test_the_first_ten_minutes(
    premises: Premises, frontend: Frontend, words: Words, step: Steps
) -> None:
    await come_in(frontend, step)
    await mistype(frontend, step)
    await find_nobody(premises, frontend, step)
    await be_refused(premises, frontend, step)
    await set_up(premises, frontend, words, step)
    await repair(premises, frontend, words, step)
    await look_around(premises, frontend, words, step)
    await automate(premises, frontend, words, step)
    await look_back(premises, frontend, step)
    await change(premises, frontend, words, step)
    await log_in_again(premises, frontend, words, step)
    await remove(premises, frontend, step)


async def come_in(frontend: Frontend, step: Steps) -> None:
    async with step("log in with a wrong password"):
        await frontend.open()
        await frontend.log_in(USER_NAME, "wrong")
        await frontend.is_refused()
    async with step("log in"):
        await frontend.log_in(USER_NAME, PASSWORD)
        await frontend.is_in()
    async with step("open the integrations"):
        await frontend.open_integrations()


async def mistype(frontend: Frontend, step: Steps) -> None:
    form = frontend.setup
    async with step("choose PBX CTI from all integrations"):
        await frontend.begin_setup()
    async with step("type a blank as token"):
        await form.answer(domain=PBX_DOMAIN, api_token=" ")
        await form.submit()
        await form.complains_of("empty")
    async with step("type a blank as domain"):
        await form.answer(domain=" ", api_token=TOKEN)
        await form.submit()
        await form.complains_of("empty")
    # From here on the token is not typed again.
    async with step("type a domain with a colon"):
        await form.answer(domain=f"{PBX_DOMAIN}:443")
        await form.submit()
        await form.complains_of("domain_with_colon")
    async with step("type an address as domain"):
        await form.answer(domain=f"{PBX_DOMAIN}/start")
        await form.submit()
        await form.complains_of("invalid_domain")
    async with step("type a server that is none"):
        await form.answer(server="my server", domain=PBX_DOMAIN)
        await form.submit()
        await form.complains_of("invalid_server")


async def find_nobody(premises: Premises, frontend: Frontend, step: Steps) -> None:
    form = frontend.setup
    async with step("type a server that cannot be reached"):
        await form.answer(server=f"127.0.0.1:{free_port(0)}")
        await form.submit()
        await form.complains_of("cannot_connect")
    async with step("encrypt where the server does not"):
        await form.answer(server=premises.pbx_address)
        await form.submit()
        await form.complains_of("invalid_certificate")
    async with step("switch encryption off, and think better of it"):
        await form.flip_detail("ssl")
        await form.submit()
        await form.encrypt_after_all(premises.pbx_address)
        await form.complains_of("invalid_certificate")
    async with step("type a server that is no phone system"):
        await form.answer(server=premises.home_address)
        await form.flip_detail("ssl")
        await form.submit()
        await form.accept_risk(premises.home_address)
        await form.complains_of("not_a_pbx")
    async with step("find the phone system busy"):
        premises.server.refuse(503)
        await form.answer(server=premises.pbx_address)
        await form.submit()
        # What was accepted for one server is not accepted for another.
        await form.accept_risk(premises.pbx_address)
        await form.complains_of("unavailable")
        premises.server.refuse(None)
    async with step("find the phone system silent"):
        premises.server.mute()
        await form.submit()
        await form.complains_of("timeout")
        premises.server.unmute()


async def be_refused(premises: Premises, frontend: Frontend, step: Steps) -> None:
    form = frontend.setup
    async with step("type a wrong token"):
        await form.answer(api_token="wrong")
        await form.submit()
        await form.complains_of("invalid_auth")
    async with step("leave others their connections, where there are too many"):
        await form.answer(api_token=TOKEN)
        await form.flip_detail("take_over")
        async with crowd(premises.account, 2):
            await form.submit()
            await form.complains_of("connection_limit")
    async with step("choose a user who does not exist"):
        await form.watch("user_extension")
        await form.submit()
        await form.says(form.words.ours("config.step.one_user.title"))
        await form.fill(form.words.ours("config.step.one_user.data.user_extension"), "4711")
        await form.submit()
        await form.complains_of("user_not_found")
        await form.close()


async def set_up(premises: Premises, frontend: Frontend, words: Words, step: Steps) -> None:
    async with step("add the phone system"):
        await fill_in(premises, frontend)
        await frontend.setup.accept_risk(premises.pbx_address)
        await frontend.setup.skip_and_finish()
        await expect(frontend.entry.get_by_text(ALICE, exact=True)).to_be_visible()
    async with step("add the same phone system again"):
        await frontend.open_integrations()
        await fill_in(premises, frontend)
        await frontend.setup.says(words.ours("config.abort.already_configured"))
        await frontend.setup.close()


async def fill_in(premises: Premises, frontend: Frontend) -> None:
    await frontend.begin_setup()
    await frontend.setup.answer(server=premises.pbx_address, domain=PBX_DOMAIN, api_token=TOKEN)
    await frontend.setup.flip_detail("ssl")
    await frontend.setup.submit()


async def repair(premises: Premises, frontend: Frontend, words: Words, step: Steps) -> None:
    flow, steps = frontend.flow, "issues.not_encrypted.fix_flow.step"
    title = words.ours("issues.not_encrypted.title", title=PBX_DOMAIN)
    async with step("be told of the connection that is not encrypted"):
        await frontend.open_repairs()
        await frontend.repair(title).click()
        told = words.ours(f"{steps}.init.description", server=premises.pbx_address)
        await flow.says(told)
    async with step("try to encrypt it, in vain"):
        await flow.decide(words.ours(f"{steps}.init.menu_options.connect_safely"))
        await flow.complains(
            words.ours(
                "issues.not_encrypted.fix_flow.error.invalid_certificate",
                server=premises.pbx_address,
                title=PBX_DOMAIN,
            )
        )
    async with step("keep it as it is"):
        await flow.close()
        await frontend.repair(title).click()
        await flow.decide(words.ours(f"{steps}.init.menu_options.keep"))
        await flow.finish()
        await expect(frontend.repair(title)).to_be_hidden()


async def look_around(premises: Premises, frontend: Frontend, words: Words, step: Steps) -> None:
    def name(platform: str, key: str) -> str:
        return words.ours(f"entity.{platform}.{key}.name")

    def call_state(state: str) -> str:
        return words.ours(f"entity.sensor.call_state.state.{state}")

    async with step("open the phone system's page"):
        await frontend.open_device(PBX_DOMAIN)
        await expect(frontend.entity(name("sensor", "parked_calls"))).to_contain_text("0")
        await expect(frontend.entity(name("binary_sensor", "connected"))).to_be_visible()
    async with step("open a group's page"):
        await frontend.open_device(GROUP)
        await expect(frontend.entity(name("sensor", "members_logged_in"))).to_contain_text("6")
    async with step("see a caller wait for the group"):
        premises.pbx("call", to=GROUP, from_=NUMBER, name=CALLER)
        await expect(frontend.entity(name("sensor", "waiting_calls"))).to_contain_text("1")
    async with step("see him give up"):
        premises.server.phone_system.end_all_calls()
        await expect(frontend.entity(name("sensor", "waiting_calls"))).to_contain_text("0")
        await expect(frontend.entity(name("sensor", "missed_calls"))).to_contain_text("1")
    async with step("open a user's page"):
        await frontend.open_device(ALICE)
        line = frontend.entity(name("sensor", "call_state"))
        await expect(line).to_contain_text(call_state("idle"))
    async with step("see her phone ring"):
        premises.pbx("call", to=ALICES_EXTENSION, from_=NUMBER, name=CALLER)
        await expect(line).to_contain_text(call_state("ringing"))
    async with step("see her talk"):
        premises.pbx("answer", by=ALICES_EXTENSION)
        await expect(line).to_contain_text(call_state("talking"))
    async with step("see her hang up"):
        premises.pbx("hangup", by=ALICES_EXTENSION)
        await expect(line).to_contain_text(call_state("idle"))


async def automate(premises: Premises, frontend: Frontend, words: Words, step: Steps) -> None:
    editor = AutomationEditor(frontend.page, words)
    async with step("begin an automation"):
        await frontend.open_settings("automations")
        await editor.begin()
    async with step("look for a trigger at the user"):
        await editor.open_triggers_of(ALICE)
        await expect(editor.offered(words.ours("triggers.call_missed.name"))).to_be_visible()
    async with step("choose that her phone rings"):
        await editor.choose(words.ours("triggers.call_ringing.name"))
        await expect(editor.sidebar.get_by_text(ALICE)).to_be_visible()
    async with step("choose a notification"):
        await editor.notify("{{ trigger.call.caller_name }} calls.")
    async with step("save the automation"):
        await editor.save(AUTOMATION)
        await expect(frontend.page.get_by_text(AUTOMATION).first).to_be_visible()
    async with step("see the notification of a call"):
        notifications = await frontend.open_notifications()
        premises.pbx("call", to=ALICES_EXTENSION, from_=NUMBER, name=CALLER)
        await expect(notifications.get_by_text(f"{CALLER} calls.")).to_be_visible()
        premises.pbx("hangup", by=ALICES_EXTENSION)
        await frontend.close_notifications()


async def look_back(premises: Premises, frontend: Frontend, step: Steps) -> None:
    async with step("read what happened"):
        await premises.home.wait_until_recorded(AUTOMATION)
        activity = await frontend.open_activity()
        await expect(activity.get_by_text(AUTOMATION).first).to_be_visible()
        # The logbook tells calls in English only.
        await expect(activity.get_by_text(f"{ALICE} talked for ").first).to_be_visible()
        await expect(activity.get_by_text(f"{GROUP} missed a call").first).to_be_visible()
    async with step("download the diagnostics"):
        await frontend.open_our_page()
        download = await frontend.download_diagnostics()
        path = await download.path()
        text = await asyncio.to_thread(path.read_text, encoding="utf-8")
        assert json.loads(text)["data"]
        assert [one for one in (TOKEN, ALICE, CALLER, NUMBER, PBX_DOMAIN) if one in text] == []


async def change(premises: Premises, frontend: Frontend, words: Words, step: Steps) -> None:
    flow = frontend.flow
    async with step("let callers be kept in the history"):
        await frontend.open_options()
        await flow.says(words.ours("options.step.init.title"))
        await flow.flip(words.ours("options.step.init.data.record_caller_data"))
        await flow.submit()
        await flow.finish()
    async with step("reconfigure with a server that is no phone system"):
        await frontend.choose_from_menu("reconfigure")
        server = words.ours("config.step.reconfigure.data.server")
        await flow.fill(server, premises.home_address)
        await flow.submit()
        await flow.accept_risk(premises.home_address)
        await flow.complains(words.ours("config.error.not_a_pbx"))
    async with step("reconfigure with the right one"):
        await flow.fill(server, premises.pbx_address)
        await flow.submit()
        await flow.close()


async def log_in_again(premises: Premises, frontend: Frontend, words: Words, step: Steps) -> None:
    flow, token = frontend.flow, words.ours("config.step.reauth_confirm.data.api_token")
    async with step("be asked for a token in place of the revoked one"):
        await frontend.open_integrations()
        premises.revoke_token(NEW_TOKEN)
        await frontend.log_in_again()
        await flow.says(words.ours("config.step.reauth_confirm.description", name=PBX_DOMAIN))
    async with step("type the revoked one again"):
        await flow.fill(token, TOKEN)
        await flow.submit()
        await flow.complains(words.ours("config.error.invalid_auth"))
    async with step("type the new one"):
        await flow.fill(token, NEW_TOKEN)
        await flow.submit()
        await flow.close()
    async with step("see the user called again"):
        await frontend.open_device(ALICE)
        premises.pbx("call", to=ALICES_EXTENSION, from_=NUMBER, name=CALLER)
        line = frontend.entity(words.ours("entity.sensor.call_state.name"))
        await expect(line).to_contain_text(words.ours("entity.sensor.call_state.state.ringing"))
        premises.pbx("hangup", by=ALICES_EXTENSION)


async def remove(premises: Premises, frontend: Frontend, step: Steps) -> None:
    async with step("remove the phone system"):
        await frontend.open_our_page()
        await frontend.delete_entry()
    async with step("find nothing left of it"):
        await frontend.open_devices()
        await expect(frontend.page.get_by_text(ALICE)).to_be_hidden()
        assert await left_over(premises) == []


async def left_over(premises: Premises) -> list[str]:
    """Return the traces of the integration in Home Assistant."""
    entities = await premises.home.command("config/entity_registry/list")
    devices = await premises.home.command("config/device_registry/list")
    entries = await premises.home.get("/api/config/config_entries/entry")
    return [
        *(one["entity_id"] for one in entities if one["platform"] == "ws_cti"),
        *(one["name"] for one in devices if any(key == "ws_cti" for key, _ in one["identifiers"])),
        *(one["title"] for one in entries if one["domain"] == "ws_cti"),
        *(one for one in await premises.home.states() if ALICE.split()[0].lower() in one),
        *(path.name for path in (premises.config / ".storage").glob("ws_cti*")),
    ]
