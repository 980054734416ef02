"""What the model tests have found: calls that went on while the connection was lost."""

import pytest

from tests.cti.watching import Office

NUMBER = "0399998888"


@pytest.fixture
def office() -> Office:
    return Office()


def test_who_is_rung_again_and_answers_unseen_has_one_part(office: Office) -> None:
    call = office.system.incoming_call(NUMBER, office.alice)
    call.ring()
    office.disconnect()
    call.no_answer()
    call.ring()
    call.answer()
    office.connect()
    assert office.told() == ["Alice answered"]


def test_who_takes_up_unseen_what_he_had_declined_has_one_part(office: Office) -> None:
    call = office.system.incoming_call(NUMBER, office.sales)
    call.ring()
    call.reject(office.alice)
    office.told()
    office.disconnect()
    call.pick_up(office.alice)
    office.connect()
    told = office.told()
    assert "Alice answered" in told
    assert "Alice ended answered_elsewhere" not in told


def test_who_declined_a_call_whose_end_nobody_saw_has_not_missed_it(office: Office) -> None:
    call = office.system.incoming_call(NUMBER, office.support)
    call.ring()
    call.reject()
    office.disconnect()
    call.ring()
    call.answer()
    call.hang_up()
    office.connect()
    # Bob may have answered or not.
    assert "Alice ended unknown" in office.told()


def test_who_was_rung_again_unseen_is_not_known_to_have_declined(office: Office) -> None:
    call = office.system.incoming_call(NUMBER, office.alice)
    call.ring()
    call.reject()
    call.ring()
    office.disconnect()
    call.no_answer()
    office.connect()
    call.disconnect()
    assert office.told() == ["Alice ended unknown"]
    assert office.events[-1].at is None


def test_caller_whose_end_nobody_saw_was_not_refused(office: Office) -> None:
    call = office.system.internal_call(office.alice, office.support)
    call.ring()
    call.busy()
    call.ring()
    office.told()
    office.disconnect()
    call.answer()
    call.hang_up()
    office.connect()
    assert "Alice ended unknown" in office.told()


def test_who_answered_and_was_handed_on_unseen_has_answered(office: Office) -> None:
    call = office.system.internal_call(office.alice, office.bob)
    call.ring()
    office.told()
    office.disconnect()
    call.answer()
    call.transfer(office.alice, office.carol)
    office.connect()
    assert sorted(office.told()) == ["Alice ended unknown", "Bob answered"]
    call.cancel()
    assert office.told() == ["Bob ended answered"]
