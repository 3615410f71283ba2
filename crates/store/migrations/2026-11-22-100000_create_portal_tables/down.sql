DROP TABLE
    attachments, clearances, export_jobs, department_list_figures, department_list_case_entries,
    department_list_sections, department_lists, department_list_template_sections,
    department_list_templates, resource_locks, submission_cases, submissions, questions,
    case_conclusions, case_comments, case_opinions, case_events, case_contents, cases,
    case_type_definitions, round_field_overrides, budget_rounds, user_department_assignments, users,
    departments;
