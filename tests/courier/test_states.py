"""The transition table, every pair of state and evidence."""

import pytest

from tocsin.courier.states import CLAIMABLE, TRANSITIONS, UNSETTLED, Evidence, ImpossibleMove, State, after

ALLOWED = {
    "planned": {"claimed": "sending", "unsendable": "failed", "withdrawn": "suppressed"},
    "sending": {"returned": "planned", "taken": "accepted", "put off": "deferred", "refused": "failed", "lost": "unsure"},
    "deferred": {"claimed": "sending", "unsendable": "failed", "expired": "failed", "withdrawn": "suppressed"},
    "unsure": {"claimed": "sending", "withdrawn": "suppressed", "taken": "accepted", "bounce": "bounced"},
    "accepted": {"bounce": "bounced", "complaint": "complained"},
    "failed": {"taken": "accepted"},
    "suppressed": {"taken": "accepted"},
    "bounced": {},
    "complained": {},
}  # fmt: skip


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("evidence", Evidence)
def test_a_state_moves_only_on_its_evidence(state, evidence):
    expected = ALLOWED[state.value].get(evidence.value)
    if expected is None:
        with pytest.raises(ImpossibleMove):
            after(state, evidence)
    else:
        assert after(state, evidence).value == expected


def test_only_evidence_from_the_wire_settles_a_delivery_as_accepted():
    assert {evidence for (_, evidence), state in TRANSITIONS.items() if state is State.ACCEPTED} == {Evidence.TAKEN}


def test_what_can_be_claimed_is_what_becomes_sending():
    assert {state for (state, evidence) in TRANSITIONS if evidence is Evidence.CLAIMED} == CLAIMABLE
    assert State.UNSURE not in UNSETTLED
