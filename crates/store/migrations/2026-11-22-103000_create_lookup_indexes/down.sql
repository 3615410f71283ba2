DROP INDEX
    idx_export_jobs_result, idx_export_jobs_lease, idx_export_jobs_unpublished,
    idx_export_jobs_requested_by, idx_export_jobs_status, idx_deplist_figures_section_id,
    idx_deplist_figures_list_id, idx_deplist_entries_case_id, idx_deplist_entries_section_id,
    idx_deplist_sections_parent_id, idx_deplist_sections_template_section_id,
    idx_deplist_sections_list_id, idx_deplists_template_id, idx_deplist_template_sections_parent_id,
    idx_deplist_template_sections_template_id, idx_resource_locks_expires_at,
    idx_attachments_case_id, idx_clearances_case_id, idx_submission_cases_case_id,
    idx_submissions_round_department, idx_questions_case_id, idx_case_conclusions_case_id,
    idx_case_comments_parent_comment_id, idx_case_comments_case_id, idx_case_opinions_assigned_to,
    idx_case_opinions_case_id, idx_cases_fin_assigned_to, idx_cases_assigned_to,
    idx_cases_round_status, idx_cases_status, idx_user_department_assignments_department_id,
    idx_users_department_id;
