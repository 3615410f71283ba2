-- Indexes of contract section 14 and those that a foreign key or a known query needs.
CREATE INDEX idx_users_department_id ON users (department_id);
CREATE INDEX idx_user_department_assignments_department_id ON user_department_assignments (department_id);

CREATE INDEX idx_cases_status ON cases (status);
-- FIN reads a round across departments, and closing a round asks for its statuses.
CREATE INDEX idx_cases_round_status ON cases (budget_round_id, status);
CREATE INDEX idx_cases_assigned_to ON cases (assigned_to);
CREATE INDEX idx_cases_fin_assigned_to ON cases (fin_assigned_to);
-- cases.latest_content_id gets no index on purpose: it changes with every save, and an index on it
-- would end heap-only updates. It is only looked up backwards when a content row is deleted.

CREATE INDEX idx_case_opinions_case_id ON case_opinions (case_id);
CREATE INDEX idx_case_opinions_assigned_to ON case_opinions (assigned_to, status);
CREATE INDEX idx_case_comments_case_id ON case_comments (case_id);
CREATE INDEX idx_case_comments_parent_comment_id ON case_comments (parent_comment_id);
CREATE INDEX idx_case_conclusions_case_id ON case_conclusions (case_id, sort_order);
CREATE INDEX idx_questions_case_id ON questions (case_id);
CREATE INDEX idx_submissions_round_department ON submissions (budget_round_id, department_id);
CREATE INDEX idx_submission_cases_case_id ON submission_cases (case_id);
CREATE INDEX idx_clearances_case_id ON clearances (case_id);
CREATE INDEX idx_attachments_case_id ON attachments (case_id);

CREATE INDEX idx_resource_locks_expires_at ON resource_locks (expires_at);

CREATE INDEX idx_deplist_template_sections_template_id ON department_list_template_sections (template_id);
CREATE INDEX idx_deplist_template_sections_parent_id ON department_list_template_sections (parent_id);
CREATE INDEX idx_deplists_template_id ON department_lists (template_id);
CREATE INDEX idx_deplist_sections_list_id ON department_list_sections (department_list_id);
CREATE INDEX idx_deplist_sections_template_section_id ON department_list_sections (template_section_id);
CREATE INDEX idx_deplist_sections_parent_id ON department_list_sections (parent_id);
CREATE INDEX idx_deplist_entries_section_id ON department_list_case_entries (section_id);
CREATE INDEX idx_deplist_entries_case_id ON department_list_case_entries (case_id);
CREATE INDEX idx_deplist_figures_list_id ON department_list_figures (department_list_id);
CREATE INDEX idx_deplist_figures_section_id ON department_list_figures (section_id);

CREATE INDEX idx_export_jobs_status ON export_jobs (status, created_at);
CREATE INDEX idx_export_jobs_requested_by ON export_jobs (requested_by, created_at DESC);
-- The relay polls for what is not yet published, the workers' watch for leases that ran out, and the
-- clean-up for results past retention: few rows each time, so the indexes stay tiny.
CREATE INDEX idx_export_jobs_unpublished ON export_jobs (created_at)
    WHERE published_at IS NULL AND status = 'queued';
CREATE INDEX idx_export_jobs_lease ON export_jobs (lease_until) WHERE status = 'processing';
CREATE INDEX idx_export_jobs_result ON export_jobs (completed_at) WHERE result_key IS NOT NULL;
