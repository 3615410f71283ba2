REVOKE SELECT ON case_comments FROM portal_export_worker;
