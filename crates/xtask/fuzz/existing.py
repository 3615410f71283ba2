"""Things that exist, learned from the portal's answers, so that requests reach more than a 404.

An address is known by its template with nameless parameters, `/api/cases/{}/comments/{}`; what
exists there is a set of tuples with one id for each parameter.
"""

import random
import re
import uuid

from callers import ADMINISTRATOR, SESSIONS, ask, number, token_of

PARAMETER = re.compile(r"\{[^{}]*\}")
# Where the items of a nested list have an address of their own, below the address of the whole.
NESTED = {
    "/api/department-lists/{}": {"sections": "sections", "caseEntries": "case-entries"},
    "/api/department-list-templates/{}": {"sections": "sections"},
}
# Lists whose items are addressed elsewhere.
ELSEWHERE = {
    "/api/cases/{}/questions": "/api/questions/{}",
    "/api/questions/my-pending": "/api/questions/{}",
    "/api/cases/my-tasks": "/api/cases/opinions/{}",
    "/api/cases/{}/opinions": "/api/cases/opinions/{}",
    "/api/cases/{}/content": "/api/cases/{}/content/{}",
    "/api/cases/list": "/api/cases/{}",
    "/api/cases/my-cases": "/api/cases/{}",
    "/api/cases/history": "/api/cases/{}",
}
# A long run makes thousands of cases; a few hundred are as good.
MOST = 300

known = {}


def nameless(template):
    return PARAMETER.sub("{}", template)


def is_id(value):
    try:
        uuid.UUID(str(value))
    except ValueError:
        return False
    return True


def remember(address, ids):
    """Keeps in mind that this thing exists."""
    found = known.setdefault(address, {})
    if len(found) < MOST:
        found[ids] = None


def forget(address, ids):
    """Forgets a deleted thing and all below it."""
    for other, found in known.items():
        if other.startswith(address):
            for gone in [entry for entry in found if entry[: len(ids)] == ids]:
                del found[gone]


def learn(template, ids, answer):
    """Remembers what an answer names; `ids` are the request's own parameters."""
    address = nameless(template)
    if isinstance(answer, list):
        target = ELSEWHERE.get(address, f"{address}/{{}}")
        for item in answer:
            if isinstance(item, dict):
                learn_item(target, ids, item)
    elif isinstance(answer, dict):
        if address.endswith("}"):
            learn_nested(address, ids, answer)
        else:
            learn_item(ELSEWHERE.get(address, f"{address}/{{}}"), ids, answer)


def learn_item(address, ids, item):
    own = item.get("version") if address.endswith("/content/{}") else item.get("id")
    if own is None or own == str(uuid.UUID(int=0)):
        return
    ids = (*ids, own)[-address.count("{}") :]
    if len(ids) == address.count("{}"):
        remember(address, ids)
        learn_nested(address, ids, item)


def learn_nested(address, ids, whole):
    for opinion in whole.get("opinions") or []:
        remember("/api/cases/opinions/{}", (opinion["id"],))
    for reply in whole.get("replies") or []:
        remember(address, (*ids[:-1], reply["id"]))
    below = next((root for root in NESTED if address.startswith(root)), None)
    if below is None:
        return
    root = ids[: below.count("{}")]
    for key, segment in (*NESTED[below].items(), ("children", "sections")):
        for item in whole.get(key) or []:
            remember(f"{below}/{segment}/{{}}", (*root, item["id"]))
            learn_nested(address, ids, item)


def some(address, *key):
    """One of the ids known at `address`, the same for the same key; `None` if there is none."""
    found = list(known.get(address, ()))
    return found[number(address, *key) % len(found)] if found else None


def aim(template, parameters):
    """Other parameters for this template, of something that exists; `None` to leave them."""
    names = [name[1:-1] for name in PARAMETER.findall(template)]
    address = nameless(template)
    if not all(is_id(parameters.get(name)) or name == "version" for name in names):
        return None
    ids = tuple(parameters.get(name) for name in names)
    resource = address[: address.rfind("{}") + 2]
    # One in eight stays what it is, and is nothing.
    if not names or ids in known.get(resource, ()) or number("stay", ids) % 8 == 0:
        return None
    while resource.count("{}") > 0:
        chosen = some(resource, template, ids)
        if chosen:
            return dict(zip(names, chosen))
        resource = resource[: resource.rfind("/{}")]
        resource = resource[: resource.rfind("{}") + 2]
    return None


