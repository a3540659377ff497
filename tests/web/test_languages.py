"""Each address is in one language, and everything on the page is in it: words, dates, direction, links."""

from datetime import UTC, datetime

import pytest
from django.utils import translation
from modelsearch import index

from tests.posts import draft, publish, published, stream
from tests.web.readers.reading import browser, heading, link, mails, subscribe
from tests.web.reading import got, page, structured, text, texts
from tocsin.audience.models import Consent, Publication, Subscriber
from tocsin.content import phrases
from tocsin.content.actions import speak
from tocsin.content.models import PostPage, Topic

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 11, 28, 12, 5, tzinfo=UTC)


def speaking(main: str, *others: str) -> None:
    """The site speaks these languages."""
    speak(main, others)
    publication = Publication.objects.get()
    publication.language = main
    publication.save()


def translated(post: PostPage, language: str, title: str) -> PostPage:
    """The post in another language, live."""
    speaking("en", language)
    copy = post.copy_for_translation(stream().get_translations().get(locale__language_code=language).locale)
    copy.title, copy.slug = title, ""
    copy.save_revision()
    return publish(copy)


@pytest.mark.parametrize(
    ("language", "day", "hour"),
    [
        ("en", "28 November 2026", "28 November 2026, 12:05 UTC"),
        ("de", "28. November 2026", "28. November 2026, 12:05 Uhr (UTC)"),
        ("fr", "28 novembre 2026", "28 novembre 2026 à 12h05 (UTC)"),
        ("uk", "28 листопада 2026 р.", "28 листопада 2026 р., 12:05 (UTC)"),
    ],
)
def test_dates_read_naturally(language, day, hour):
    with translation.override(language):
        assert phrases.day(NOON) == day
        assert phrases.day_and_hour(NOON) == hour


@pytest.mark.parametrize(
    ("language", "names"), [("en", "A, B and C"), ("de", "A, B und C"), ("fr", "A, B et C"), ("uk", "A, B та C")]
)
def test_names_are_joined_as_one_says_them(language, names):
    with translation.override(language):
        assert phrases.listed(["A", "B", "C"]) == names
        assert phrases.listed(["A"]) == "A"


def test_the_first_of_a_month_is_an_ordinal_in_french():
    with translation.override("fr"):
        assert phrases.day(datetime(2027, 1, 1, tzinfo=UTC)) == "1er janvier 2027"


@pytest.mark.parametrize(
    ("language", "heading"), [("de", "Informiert bleiben"), ("fr", "Restez informé"), ("uk", "Будьте в курсі")]
)
def test_a_publication_in_another_language_has_no_prefix(language, heading):
    post = published("Die Brücke")
    speaking(language)
    front = page("/")
    assert front.get("lang") == language
    assert heading in texts(front, "//section[@id='stay-informed']/h2")
    assert texts(front, "//main//article//h2") == ["Die Brücke"]
    assert page(f"/{post.slug}/").get("lang") == language
    assert got(f"/{post.slug}/").headers["Content-Language"] == language


def test_the_main_language_has_one_address():
    published("The bridge", slug="bridge")
    answer = got("/en/bridge/?page=2", 301)
    assert answer.headers["Location"] == "/bridge/?page=2"


def test_a_language_the_site_does_not_speak_is_no_address():
    published("The bridge", slug="bridge")
    for path in ("/de/", "/de/bridge/", "/fr/topics/x/", "/xx/", "/DE/"):
        assert got(path, 404).headers["Content-Language"] == "en"


def test_what_the_browser_prefers_changes_nothing():
    published("The bridge", slug="bridge")
    answer = got("/bridge/", **{"accept-language": "de"})
    assert answer.headers["Content-Language"] == "en"
    assert "Accept-Language" not in answer.headers.get("Vary", "")


def test_a_translation_lies_below_its_language_and_both_name_each_other():
    english = published("The bridge is closed", slug="bridge")
    german = translated(english, "de", "Die Brücke ist gesperrt")
    assert german.get_url_parts()[2] == "/de/die-br%C3%BCcke-ist-gesperrt/"
    for url, language, other in (("/bridge/", "en", german.get_url()), (german.get_url(), "de", "/bridge/")):
        tree = page(url)
        links = {link.get("hreflang"): link.get("href") for link in tree.xpath("//head/link[@hreflang]")}
        assert {name: url.rpartition("example.org")[2] for name, url in links.items()} == {
            "x-default": "/bridge/",
            "en": "/bridge/",
            "de": german.get_url(),
        }
        assert tree.get("lang") == language
        assert other in tree.xpath("//main//a[@hreflang]/@href")
        assert structured(tree)["@graph"][0]["inLanguage"] == language
    assert tree.xpath("//meta[@property='og:locale']/@content") == ["de_DE"]


