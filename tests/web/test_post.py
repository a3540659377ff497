"""A post's own page."""

from datetime import UTC, datetime, timedelta
from urllib.parse import unquote

import brotli
import pytest
from wagtail.rich_text import RichText

from tests.pictures import uploaded
from tests.posts import draft, publish, published
from tests.web.reading import got, page, structured, text, texts
from tocsin.audience.models import Publication
from tocsin.content.models import Author, PostPage, Topic

pytestmark = pytest.mark.django_db

URL = "/the-bridge-is-closed/"
FIRST_FLIGHT = 14_000


def paragraphs(count: int) -> list[tuple[str, str]]:
    words = "The council said on Tuesday that the old swing bridge will be closed for repairs from the first. "
    return [("text", "".join(f"<p>{number} {words * 6}</p>" for number in range(count)))]


def at(moment: datetime, **later: timedelta) -> None:
    PostPage.objects.update(
        first_published_at=moment, last_published_at=moment + later.get("updated_after", timedelta(0))
    )


def test_it_says_who_wrote_what_when():
    water = Topic.objects.create(name="Water", slug="water")
    authors = [Author.objects.create(name=name, slug=name.lower()) for name in ("Ada", "Boris", "Chloé")]
    published(summary="Until March.", topics=[water], authors=authors, body=paragraphs(1))
    at(datetime(2026, 11, 22, 23, 30, tzinfo=UTC))
    Publication.objects.update(time_zone="Europe/Paris")
    tree = page(URL)
    assert text(tree, "//h1") == "The bridge is closed"
    assert text(tree, "//p[@class='standfirst']") == "Until March."
    assert text(tree, "//p[@class='byline']") == "By Ada, Boris and Chloé"
    assert tree.xpath("//p[@class='byline']/a/@href") == ["/authors/ada/", "/authors/boris/", "/authors/chlo%C3%A9/"]
    assert tree.xpath("//p[@class='kicker']/a/@href") == ["/topics/water/"]
    assert tree.xpath("//div[@class='rail']//time/@datetime") == ["2026-11-23T00:30+01:00"]
    assert "23 November 2026" in text(tree, "//div[@class='rail']")
    assert "1 minute to read" in text(tree, "//div[@class='rail']")


def test_it_says_when_it_was_updated_only_if_it_was():
    published()
    noon = datetime(2026, 11, 22, 12, tzinfo=UTC)
    at(noon)
    assert "Updated" not in text(page(URL), "//div[@class='rail']")
    at(noon, updated_after=timedelta(hours=2))
    assert "Updated 22 November 2026, 14:00 UTC" in text(page(URL), "//div[@class='rail']")


def test_an_unknown_time_zone_breaks_nothing():
    published()
    Publication.objects.update(time_zone="Mars/Olympus")
    assert page(URL).xpath("//main//time")


def test_every_block_is_shown():
    picture = {"image": uploaded(size=(1600, 1000)), "caption": "The bridge.", "credit": "Ada"}
    published(
        body=[
            ("heading", "What <happens> next"),
            ("text", RichText("<p>Said <b>twice</b>.</p><ul><li>one</li></ul>")),
            ("picture", picture),
            ("quote", {"text": "Never again.", "attribution": "The mayor"}),
        ]
    )
    tree = page(URL)
    assert text(tree, "//div[@class='text']/h2") == "What <happens> next"
    assert text(tree, "//div[@class='text']/p/b") == "twice"
    assert text(tree, "//div[@class='text']//li") == "one"
    [image] = tree.xpath("//div[@class='text']//img")
    assert (image.get("width"), image.get("height")) == ("1280", "800")
    assert [each.split()[1] for each in image.get("srcset").split(", ")] == ["480w", "800w", "1280w"]
    assert "The bridge. Picture: Ada" in text(tree, "//figure[picture]/figcaption")
    assert text(tree, "//blockquote") == "Never again."


