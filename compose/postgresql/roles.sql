-- Roles and database of the portal, for the superuser of a cluster; to be run before the first
-- migration and whenever a password changes. The passwords come from the environment, so that
-- they stand in no command line:
--
--   psql -X -v ON_ERROR_STOP=1 -U postgres -d postgres -f roles.sql
\getenv owner PORTAL_OWNER_PASSWORD
\getenv cases_api PORTAL_CASES_API_PASSWORD
\getenv locks_api PORTAL_LOCKS_API_PASSWORD
\getenv export_worker PORTAL_EXPORT_WORKER_PASSWORD
\getenv monitor PORTAL_MONITOR_PASSWORD

SELECT format('CREATE ROLE %I', role_name)
FROM unnest(ARRAY[
    'portal_owner', 'portal_cases_api', 'portal_locks_api', 'portal_export_worker', 'portal_monitor'
]) AS role_name
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role_name)
\gexec

-- Migrations set limits on the services' roles.
ALTER ROLE portal_owner LOGIN CREATEROLE PASSWORD :'owner';
ALTER ROLE portal_cases_api LOGIN PASSWORD :'cases_api';
ALTER ROLE portal_locks_api LOGIN PASSWORD :'locks_api';
ALTER ROLE portal_export_worker LOGIN PASSWORD :'export_worker';
ALTER ROLE portal_monitor LOGIN PASSWORD :'monitor';
-- From PostgreSQL 16 on, CREATEROLE alone does not reach roles that somebody else created.
GRANT portal_cases_api, portal_locks_api, portal_export_worker TO portal_owner WITH ADMIN OPTION;
GRANT pg_monitor TO portal_monitor;

SELECT 'CREATE DATABASE portal OWNER portal_owner'
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'portal')
\gexec
\connect portal
-- Not a trusted extension: only the superuser may create it.
CREATE EXTENSION IF NOT EXISTS pg_stat_statements;
