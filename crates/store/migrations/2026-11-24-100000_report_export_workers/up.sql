-- What the owner of a waiting export is told: whether a worker is there at all, and that a job which
-- ended without a document was cancelled rather than failed.
CREATE TABLE export_workers (
    instance_id TEXT PRIMARY KEY,
    seen_at TIMESTAMPTZ NOT NULL DEFAULT now()
);
COMMENT ON TABLE export_workers IS 'Workers that take orders from the queue, each with its last sign of life.';

ALTER TABLE export_jobs ADD COLUMN cancelled_at TIMESTAMPTZ;
COMMENT ON COLUMN export_jobs.cancelled_at IS 'When its owner gave the job up; its status is failed then.';

GRANT SELECT ON export_workers TO portal_cases_api;
GRANT UPDATE (cancelled_at) ON export_jobs TO portal_cases_api;
GRANT SELECT, INSERT, UPDATE, DELETE ON export_workers TO portal_export_worker;
