"""A reader's own page: paces and hours, fewer mails, taking it back, and what it would mean."""

from datetime import timedelta

import pytest
from django.core.cache import cache
from django.utils import timezone

from tests.audience import people
from tests.posts import published
from tests.web.readers.reading import browser, link, mails
from tocsin.audience import queries
from tocsin.audience.models import Publication, Subscriber
from tocsin.content.actions import speak
from tocsin.content.models import PostPage, Topic
from tocsin.web.readers import rhythm

pytestmark = pytest.mark.django_db
HOURS = {"when": "1", "digest_hour": "", "digest_weekday": "", "quiet_from": "", "quiet_until": "", "time_zone": ""}


@pytest.fixture(autouse=True)
def fresh_cache():
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def mira() -> Subscriber:
    return people.subscribe("mira@example.org", "Mira")


def page(person: Subscriber, said: str = "") -> str:
    return browser().get(link("manage", person) + (f"?said={said}" if said else "")).content.decode()


def post(person: Subscriber, **fields: str) -> tuple[int, str]:
    response = browser().post(link("manage", person), fields)
    return response.status_code, response.headers.get("Location", "") or response.content.decode()


def publish_weekly(number: int, *topics: Topic) -> None:
    """As many posts, a week apart, the last one yesterday."""
    for week in range(number):
        made = published(f"News {week}", topics=list(topics))
        shown = timezone.now() - timedelta(days=1, weeks=week)
        PostPage.objects.filter(pk=made.pk).update(date_shown=shown)


def test_hours_are_chosen_and_kept(mira):
    chosen = HOURS | {"digest_hour": "18", "digest_weekday": "4", "quiet_from": "22", "quiet_until": "6"}
    chosen["time_zone"] = "America/Argentina/Buenos_Aires"
    assert post(mira, do="change", **chosen) == (303, "?said=changed")
    mira.refresh_from_db()
    assert (mira.digest_hour, mira.digest_weekday, mira.quiet_from, mira.quiet_until) == (18, 4, 22, 6)
    assert (mira.time_zone, mira.alerts) == ("America/Argentina/Buenos_Aires", False)
    shown = page(mira)
    assert '<option value="America/Argentina/Buenos_Aires" selected>Buenos Aires (Argentina)</option>' in shown
    assert '<option value="18" selected>18:00</option>' in shown
    post(mira, do="change", **HOURS, alerts="1")
    mira.refresh_from_db()
    assert (mira.digest_hour, mira.quiet_from, mira.time_zone, mira.alerts) == (None, None, "", True)


def test_a_form_without_hours_leaves_them_alone(mira):
    post(mira, do="change", **HOURS | {"digest_hour": "18"}, alerts="1")
    post(mira, do="change", name="Míra")
    mira.refresh_from_db()
    assert (mira.name, mira.digest_hour, mira.alerts) == ("Míra", 18, True)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"digest_hour": "24"}, "Please choose one of the list"),
        ({"digest_weekday": "7"}, "Please choose one of the list"),
        ({"time_zone": "Mars/Olympus"}, "Please choose one of the list"),
        ({"quiet_from": "22"}, "Quiet hours need a beginning and an end"),
        ({"quiet_from": "6", "quiet_until": "8", "digest_hour": "7"}, "would come in your quiet hours"),
    ],
)
def test_hours_that_cannot_be_are_refused_whole(fields, words, mira):
    everything = f"follow-{queries.everything().pk}"
    status, shown = post(mira, do="change", name="New", **HOURS | fields, **{everything: "weekly"})
    assert status == 422
    assert words in shown
    mira.refresh_from_db()
    assert (mira.name, queries.chosen(mira)) == ("Mira", {queries.everything().pk: "instant"})


def test_quiet_hours_that_cannot_be_are_marked_where_they_are(mira):
    _, shown = post(mira, do="change", **HOURS | {"quiet_from": "22"})
    assert 'name="quiet_from" aria-invalid="true" aria-describedby="id_quiet_from-error" autofocus' in shown
    assert 'name="quiet_until" aria-invalid="true" aria-describedby="id_quiet_from-error"' in shown
    assert shown.count("Quiet hours need a beginning and an end") == 1


def test_zones_are_offered_by_the_names_that_hold_and_the_one_that_is_chosen(mira):
    shown = page(mira)
    assert 'value="Europe/Kyiv"' in shown
    assert 'value="Europe/Kiev"' not in shown
    Subscriber.objects.filter(pk=mira.pk).update(time_zone="Europe/Kiev")
    assert '<option value="Europe/Kiev" selected>' in page(mira)


