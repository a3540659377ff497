-- The posts beside one, read each time its page is made: the same on SQLite and PostgreSQL. A row is as much of a post
-- as a link needs. `locked`: pages that are not for everybody, with all that is below them.

-- name: before
SELECT post.page_ptr_id, page.id, page.title, page.url_path
FROM wagtailcore_page page JOIN content_postpage post ON post.page_ptr_id = page.id
WHERE page.live AND page.locale_id = %(locale)s
  AND page.first_published_at <= %(moment)s AND (page.first_published_at < %(moment)s OR page.id < %(post)s)
  AND NOT EXISTS (
    SELECT 1 FROM wagtailcore_pageviewrestriction r JOIN wagtailcore_page locked ON locked.id = r.page_id
    WHERE substr(page.path, 1, length(locked.path)) = locked.path)
ORDER BY page.first_published_at DESC, page.id DESC
LIMIT 1

-- name: after
SELECT post.page_ptr_id, page.id, page.title, page.url_path
FROM wagtailcore_page page JOIN content_postpage post ON post.page_ptr_id = page.id
WHERE page.live AND page.locale_id = %(locale)s
  AND page.first_published_at >= %(moment)s AND (page.first_published_at > %(moment)s OR page.id > %(post)s)
  AND NOT EXISTS (
    SELECT 1 FROM wagtailcore_pageviewrestriction r JOIN wagtailcore_page locked ON locked.id = r.page_id
    WHERE substr(page.path, 1, length(locked.path)) = locked.path)
ORDER BY page.first_published_at, page.id
LIMIT 1

-- name: related
-- Of the hundred newest on any of its topics, those that share most of them. The newest are found by walking back in
-- reading order; sorting all posts of a large topic would take ten times as long.
WITH newest AS (
  SELECT post.page_ptr_id, page.id, page.title, page.url_path, page.first_published_at,
    (SELECT count(*) FROM content_postpage_topics filed WHERE filed.postpage_id = page.id AND filed.topic_id IN ({topics})) AS shared
  FROM wagtailcore_page page JOIN content_postpage post ON post.page_ptr_id = page.id
  WHERE page.live AND page.locale_id = %(locale)s
    AND EXISTS (
      SELECT 1 FROM content_postpage_topics filed WHERE filed.postpage_id = page.id AND filed.topic_id IN ({topics}))
    AND NOT EXISTS (
      SELECT 1 FROM wagtailcore_pageviewrestriction r JOIN wagtailcore_page locked ON locked.id = r.page_id
      WHERE substr(page.path, 1, length(locked.path)) = locked.path)
  ORDER BY page.first_published_at DESC, page.id DESC
  LIMIT 100
)
SELECT page_ptr_id, id, title, url_path FROM newest
WHERE id NOT IN (%(post)s, %(before)s, %(after)s)
ORDER BY shared DESC, first_published_at DESC, id DESC
LIMIT {most}
