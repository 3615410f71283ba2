-- Direct pointer to the newest content, so that lists never look for MAX(version) (requirement 2.3).
ALTER TABLE cases ADD COLUMN latest_content_id UUID;

UPDATE cases
SET latest_content_id = newest.id
FROM (
    SELECT DISTINCT ON (case_id) case_id, id
    FROM case_contents
    ORDER BY case_id, version DESC
) AS newest
WHERE newest.case_id = cases.id;

-- After the back-fill, so that it is checked once over the whole table. Deferrable, because a case and
-- its first content refer to each other and bulk loads write each table in one go.
ALTER TABLE cases
    ADD CONSTRAINT cases_latest_content_id_fkey FOREIGN KEY (latest_content_id)
    REFERENCES case_contents (id) ON DELETE SET NULL DEFERRABLE INITIALLY IMMEDIATE;

COMMENT ON COLUMN cases.latest_content_id IS 'The content row with the highest version; set in the transaction of every save (invariant I2).';
