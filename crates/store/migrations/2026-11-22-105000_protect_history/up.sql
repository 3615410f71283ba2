-- The event log must allow a reconstruction of who did what when, and content versions are snapshots
-- (contract 13). No service has the right to change either; these triggers also stop the owner's own
-- tools. They fire on UPDATE and DELETE only, so appending costs nothing.
CREATE FUNCTION refuse_history_change() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% on % is not allowed: history is append-only', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege';
END
$$;

CREATE TRIGGER case_contents_are_immutable
    BEFORE UPDATE ON case_contents
    FOR EACH ROW EXECUTE FUNCTION refuse_history_change();

CREATE TRIGGER case_events_are_immutable
    BEFORE UPDATE ON case_events
    FOR EACH ROW EXECUTE FUNCTION refuse_history_change();

-- Depth 0 is a statement of a client; the cascade from a deleted case arrives from inside a trigger.
CREATE TRIGGER case_events_are_append_only
    BEFORE DELETE ON case_events
    FOR EACH ROW WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION refuse_history_change();
