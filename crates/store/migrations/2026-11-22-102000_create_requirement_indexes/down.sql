DROP INDEX
    idx_deplist_entries_section, idx_resource_locks_resource, idx_case_events_case_time,
    idx_cases_dept_round, idx_case_content_latest;
