INSERT INTO content_readership (post_id, views)
SELECT page_ptr_id, %s FROM content_postpage WHERE page_ptr_id = %s
ON CONFLICT (post_id) DO UPDATE SET views = content_readership.views + excluded.views
