ALTER TABLE export_jobs DROP COLUMN cancelled_at;
DROP TABLE export_workers;