def test_fewer_mails_are_not_promised_where_they_would_be_as_many(mira):
    publish_weekly(8)
    assert "about 1 a week" in page(mira)
    assert 'value="fewer"' not in page(mira)


def test_fewer_mails_goes_down_two_steps_where_one_would_mean_as_many(mira):
    for days in range(1, 42, 3):  # every third day: once a day means as many mails as at once
        made = published(f"News {days}")
        PostPage.objects.filter(pk=made.pk).update(date_shown=timezone.now() - timedelta(days=days))
    assert "then comes “Once a week”" in page(mira)
    assert post(mira, do="fewer") == (303, "?said=weekly-at-once")
    assert queries.chosen(mira) == {queries.everything().pk: "weekly"}
    assert "what came as it happens now comes together, once a week" in page(mira, "weekly-at-once")


def test_fewer_mails_goes_down_a_step_and_can_be_taken_back(mira):
    everything = queries.everything().pk
    assert "Fewer mails" in page(mira)
    assert post(mira, do="fewer") == (303, "?said=daily")
    assert queries.chosen(mira) == {everything: "daily"}
    shown = page(mira, "daily")
    assert "now comes together, once a day" in shown
    assert '<button class="undo" name="do" value="undo">' in shown
    assert post(mira, do="undo") == (303, "?said=undone")
    assert queries.chosen(mira) == {everything: "instant"}
    post(mira, do="fewer")
    assert post(mira, do="fewer") == (303, "?said=weekly")
    assert post(mira, do="fewer") == (303, "?said=slowest")
    assert queries.chosen(mira) == {everything: "weekly"}
    assert 'value="fewer"' not in page(mira)


def test_nothing_is_offered_to_be_taken_back_where_nothing_was_changed(mira):
    post(mira, do="change", name="Míra")
    assert "Undo" not in page(mira, "changed")


def test_a_reader_sees_how_many_mails_a_choice_means(mira):
    water = Topic.objects.create(name="Water", slug="water")
    other = people.topic("silent")
    publish_weekly(6, water)
    shown = page(mira)
    assert "Mails, as you have chosen: <strong>about 1 a week</strong>" in shown
    assert shown.count("<small>about 1 a week</small>") == 6  # everything and Water, at three paces each
    assert f'name="follow-{other.pk}" value="instant"><span>As it happens</span><small>none in the last months' in shown


def test_with_few_posts_nobody_pretends_to_know(mira):
    published("News")
    assert "There are few posts so far" in page(mira)
    assert "<small>" not in page(mira)


def test_the_past_is_read_in_few_queries_and_kept(mira, django_assert_max_num_queries):
    publish_weekly(4, Topic.objects.create(name="Water", slug="water"))
    with django_assert_max_num_queries(4):
        assert rhythm.past().is_long_enough
    with django_assert_max_num_queries(0):
        rhythm.past()


@pytest.mark.parametrize(
    ("mails", "words"),
    [
        (14.2, "about 14 a week"),
        (1.4, "about 1 a week"),
        (0.7, "about 3 a month"),
        (0.05, "less than one a month"),
        (0, "none in the last months"),
    ],
)
def test_numbers_are_said_as_people_say_them(mails, words):
    assert rhythm.words(mails) == words


def test_refusing_to_be_counted_is_offered_only_where_clicks_are_counted(mira):
    assert "clicks" not in page(mira)
    post(mira, do="change", **HOURS)
    mira.refresh_from_db()
    assert not mira.uncounted
    Publication.objects.update(count_clicks=True)
    assert '<input type="checkbox" name="counted" value="1" checked>' in page(mira)
    post(mira, do="change", **HOURS)
    mira.refresh_from_db()
    assert mira.uncounted
    assert '<input type="checkbox" name="counted" value="1">' in page(mira)


def test_the_language_can_be_chosen_where_there_is_a_choice(mira):
    assert 'name="language"' not in page(mira)
    speak("en", ["de", "fr"])
    shown = page(mira)
    assert '<option value="en" selected>English</option><option value="fr">Français</option>' in shown
    assert "Українська" not in shown
    assert post(mira, do="change", **HOURS, language="de") == (303, "?said=changed")
    assert '<html lang="de"' in page(mira, "changed")
    post(mira, do="mail-data-link")
    assert mails()[-1].language == "de"


def test_a_language_that_is_not_offered_is_refused(mira):
    speak("en", ["de"])
    assert post(mira, do="change", **HOURS, language="xx")[0] == 422
    mira.refresh_from_db()
    assert mira.language == "en"
