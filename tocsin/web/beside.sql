-- The posts beside one, read each time its page is made: the same on SQLite and PostgreSQL. A row is as much of a post
-- as a link needs, and the place it has. `public`: what is live, in the language of the post and for everybody.

-- name: beside
WITH public AS NOT MATERIALIZED (
  SELECT post.page_ptr_id, page.id, page.title, page.url_path, page.first_published_at
  FROM wagtailcore_page page JOIN content_postpage post ON post.page_ptr_id = page.id
  WHERE page.live AND page.locale_id = %(locale)s AND NOT EXISTS (
    SELECT 1 FROM wagtailcore_pageviewrestriction lock JOIN wagtailcore_page locked ON locked.id = lock.page_id
    WHERE substr(page.path, 1, length(locked.path)) = locked.path)
), before AS (
  SELECT * FROM public
  WHERE first_published_at <= %(moment)s AND (first_published_at < %(moment)s OR id < %(post)s)
  ORDER BY first_published_at DESC, id DESC LIMIT 1
), after AS (
  SELECT * FROM public
  WHERE first_published_at >= %(moment)s AND (first_published_at > %(moment)s OR id > %(post)s)
  ORDER BY first_published_at, id LIMIT 1
), newest AS (
  -- Found by walking back in reading order: sorting all posts of a large topic would take ten times as long.
  SELECT *, (SELECT count(*) FROM content_postpage_topics filed WHERE filed.postpage_id = public.id AND filed.topic_id IN ({topics})) AS shared
  FROM public
  WHERE EXISTS (SELECT 1 FROM content_postpage_topics filed WHERE filed.postpage_id = public.id AND filed.topic_id IN ({topics}))
  ORDER BY first_published_at DESC, id DESC LIMIT 100
), related AS (
  -- Of the hundred newest on any of its topics, those that share most of them.
  SELECT * FROM newest
  WHERE id NOT IN (%(post)s, COALESCE((SELECT id FROM before), 0), COALESCE((SELECT id FROM after), 0))
  ORDER BY shared DESC, first_published_at DESC, id DESC LIMIT {most}
), found AS (
  SELECT 'before' AS place, 0 AS shared, before.* FROM before
  UNION ALL SELECT 'after', 0, after.* FROM after
  UNION ALL SELECT 'related', shared, page_ptr_id, id, title, url_path, first_published_at FROM related
)
SELECT place, page_ptr_id, id, title, url_path FROM found ORDER BY shared DESC, first_published_at DESC, id DESC