DOCUMENTS = [
    '{"type":"doc","content":[]}',
    '{"type":"caseDocument","content":[{"type":"caseSection","attrs":{"fieldKey":"proposalText"},'
    '"content":[{"type":"sectionContent","content":[{"type":"paragraph","content":'
    '[{"type":"text","text":"Bevilgningen økes."}]}]}]}]}',
]
CASE_TYPES = ["satsingsforslag", "budsjettiltak", "teknisk_justering", "andre_saker"]
# Where a property's value lives.
REFERENCES = {
    "budgetRoundId": "/api/budget-rounds/{}",
    "departmentId": "/api/departments/{}",
    "caseId": "/api/cases/{}",
    "caseIds": "/api/cases/{}",
    "resourceId": "/api/cases/{}",
    "departmentListId": "/api/department-lists/{}",
    "templateId": "/api/department-list-templates/{}",
    "assignedTo": "/api/auth/users/{}",
    "newAssignedTo": "/api/auth/users/{}",
    "forwardTo": "/api/auth/users/{}",
}
WORDS = {
    "caseType": CASE_TYPES,
    "caseTypeCode": CASE_TYPES,
    "contentJson": DOCUMENTS,
    "answerJson": DOCUMENTS,
    "overrideContent": DOCUMENTS,
    "config": ['{"case_type_filter":"satsingsforslag"}', "{}"],
    "expectedVersion": [None, 1, 2],
}


def make_real(values, *key):
    """Puts in place of most references something that they can refer to. Keeps every type."""
    for name, value in list(values.items()):
        dice = random.Random(number("real", name, value, *key))
        if isinstance(value, dict):
            make_real(value, name, *key)
        elif name in REFERENCES and dice.random() < 0.8:
            found = [entry[0] for entry in known.get(REFERENCES[name], ())]
            if found and isinstance(value, list):
                values[name] = dice.sample(found, min(len(found), dice.randint(1, 3)))
            elif found and isinstance(value, str):
                values[name] = dice.choice(found)
        elif name in WORDS and value is not None and dice.random() < 0.8:
            values[name] = dice.choice(WORDS[name])


def explore():
    """Looks around as an administrator, and adds what demo data has none of."""
    token = token_of(ADMINISTRATOR)

    def look(template, *ids):
        found = ask("GET", template.format(*ids), token)
        learn(template, ids, found)
        return found or []

    for template in [
        "/api/budget-rounds",
        "/api/departments",
        "/api/case-types",
        "/api/department-lists",
        "/api/department-list-templates",
        "/api/export/jobs",
    ]:
        look(template)
    for session in SESSIONS.values():
        remember("/api/auth/users/{}", (session["user"]["id"],))
    own = SESSIONS["saksbehandler_fag"]["user"]["departmentId"]
    cases = ask("GET", "/api/cases", token) or []
    # Most of the ministry that the callers are of; a few of everybody's, of any status.
    ours = [case for case in cases if case["departmentId"] == own]
    for case in ours[:60] + [case for case in cases if case["departmentId"] != own][:20]:
        remember("/api/cases/{}", (case["id"],))
    for case in ours[:12]:
        look("/api/cases/{}", case["id"])
        ask("POST", f"/api/cases/{case['id']}/comments", token, COMMENT)
        ask("POST", f"/api/cases/{case['id']}/conclusions", token, CONCLUSION)
        for below in ["content", "comments", "questions", "conclusions"]:
            look(f"/api/cases/{{}}/{below}", case["id"])
    for (id_,) in list(known.get("/api/department-lists/{}", ())):
        look("/api/department-lists/{}", id_)


COMMENT = {"commentText": "Se her.", "anchorText": "tekst", "commentId": str(uuid.UUID(int=7))}
CONCLUSION = {"text": "Regjeringen slutter seg til forslaget.", "sortOrder": 1}
