DROP TRIGGER case_events_are_append_only ON case_events;
DROP TRIGGER case_events_are_immutable ON case_events;
DROP TRIGGER case_contents_are_immutable ON case_contents;
DROP FUNCTION refuse_history_change();
