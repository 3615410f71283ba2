-- The contract stores and returns a section's configuration verbatim as JSON text (7.4). jsonb sorts
-- the keys, drops repeated ones and rewrites numbers; json keeps the text and still answers to ->>.
-- Nothing searches inside the column, which is what jsonb would be for. The rewrite locks a table of
-- a few hundred rows.
ALTER TABLE department_list_template_sections ALTER COLUMN config TYPE JSON USING config::json;
COMMENT ON COLUMN department_list_template_sections.config IS 'How the section is rendered (contract 7.4), exactly as its author wrote it.';