def test_lists_and_feeds_keep_to_their_language():
    topic = Topic.objects.create(name="Water", slug="water")
    english = published("The bridge is closed", slug="bridge", topics=[topic])
    german = translated(english, "de", "Die Brücke ist gesperrt")
    for prefix, title in (("", english.title), ("/de", german.title)):
        for path in ("/", "/topics/water/", f"/archive/{english.first_published_at.year}/"):
            assert texts(page(prefix + path), "//main//article//h2") == [title], prefix + path
        feed = got(f"{prefix}/feed.json").json()
        assert [(item["title"], item["language"]) for item in feed["items"]] == [(title, prefix[1:] or "en")]
    tree = page("/de/")
    assert tree.xpath("//link[@type='application/rss+xml']/@href") == ["/de/feed.xml"]
    assert "/de/archive/" in tree.xpath("//footer//a/@href")
    index.insert_or_update_object(german)
    assert texts(page("/de/search/?q=Br%C3%BCcke"), "//main//article//h2") == [german.title]
    assert texts(page("/search/?q=Br%C3%BCcke"), "//main//article//h2") == []


def test_a_site_of_one_language_names_no_others():
    published("The bridge", slug="bridge")
    assert not page("/bridge/").xpath("//*[@hreflang]")


def test_a_draft_of_a_translation_is_named_nowhere():
    english = published("The bridge is closed", slug="bridge")
    speaking("en", "de")
    english.copy_for_translation(stream().get_translations().get().locale)
    assert not page("/bridge/").xpath("//*[@hreflang]")


def test_an_alert_is_announced_in_every_language():
    published("Boil your water", kind="alert", severity="severe")
    speaking("en", "de")
    strip = page("/de/").xpath("//aside[@class='strip']")[0]
    assert "Warnung (schwer)" in strip.text_content()
    assert strip.xpath(".//span[@lang='en']")[0].text_content() == "Boil your water"


def test_a_language_that_is_no_longer_spoken_is_taken_down():
    english = published("The bridge is closed", slug="bridge")
    german = translated(english, "de", "Die Brücke ist gesperrt")
    speaking("en")
    got("/de/", 404)
    got(german.get_url_parts()[2], 404)
    speaking("en", "de")
    assert texts(page("/de/"), "//main//article//h2") == [german.title]


def test_a_wrong_language_is_put_right_without_moving_anything():
    post, waiting = published("Міст закрито", slug="mist"), draft("Далі", slug="dali")
    speaking("uk")
    assert page("/mist/").get("lang") == "uk"
    assert "28" not in text(page("/mist/"), "//h1")
    publish(PostPage.objects.get(pk=waiting.pk))
    assert PostPage.objects.get(pk=waiting.pk).locale.language_code == "uk"
    assert PostPage.objects.get(pk=post.pk).get_url() == "/mist/"


def test_a_language_that_is_written_from_right_to_left_turns_the_page():
    publication = Publication.objects.get()
    publication.language = "he"
    publication.save()
    assert page("/subscribe/").get("dir") == "rtl"


def test_who_subscribes_in_german_reads_german():
    speaking("en", "de")
    tree = page("/de/subscribe/")
    assert tree.xpath("//form[@method='post']/@action") == ["/de/subscribe/"]
    answer = browser().post("/de/subscribe/", {"email": "mira@example.org", "name": "", "website": ""})
    assert answer.headers["Location"] == "/de/subscribe/sent/"
    assert Subscriber.objects.get().language == "de"
    consent = Consent.objects.get(event="asked")
    assert consent.text.language == "de"
    assert consent.text.wording.startswith("Mit dem Abonnement willige ich ein")
    [mail] = mails()
    assert mail.language == "de"
    assert mail.subject.startswith("Bitte bestätigen")
    assert "Abonnement bestätigen:" in mail.text
    assert '<html lang="de" dir="ltr"' in mail.html


def test_a_readers_own_pages_speak_their_language():
    subscribe()
    Subscriber.objects.update(language="uk")
    answer = browser().get(link("confirm", Subscriber.objects.get()))
    assert heading(answer) == "Ще один крок"
    assert '<html lang="uk"' in answer.content.decode()


@pytest.mark.parametrize("path", ["/en", "/en/", "/en//evil.example/", "/en/%2Fevil.example/"])
def test_the_prefix_of_the_main_language_leads_within_the_site_and_not_in_circles(path):
    answer = browser().get(path)
    assert answer.status_code == 301
    assert answer["Location"].startswith("/")
    assert not answer["Location"].startswith(("//", "/en"))