def test_the_lead_picture_has_its_words_and_its_size():
    published(lead_image=uploaded(), lead_image_alt="A bridge, open", lead_image_credit="Ada")
    [image] = page(URL).xpath("//figure[@class='cover']//img")
    assert image.get("alt") == "A bridge, open"
    assert int(image.get("width")) / int(image.get("height")) == pytest.approx(1.6, abs=0.01)
    assert image.get("loading") is None
    assert text(page(URL), "//figure[@class='cover']/figcaption") == "Picture: Ada"


def test_neighbours_are_named_by_their_titles():
    for title in ("First", "The bridge is closed", "Third"):
        published(title)
    tree = page(URL)
    assert text(tree, "//nav//a[@rel='prev']/strong") == "First"
    assert text(tree, "//nav//a[@rel='next']/strong") == "Third"
    assert tree.xpath("//nav//a[@rel='next']/@href") == ["/third/"]
    assert not page("/first/").xpath("//nav//a[@rel='prev']")


def test_neighbours_published_in_the_same_instant_are_each_reached():
    for number in range(3):
        published(f"Post {number}")
    at(datetime(2026, 11, 22, tzinfo=UTC))
    assert text(page("/post-1/"), "//a[@rel='prev']/strong") == "Post 0"
    assert text(page("/post-1/"), "//a[@rel='next']/strong") == "Post 2"


def test_every_post_asks_whether_to_stay_informed():
    published()
    [form] = page(URL).xpath("//form[@action='/subscribe/']")
    assert form.get("method") == "post"
    fields = {field.get("name"): field for field in form.xpath(".//input")}
    assert set(fields) == {"name", "email", "website"}
    assert fields["email"].get("required") is not None
    assert fields["name"].get("required") is None
    assert form.xpath(".//*[@aria-hidden='true']//input[@name='website'][@tabindex='-1']")


def test_a_draft_is_404_until_it_is_published():
    post = draft()
    got(URL, 404)
    publish(post)
    got(URL)


def test_machines_read_the_same_facts():
    ada = Author.objects.create(name="Ada", slug="ada")
    title = 'A </script><script>alert(1)</script> & "title"'
    published(title, slug="x", summary="In <short> & “quotes”.", authors=[ada], lead_image=uploaded())
    tree = page("/x/")
    facts, _ = structured(tree)["@graph"]
    assert facts["@type"] == "NewsArticle"
    assert facts["headline"] == title
    assert facts["author"] == [{"@type": "Person", "name": "Ada", "url": "http://news.example.org/authors/ada/"}]
    assert facts["image"].startswith("http://news.example.org/media/pictures/")
    assert len(tree.xpath("//script")) == 2
    assert tree.xpath("//meta[@property='og:title']/@content") == [title]
    assert tree.xpath("//meta[@name='description']/@content") == ["In <short> & “quotes”."]
    assert tree.xpath("//link[@rel='canonical']/@href") == ["http://news.example.org/x/"]


def test_a_text_post_arrives_in_the_first_flight():
    published(summary="Until March. " * 10, body=paragraphs(12))
    content = got(URL, **{"accept-encoding": "gzip, br"}).content
    assert len(content) <= FIRST_FLIGHT
    assert b"The council said" in brotli.decompress(content)


def test_a_long_illustrated_post_costs_a_bounded_number_of_queries(django_assert_max_num_queries):
    authors = [Author.objects.create(name=name, slug=name, picture=uploaded(name)) for name in ("ada", "boris")]
    picture = {"image": uploaded("inside"), "caption": "", "credit": ""}
    link = RichText(f'<p><a linktype="page" id="{published("Other").pk}">other</a></p>')
    body = [("picture", picture), ("text", link)] * 4
    published(lead_image=uploaded(), authors=authors, body=body)
    got(URL)  # makes the pictures
    with django_assert_max_num_queries(33):
        got(URL)


