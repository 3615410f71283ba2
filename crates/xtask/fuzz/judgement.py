"""Which of schemathesis' findings are the contract's own rules, and no bug.

A JSON schema says what a request looks like. It cannot say that a round must exist or that a
status must follow another, so a good-looking request may be refused (`is_a_rule`); and the
contract reads a few bad-looking ones kindly (`is_read_kindly`). Nothing else is excused.
"""

import json
import re

# Problems that say: this is no request of this kind. Any other 400 is a rule of the workflow.
MALFORMED = {"/problems/invalid-request", "/problems/invalid-json"}
# Properties whose value must be the name of something that exists, or of something allowed in the
# state that the case is in.
REFERENCES = {
    # E51: in the query or in the body, but in one of them.
    "_method",
    "assignedTo",
    "budgetRoundId",
    "caseId",
    "caseIds",
    "caseType",
    "caseTypeCode",
    "departmentId",
    "departmentListId",
    "fields",
    "forwardTo",
    "newAssignedTo",
    "sectionId",
    "templateId",
}
# Properties with a grammar of their own: JSON in a string.
GRAMMARS = {"config"}
# Contract 1.2: these words in a query are no value at all.
ABSENT = {"", "None", "null", "undefined"}


def is_excused(finding, request, response):
    """Whether a finding is what the contract wants."""
    match type(finding).__name__:
        case "RejectedPositiveData":
            return response.status_code == 400 and is_a_rule(request, response)
        case "AcceptedNegativeData":
            return is_read_kindly(request)
        case "UnsupportedMethodResponse" | "AllowHeaderMismatch":
            return stands_where_an_id_stands(request)
        case "EnsureResourceAvailability":
            # The same caller may have given the same lock up in between.
            return request.path.startswith("/api/locks/")
        case _:
            return False


def is_a_rule(case, response):
    """Whether a refusal is for something that a schema cannot say."""
    problem = response.json()
    if problem["type"] not in MALFORMED or holds_nul(case):
        return True
    if case.media_type == "multipart/form-data":
        # Random bytes are no picture, and may hold what parts the form.
        return True
    blamed = {error["pointer"].strip("/").split("/")[-1] for error in problem.get("errors", [])}
    blamed |= {error["pointer"].strip("/").split("/")[0] for error in problem.get("errors", [])}
    return bool(blamed & (REFERENCES | GRAMMARS))


def holds_nul(case):
    """U+0000 is in no text that PostgreSQL can hold; that is said of all texts at once."""
    sent = json.dumps([case.query, case.body, case.path_parameters], default=str)
    return "\\u0000" in sent or "%00" in sent


def is_read_kindly(case):
    """Whether all that is wrong is a value of a query, or a filter of an export, that counts as none."""
    body = case.body if isinstance(case.body, dict) else {}
    filters = body.get("filters")
    sent = [*(case.query or {}).values(), *(filters if isinstance(filters, dict) else {}).values()]
    values = [text for value in sent for text in (value if isinstance(value, list) else [value])]
    return any(str(text) in ABSENT or text is None for text in values)


def stands_where_an_id_stands(request):
    """Whether the address, `/api/locks/verify`, is also that of an id, `/api/locks/{id}`.

    A method that only the other one knows finds nothing with that id, and says so with a 404.
    """
    others = request.operation.schema.raw_schema["paths"]
    return any(
        other != request.path and re.fullmatch(re.sub(r"\{[^{}]*\}", "[^/]+", other), request.path)
        for other in others
    )
