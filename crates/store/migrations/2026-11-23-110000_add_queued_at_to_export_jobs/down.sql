ALTER TABLE export_jobs DROP COLUMN queued_at;
