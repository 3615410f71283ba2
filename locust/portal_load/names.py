"""What requests are called in the statistics. `thresholds.toml` refers to these names."""

SIGN_IN = "/api/auth/login"
LIST_FAG = "/api/cases [FAG]"
LIST_FIN = "/api/cases [FIN]"
CASE_FAG = "/api/cases/{id} [FAG]"
CASE_FIN = "/api/cases/{id} [FIN]"
SAVE_FAG = "/api/cases/{id}/document [FAG]"
SAVE_FIN = "/api/cases/{id}/content [FIN]"
STATUS = "/api/cases/{id}/status"
SUBMIT = "/api/submissions"
LOCK = "/api/locks"
HEARTBEAT = "/api/locks/{id}/heartbeat"
RELEASE = "/api/locks/{id} [release]"
DEPARTMENT_LISTS = "/api/department-lists"
DEPARTMENT_LIST = "/api/department-lists/{id}"
SECTION = "/api/department-lists/{id}/sections/{id}"
EXPORT_CASES = "/api/export/cases/excel"
EXPORT_DEPARTMENT_LIST = "/api/export/department-list/word"
EXPORT_JOB = "/api/export/jobs/{id}"
DOWNLOAD = "/api/export/jobs/{id}/download"

# Not requests: what the server's own times of a finished job say.
QUEUE_TIME = "export, time in queue"
WHOLE_TIME = "export, from click to file"
STORM_EXPORT = "export of the storm, from click to file"

# What is no request is kept apart from requests by its method.
JOB = "JOB"
# Where a request was answered as the model expects, but not with what was asked for: those answers
# are quick and would flatter the times of the others.
REFUSED = " → "
