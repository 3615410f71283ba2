COMMENT ON COLUMN department_list_template_sections.config IS NULL;
ALTER TABLE department_list_template_sections ALTER COLUMN config TYPE JSONB USING config::jsonb;
