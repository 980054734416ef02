"""Play what happens in an office: each scenario makes one thing happen and tells what it was."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from .calls import Call
from .end_users import NOBODY_FOUND
from .model import Group, User
from .stage import Stage


@dataclass(frozen=True, slots=True)
class Happening:
    """Tell what a scenario did."""

    text: str
    call: Call | None = None
    user: User | None = None


type Scenario = Callable[[Stage], Awaitable[Happening]]


async def answered_by_group(stage: Stage, group: Group | None = None) -> Happening:
    """Let a customer call a group, somebody answer, and both talk."""
    with stage.ending(_call_group(stage, group)) as call:
        user = await _answered(stage, call)
        await _talk_and_hang_up(stage, call, user)
        return Happening(f"{_caller(call)} called a group and {user.label} answered.", call, user)


async def answered_by_user(stage: Stage, user: User | None = None) -> Happening:
    """Let somebody outside call a user, who answers."""
    with stage.ending(stage.system.incoming_call(stage.number(), user or stage.user())) as call:
        answering = await _answered(stage, call)
        await _talk_and_hang_up(stage, call, answering)
        return Happening(f"{_caller(call)} called {answering.label}.", call, answering)


async def missed_by_user(stage: Stage, user: User | None = None) -> Happening:
    """Let a user's phone ring until the caller gives up."""
    callee = user or stage.user()
    with stage.ending(stage.system.incoming_call(stage.number(), callee)) as call:
        call.ring()
        await stage.wait_between(10, 25)
        call.cancel()
        return Happening(f"{callee.label} missed a call of {_caller(call)}.", call, callee)


async def unanswered(stage: Stage, user: User | None = None) -> Happening:
    """Let a user's phone ring until the phone system gives up."""
    callee = user or stage.user()
    with stage.ending(stage.system.incoming_call(stage.number(), callee)) as call:
        call.ring()
        await stage.wait_between(20, 30)
        call.no_answer()
        call.disconnect()
        return Happening(f"Nobody answered {_caller(call)}.", call, callee)


async def abandoned_by_caller(stage: Stage, group: Group | None = None) -> Happening:
    """Let somebody call a group and hang up before anybody answers."""
    with stage.ending(_call_group(stage, group)) as call:
        call.ring()
        await stage.wait_between(5, 20)
        call.cancel()
        return Happening(f"{_caller(call)} did not want to wait any longer.", call)


async def withheld(stage: Stage, user: User | None = None) -> Happening:
    """Let somebody call who withholds his number."""
    with stage.ending(stage.system.incoming_call(None, user or stage.user())) as call:
        answering = await _answered(stage, call)
        await _talk_and_hang_up(stage, call, answering)
        return Happening(f"Somebody called {answering.label}.", call, answering)


async def parked_and_taken(stage: Stage, group: Group | None = None) -> Happening:
    """Let a call be parked by who answered it, and taken by a colleague."""
    with stage.ending(_call_group(stage, group)) as call:
        parker = await _answered(stage, call)
        await stage.wait_between(3, 8)
        slot = call.park(parker)
        await stage.wait_between(5, 20)
        taker = stage.user(parker)
        call.unpark(taker)
        await _talk_and_hang_up(stage, call, taker)
        text = f"{parker.label} parked {_caller(call)} in slot {slot} for {taker.label}."
        return Happening(text, call, taker)


async def picked_up(stage: Stage, user: User | None = None) -> Happening:
    """Let a colleague pick up a call that rings elsewhere."""
    callee = user or stage.user()
    with stage.ending(stage.system.incoming_call(stage.number(), callee)) as call:
        call.ring()
        await stage.wait_between(5, 10)
        colleague = stage.user(callee)
        call.pick_up(colleague)
        await _talk_and_hang_up(stage, call, colleague)
        text = f"{colleague.label} picked up a call for {callee.label}."
        return Happening(text, call, colleague)


async def rejected(stage: Stage, user: User | None = None) -> Happening:
    """Let a user decline a call, whose caller then leaves a message."""
    callee = user or stage.user()
    with stage.ending(stage.system.incoming_call(stage.number(), callee)) as call:
        call.ring()
        await stage.wait_between(2, 5)
        call.reject()
        await _leave_message(stage, call)
        return Happening(f"{callee.label} declined a call of {_caller(call)}.", call, callee)


async def voicemail(stage: Stage, user: User | None = None) -> Happening:
    """Let a caller leave a message for a user who does not answer."""
    callee = user or stage.user()
    with stage.ending(stage.system.incoming_call(stage.number(), callee)) as call:
        call.ring()
        await stage.wait_between(15, 20)
        await _leave_message(stage, call)
        return Happening(f"{_caller(call)} left a message for {callee.label}.", call, callee)


async def group_voicemail(stage: Stage, group: Group | None = None) -> Happening:
    """Let a caller leave a message for a group."""
    with stage.ending(_call_group(stage, group)) as call:
        call.ring()
        await stage.wait_between(15, 20)
        await _leave_message(stage, call)
        return Happening(f"{_caller(call)} left a message for a group.", call)


async def messages_heard(stage: Stage, user: User | None = None) -> Happening:
    """Let a user hear his messages."""
    owner = user or stage.user()
    with stage.ending(stage.system.check_voicemail(owner)) as call:
        await stage.wait_between(5, 15)
        call.listen()
        call.hang_up(owner)
        return Happening(f"{owner.label} heard his messages.", call, owner)


async def internal(stage: Stage, caller: User | None = None) -> Happening:
    """Let a user call a colleague, who answers."""
    calling = caller or stage.user()
    with stage.ending(stage.system.internal_call(calling, stage.user(calling))) as call:
        colleague = await _answered(stage, call)
        await _talk_and_hang_up(stage, call, stage.random.choice((calling, colleague)))
        return Happening(f"{calling.label} called {colleague.label}.", call, calling)