def test_a_link_to_another_post_leads_there():
    other = published("Other")
    published(body=[("text", RichText(f'<p><a linktype="page" id="{other.pk}">other</a></p>'))])
    assert page(URL).xpath("//div[@class='text']//a/@href") == ["/other/"]


def test_text_size_needs_no_script():
    published()
    tree = page(URL)
    assert len(tree.xpath("//form[@name='size']//input[@type='radio']")) == 4
    style = text(tree, "//style")
    for choice in tree.xpath("//form[@name='size']//input[@id]/@id"):
        assert f":root:is(.{choice},:has(#{choice}:checked)){{font-size:" in style


def test_authors_are_introduced_below():
    ada = Author.objects.create(name="Ada", slug="ada", role="Editor", biography="<p>Writes of bridges.</p>")
    plain = Author.objects.create(name="Boris", slug="boris")
    published(authors=[ada, plain])
    tree = page(URL)
    assert texts(tree, "//aside[@class='author']//p") == ["Ada, Editor", "Writes of bridges."]
    assert tree.xpath("//aside[@class='author']//a/@href") == ["/authors/ada/"]


def test_machines_read_where_a_post_stands():
    published(topics=[Topic.objects.create(name="Water", slug="water")])
    _, crumbs = structured(page(URL))["@graph"]
    assert crumbs["@type"] == "BreadcrumbList"
    assert [(step["position"], step["name"], step["item"]) for step in crumbs["itemListElement"]] == [
        (1, "The Example Gazette", "http://news.example.org/"),
        (2, "Water", "http://news.example.org/topics/water/"),
        (3, "The bridge is closed", f"http://news.example.org{URL}"),
    ]
    assert structured(page("/"))["@type"] == "NewsMediaOrganization"


def test_a_long_post_opens_with_its_contents():
    headings = ["Why now?", "What it costs", "Why now?", "Що далі"]
    published(body=[(kind, value) for heading in headings for kind, value in [("heading", heading), *paragraphs(1)]])
    tree = page(URL)
    assert texts(tree, "//nav[@class='contents']//a") == headings
    links = tree.xpath("//nav[@class='contents']//a/@href")
    assert links[:3] == ["#s-why-now", "#s-what-it-costs", "#s-why-now-2"]
    assert [tree.xpath("count(//h2[@id=$anchor])", anchor=unquote(link[1:])) for link in links] == [1, 1, 1, 1]


def test_a_short_post_needs_no_contents():
    published(body=[("heading", "One"), ("heading", "Two")])
    assert not page(URL).xpath("//nav[@class='contents']")


def test_sharing_is_links_that_load_nothing():
    published("Fish & chips?", slug="fish")
    tree = page("/fish/")
    links = {link.text: link.get("href") for link in tree.xpath("//details[@class='share']//a")}
    address = "http%3A%2F%2Fnews.example.org%2Ffish%2F"
    assert links["E-mail"] == f"mailto:?subject=Fish%20%26%20chips%3F&body={address}"
    assert links["Bluesky"] == f"https://bsky.app/intent/compose?text=Fish%20%26%20chips%3F%20{address}"
    assert set(links) == {"E-mail", "Mastodon", "Bluesky", "X", "Facebook", "LinkedIn", "Telegram", "WhatsApp"}
    assert tree.xpath("string(//input[@id='address']/@value)") == "http://news.example.org/fish/"


def test_related_posts_share_its_topics_and_are_not_its_neighbours():
    water, fire = (Topic.objects.create(name=name, slug=name.lower()) for name in ("Water", "Fire"))
    published("One topic", topics=[water])
    published("Both topics", topics=[water, fire])
    published("Neither")
    published(topics=[water, fire])
    published("Next", topics=[water])
    tree = page(URL)
    assert texts(tree, "//section[@class='related']//a") == ["Both topics", "One topic"]
    assert tree.xpath("//section[@class='related']//a/@href") == ["/both-topics/", "/one-topic/"]
