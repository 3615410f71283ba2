-- Takes back the rights in this database. The roles stay: other databases of the cluster may use them.
REVOKE ALL ON ALL TABLES IN SCHEMA public
    FROM portal_cases_api, portal_locks_api, portal_export_worker;
REVOKE ALL ON ALL SEQUENCES IN SCHEMA public
    FROM portal_cases_api, portal_locks_api, portal_export_worker;
REVOKE USAGE ON SCHEMA public FROM portal_cases_api, portal_locks_api, portal_export_worker;
