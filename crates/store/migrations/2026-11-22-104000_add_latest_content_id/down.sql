ALTER TABLE cases DROP COLUMN latest_content_id;
