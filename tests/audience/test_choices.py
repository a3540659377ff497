"""What somebody follows, and what they followed before."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from hypothesis import given
from hypothesis import strategies as st

from tests.audience import people
from tocsin.audience import actions, choices, queries
from tocsin.audience.models import Cadence, PastChoice, Subscriber

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
paces = st.sampled_from(list(Cadence))


@pytest.fixture
def clock():
    with time_machine.travel(NOON, tick=False) as clock:
        yield clock


def followed(person: Subscriber, moment: datetime) -> dict[int, str]:
    """What they followed at a moment, as history tells it."""
    now = [(row.followable_id, row.cadence, row.paced_at or row.created_at) for row in person.subscriptions.all()]
    past = person.past_choices.values_list("followable_id", "cadence", "began_at", "ended_at")
    return choices.at(now, list(past), moment)


@pytest.mark.django_db
def test_what_was_followed_at_any_moment_can_be_said(clock):
    parks, roads = people.topic("parks"), people.topic("roads")
    wanted = [
        {parks.pk: "instant"},
        {parks.pk: "daily", roads.pk: "instant"},
        {roads.pk: "instant"},
        {},
        {parks.pk: "weekly", roads.pk: "alerts"},
    ]
    person = people.subscribe(choices=wanted[0])
    for these in wanted[1:]:
        clock.shift(3600)
        actions.change(person.public_id, name="", choices=these)
    for number, these in enumerate(wanted):
        for minutes in (0, 59):
            assert followed(person, NOON + timedelta(hours=number, minutes=minutes)) == these
    assert followed(person, NOON - timedelta(seconds=1)) == {}


@pytest.mark.django_db
def test_what_stays_as_it_is_leaves_no_trace(clock):
    person = people.subscribe()
    clock.shift(60)
    actions.change(person.public_id, name="Mira", choices=queries.chosen(person))
    assert not PastChoice.objects.exists()
    assert person.subscriptions.get().paced_at is None


@pytest.mark.django_db
def test_another_pace_tells_of_the_same_news_but_alerts_only_does_not(clock):
    parks = people.topic("parks")
    person = people.subscribe(choices={parks.pk: "instant"})
    begun = []
    for pace in ("daily", "alerts", "weekly"):
        clock.shift(60)
        actions.change(person.public_id, name="", choices={parks.pk: pace})
        begun.append(person.subscriptions.get().created_at)
    assert begun == [NOON, NOON, NOON + timedelta(minutes=3)]


@pytest.mark.django_db
@pytest.mark.parametrize(
    "after", [{}, {"parks": "daily"}, {"parks": "instant", "roads": "weekly"}, {"roads": "alerts"}]
)
def test_the_last_change_can_be_taken_back_and_that_too(after, clock):
    topics = {slug: people.topic(slug).pk for slug in ("parks", "roads")}
    before, after = {topics["parks"]: "instant"}, {topics[slug]: pace for slug, pace in after.items()}
    person = people.subscribe(choices=before)
    assert not actions.undo_choices(person.public_id)
    clock.shift(60)
    actions.change(person.public_id, name="", choices=after)
    clock.shift(60)
    assert actions.undo_choices(person.public_id)
    assert queries.chosen(person) == before
    clock.shift(60)
    assert actions.undo_choices(person.public_id)
    assert queries.chosen(person) == after


@pytest.mark.django_db
def test_slowing_down_goes_one_step_and_says_which(clock):
    parks, roads = people.topic("parks"), people.topic("roads")
    person = people.subscribe(choices={parks.pk: "instant", roads.pk: "alerts"})
    steps = []
    for _ in range(3):
        clock.shift(60)
        steps.append((actions.slow_down(person.public_id), queries.chosen(person)[parks.pk]))
    assert steps == [(("instant", "daily"), "daily"), (("daily", "weekly"), "weekly"), (None, "weekly")]
    assert queries.chosen(person)[roads.pk] == "alerts"


@given(st.dictionaries(st.integers(1, 9), paces))
def test_slowing_down_follows_the_same_things_and_nothing_quicker(before):
    order = [Cadence.INSTANT, Cadence.DAILY, Cadence.WEEKLY, Cadence.ALERTS]
    after = choices.slower(before)
    assert after.keys() == before.keys()
    assert all(order.index(after[key]) - order.index(before[key]) in {0, 1} for key in before)
    assert (after == before) == (not {"instant", "daily"} & set(before.values()))


@pytest.mark.django_db
def test_leaving_is_a_choice_that_is_kept_and_goes_with_the_person(clock):
    person = people.subscribe()
    clock.shift(60)
    actions.unsubscribe(person.public_id, "page")
    assert PastChoice.objects.get().cadence == "instant"
    actions.erase(person.public_id)
    assert not PastChoice.objects.exists()


@pytest.mark.django_db
def test_coming_back_is_no_change_that_could_be_taken_back(clock):
    parks = people.topic("parks")
    person = people.subscribe(choices={parks.pk: "instant"})
    clock.shift(60)
    actions.unsubscribe(person.public_id, "test")
    clock.shift(60)
    people.ask(choices={parks.pk: "daily"})
    clock.shift(60)
    actions.confirm(person.public_id)
    assert not actions.undo_choices(person.public_id)
    assert queries.chosen(person) == {parks.pk: "daily"}
