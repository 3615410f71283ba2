-- How long a job waits cannot be told from when it was ordered: a failed one may be put back in the
-- queue days later.
ALTER TABLE export_jobs ADD COLUMN queued_at TIMESTAMPTZ NOT NULL DEFAULT now();
UPDATE export_jobs SET queued_at = created_at;
COMMENT ON COLUMN export_jobs.queued_at IS 'When it was ordered, or last put back in the queue by its owner.';
GRANT UPDATE (queued_at) ON export_jobs TO portal_cases_api;
