-- What "an accepted export is never lost, and is done once" (invariant I5) needs beyond the contract's
-- columns: the outbox mark, the lease of the worker that renders, its progress, and where the result is.
ALTER TABLE export_jobs
    ADD COLUMN published_at TIMESTAMPTZ,
    ADD COLUMN trace_parent TEXT,
    ADD COLUMN idempotency_key VARCHAR(200),
    ADD COLUMN attempts INTEGER NOT NULL DEFAULT 0
        CONSTRAINT export_jobs_attempts_check CHECK (attempts >= 0),
    ADD COLUMN claimed_by TEXT,
    ADD COLUMN lease_until TIMESTAMPTZ,
    ADD COLUMN percent SMALLINT NOT NULL DEFAULT 0
        CONSTRAINT export_jobs_percent_check CHECK (percent BETWEEN 0 AND 100),
    ADD COLUMN step TEXT,
    ADD COLUMN result_key TEXT,
    ADD COLUMN result_file_name TEXT,
    ADD COLUMN result_bytes BIGINT,
    ADD CONSTRAINT export_jobs_completed_at_check CHECK (status <> 'completed' OR completed_at IS NOT NULL);

-- A repeated order with the same key is the same job, but only for the user who sent the key.
CREATE UNIQUE INDEX idx_export_jobs_idempotency_key ON export_jobs (requested_by, idempotency_key)
    WHERE idempotency_key IS NOT NULL;

COMMENT ON COLUMN export_jobs.published_at IS 'When the broker confirmed the job; null until then.';
COMMENT ON COLUMN export_jobs.trace_parent IS 'W3C trace context of the request, so that request and export are one trace.';
COMMENT ON COLUMN export_jobs.claimed_by IS 'Worker that holds or last held the lease.';
COMMENT ON COLUMN export_jobs.lease_until IS 'A processing job whose lease has run out may be claimed again.';
COMMENT ON COLUMN export_jobs.result_key IS 'Object in the blob store; null before completion and after retention.';
COMMENT ON COLUMN export_jobs.result_file_name IS 'File name that a download is offered under.';
