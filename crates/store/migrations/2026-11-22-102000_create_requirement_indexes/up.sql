-- The five indexes of the requirement (section 2.2), by its names and columns. Two of them are UNIQUE
-- here, because the contract makes the same columns a unique key and a second index on them would only
-- slow down saves and heartbeats.

-- Newest version of a case, and no version twice (invariant I2).
CREATE UNIQUE INDEX idx_case_content_latest ON case_contents (case_id, version DESC);

-- The case list of one department in one round.
CREATE INDEX idx_cases_dept_round ON cases (department_id, budget_round_id)
    INCLUDE (case_name, chapter, post, amount, status, case_type, assigned_to);

-- The event log of a case.
CREATE INDEX idx_case_events_case_time ON case_events (case_id, created_at DESC);

-- The lock of a resource; its uniqueness is what lets only one caller win (invariant I3).
CREATE UNIQUE INDEX idx_resource_locks_resource ON resource_locks (resource_type, resource_id);

-- Department list: cases by section.
CREATE INDEX idx_deplist_entries_section
    ON department_list_case_entries (department_list_id, section_id, sort_order);
