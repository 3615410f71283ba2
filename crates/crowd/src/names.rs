//! What requests are called in the result: the same as in `locust/portal_load/names.py`, because
//! the thresholds refer to them.

pub(crate) const SIGN_IN: &str = "/api/auth/login";
pub(crate) const LIST_FAG: &str = "/api/cases [FAG]";
pub(crate) const LIST_FIN: &str = "/api/cases [FIN]";
pub(crate) const CASE_FAG: &str = "/api/cases/{id} [FAG]";
pub(crate) const CASE_FIN: &str = "/api/cases/{id} [FIN]";
pub(crate) const SAVE_FAG: &str = "/api/cases/{id}/document [FAG]";
pub(crate) const SAVE_FIN: &str = "/api/cases/{id}/content [FIN]";
pub(crate) const STATUS: &str = "/api/cases/{id}/status";
pub(crate) const SUBMIT: &str = "/api/submissions";
pub(crate) const LOCK: &str = "/api/locks";
pub(crate) const HEARTBEAT: &str = "/api/locks/{id}/heartbeat";
pub(crate) const RELEASE: &str = "/api/locks/{id} [release]";
pub(crate) const DEPARTMENT_LISTS: &str = "/api/department-lists";
pub(crate) const DEPARTMENT_LIST: &str = "/api/department-lists/{id}";
pub(crate) const SECTION: &str = "/api/department-lists/{id}/sections/{id}";
pub(crate) const EXPORT_CASES: &str = "/api/export/cases/excel";
pub(crate) const EXPORT_DEPARTMENT_LIST: &str = "/api/export/department-list/word";
pub(crate) const EXPORT_JOB: &str = "/api/export/jobs/{id}";
pub(crate) const DOWNLOAD: &str = "/api/export/jobs/{id}/download";

pub(crate) const QUEUE_TIME: &str = "export, time in queue";
pub(crate) const WHOLE_TIME: &str = "export, from click to file";

/// What is no request is kept apart from requests by its method.
pub(crate) const JOB: &str = "JOB";
/// Between a request's name and a word for an answer that was expected, but not asked for.
pub(crate) const REFUSED: &str = " → ";

/// All that a request or a time may be called.
#[cfg(test)]
pub(crate) const ALL: [&str; 21] = [
    SIGN_IN,
    LIST_FAG,
    LIST_FIN,
    CASE_FAG,
    CASE_FIN,
    SAVE_FAG,
    SAVE_FIN,
    STATUS,
    SUBMIT,
    LOCK,
    HEARTBEAT,
    RELEASE,
    DEPARTMENT_LISTS,
    DEPARTMENT_LIST,
    SECTION,
    EXPORT_CASES,
    EXPORT_DEPARTMENT_LIST,
    EXPORT_JOB,
    DOWNLOAD,
    QUEUE_TIME,
    WHOLE_TIME,
];