async def outgoing(stage: Stage, caller: User | None = None) -> Happening:
    """Let a user call somebody outside, who answers."""
    calling = caller or stage.user()
    number = stage.number()
    with stage.ending(stage.system.outgoing_call(calling, number)) as call:
        call.ring()
        await stage.wait_between(4, 12)
        call.answer()
        await _talk_and_hang_up(stage, call, calling)
        return Happening(f"{calling.label} called {number}.", call, calling)


async def outgoing_busy(stage: Stage, caller: User | None = None) -> Happening:
    """Let a user call somebody outside, who is on the phone."""
    calling = caller or stage.user()
    number = stage.number()
    with stage.ending(stage.system.outgoing_call(calling, number)) as call:
        call.ring()
        await stage.wait_between(1, 3)
        call.busy()
        return Happening(f"{calling.label} called {number}, which was busy.", call, calling)


async def transferred(stage: Stage, group: Group | None = None) -> Happening:
    """Let who answered hand a call over without asking."""
    with stage.ending(_call_group(stage, group)) as call:
        first = await _answered(stage, call)
        await stage.wait_between(5, 15)
        call.transfer(first, stage.user(first))
        second = await _answered(stage, call)
        await _talk_and_hang_up(stage, call, second)
        text = f"{first.label} handed {_caller(call)} over to {second.label}."
        return Happening(text, call, second)


async def transferred_after_asking(stage: Stage, group: Group | None = None) -> Happening:
    """Let who answered ask a colleague first, and then bring both together."""
    with stage.ending(_call_group(stage, group)) as call:
        first = await _answered(stage, call)
        await stage.wait_between(5, 15)
        with stage.ending(call.consult(first, stage.user(first))) as consultation:
            second = await _answered(stage, consultation)
            await stage.wait_between(3, 8)
            call.complete_transfer(consultation)
        await _talk_and_hang_up(stage, call, second)
        text = f"{first.label} brought {_caller(call)} and {second.label} together."
        return Happening(text, call, second)


async def chosen_from_menu(stage: Stage, group: Group | None = None) -> Happening:
    """Let a caller hear a menu and choose a group."""
    chosen = group or stage.group()
    with stage.ending(_call_group(stage, chosen)) as call:
        call.to_ivr()
        await stage.wait_between(4, 10)
        call.overflow(chosen)
        user = await _answered(stage, call)
        await _talk_and_hang_up(stage, call, user)
        return Happening(f"{_caller(call)} chose {chosen.label} from the menu.", call, user)


async def presence_changed(stage: Stage, user: User | None = None) -> Happening:
    """Let a user change his presence; what the codes mean is not documented."""
    changing = user or stage.user()
    stage.system.set_presence(changing, stage.random.randrange(4))
    await stage.wait(0)
    return Happening(f"{changing.label} has presence {changing.presence} now.", user=changing)


async def do_not_disturb(stage: Stage, user: User | None = None) -> Happening:
    """Let a user not be disturbed for a while."""
    changing = user or stage.user()
    stage.system.set_do_not_disturb(changing, on=True)
    try:
        await stage.wait_between(30, 90)
    finally:
        stage.system.set_do_not_disturb(changing, on=False)
    return Happening(f"{changing.label} was not to be disturbed for a while.", user=changing)


async def user_added(stage: Stage) -> Happening:
    """Let a new colleague join a group."""
    groups = list(stage.system.groups)
    user = stage.system.add_user(groups=[stage.random.choice(groups)] if groups else [])
    await stage.wait(0)
    return Happening(f"{user.label} is new, with extension {user.main_extension}.", user=user)


async def user_removed(stage: Stage, user: User | None = None) -> Happening:
    """Let a colleague leave for good."""
    leaving = user or stage.user()
    stage.system.remove_user(leaving)
    await stage.wait(0)
    return Happening(f"{leaving.label} has left.", user=leaving)


SCENARIOS: dict[str, Scenario] = {
    scenario.__name__: scenario
    for scenario in (
        answered_by_group,
        answered_by_user,
        missed_by_user,
        unanswered,
        abandoned_by_caller,
        withheld,
        parked_and_taken,
        picked_up,
        rejected,
        voicemail,
        group_voicemail,
        messages_heard,
        internal,
        outgoing,
        outgoing_busy,
        transferred,
        transferred_after_asking,
        chosen_from_menu,
        presence_changed,
        do_not_disturb,
        user_added,
        user_removed,
    )
}


def _call_group(stage: Stage, group: Group | None) -> Call:
    known = stage.random.random() < 1 / 3
    return stage.system.incoming_call(
        stage.number(),
        group or stage.group(),
        end_user=stage.customer() if known else NOBODY_FOUND,
    )


async def _answered(stage: Stage, call: Call) -> User:
    """Ring, let somebody answer after a while, and return who did."""
    call.ring()
    await stage.wait_between(2, 10)
    user = stage.random.choice(call.ringing_users)
    call.answer(user)
    return user


async def _talk_and_hang_up(stage: Stage, call: Call, user: User) -> None:
    await stage.wait_between(15, 90)
    # Either side may be the one who hangs up.
    call.hang_up(stage.random.choice((user, None)))


async def _leave_message(stage: Stage, call: Call) -> None:
    call.to_voicemail()
    await stage.wait_between(8, 30)
    call.leave_message(stage.random.randrange(5, 60))
    call.hang_up()


def _caller(call: Call) -> str:
    return call.story.name or call.story.number or "somebody"
