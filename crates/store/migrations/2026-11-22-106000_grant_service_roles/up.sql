-- One role for each service with the least rights it needs (architecture, section 1). Deny by default:
-- a table or column that is not named here is invisible to the service.
--
-- Roles belong to the cluster, not to the database, so this only creates what is missing, and without
-- a login: whoever runs the cluster adds LOGIN and a password. It is written so that several databases
-- of one cluster can be migrated at the same time.
DO $$
DECLARE
    wanted RECORD;
BEGIN
    FOR wanted IN SELECT unnest(ARRAY['portal_cases_api', 'portal_locks_api', 'portal_export_worker']) AS role_name
    LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = wanted.role_name) THEN
            BEGIN
                EXECUTE format('CREATE ROLE %I NOLOGIN', wanted.role_name);
            EXCEPTION WHEN duplicate_object OR unique_violation THEN
                NULL; -- another database was faster
            END;
        END IF;
    END LOOP;

    -- Limits live with the role, because a session SET is lost or leaks under transaction pooling.
    -- A value that is already set was chosen by the cluster's operator and stays.
    FOR wanted IN
        SELECT role_name, setting, value
        FROM (VALUES
            ('portal_cases_api', 'statement_timeout', '10s'),
            ('portal_cases_api', 'lock_timeout', '5s'),
            ('portal_cases_api', 'idle_in_transaction_session_timeout', '10s'),
            -- Fencing tokens stay monotonic because no statement outlives the sweeper's retention.
            ('portal_locks_api', 'statement_timeout', '10s'),
            ('portal_locks_api', 'lock_timeout', '5s'),
            ('portal_locks_api', 'idle_in_transaction_session_timeout', '10s'),
            ('portal_export_worker', 'statement_timeout', '60s'),
            ('portal_export_worker', 'lock_timeout', '5s'),
            ('portal_export_worker', 'idle_in_transaction_session_timeout', '60s'),
            -- Compiling a query takes longer than any of ours runs.
            ('portal_cases_api', 'jit', 'off'),
            ('portal_locks_api', 'jit', 'off'),
            ('portal_export_worker', 'jit', 'off')
        ) AS limits (role_name, setting, value)
        WHERE NOT EXISTS (
            SELECT
            FROM pg_db_role_setting AS existing
            JOIN pg_roles ON pg_roles.oid = existing.setrole
            CROSS JOIN LATERAL unnest(existing.setconfig) AS entry
            WHERE existing.setdatabase = 0
              AND pg_roles.rolname = limits.role_name
              AND entry LIKE limits.setting || '=%'
        )
    LOOP
        EXECUTE format('ALTER ROLE %I SET %I = %L', wanted.role_name, wanted.setting, wanted.value);
    END LOOP;
END
$$;

GRANT USAGE ON SCHEMA public TO portal_cases_api, portal_locks_api, portal_export_worker;

-- cases-api ---------------------------------------------------------------------------------------
-- Append-only: nobody may rewrite these.
GRANT SELECT, INSERT ON case_contents, case_events, submissions, submission_cases TO portal_cases_api;
-- Deactivated or closed rather than deleted.
GRANT SELECT, INSERT, UPDATE ON
    departments, users, budget_rounds, case_type_definitions, cases, case_opinions, questions
TO portal_cases_api;
GRANT SELECT, INSERT, UPDATE, DELETE ON
    user_department_assignments, round_field_overrides, case_comments, case_conclusions,
    department_list_templates, department_list_template_sections, department_lists,
    department_list_sections, department_list_case_entries, department_list_figures
TO portal_cases_api;
-- Orders exports, publishes them, and puts failed or abandoned ones back in the queue; what was ordered
-- and by whom cannot be rewritten.
GRANT SELECT, INSERT ON export_jobs TO portal_cases_api;
GRANT UPDATE (
    status, published_at, trace_parent, attempts, claimed_by, lease_until, percent, step,
    started_at, completed_at, result_url, result_key, result_file_name, result_bytes,
    error_message
) ON export_jobs TO portal_cases_api;

-- locks-api ---------------------------------------------------------------------------------------
GRANT SELECT, INSERT, UPDATE, DELETE ON resource_locks TO portal_locks_api;
GRANT USAGE ON SEQUENCE resource_lock_fencing_token TO portal_locks_api;

-- export-worker -----------------------------------------------------------------------------------
GRANT SELECT ON
    departments, user_department_assignments, budget_rounds, case_type_definitions, cases,
    case_contents, case_conclusions, case_opinions, department_list_templates,
    department_list_template_sections, department_lists, department_list_sections,
    department_list_case_entries, department_list_figures, export_jobs
TO portal_export_worker;
-- Names for the documents; never the password hash.
GRANT SELECT (id, full_name, email, department_id, role, division, section, job_title, is_active)
    ON users TO portal_export_worker;
GRANT UPDATE (
    status, attempts, claimed_by, lease_until, percent, step, started_at, completed_at,
    result_url, result_key, result_file_name, result_bytes,
    error_message
) ON export_jobs TO portal_export_worker;
