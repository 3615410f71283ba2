"""Somebody in the Ministry of Finance: assesses cases and writes the departments' lists."""

from portal_load import mix, names
from portal_load.documents import edit_rich_text
from portal_load.person import Person
from portal_load.world import DEPARTMENTS

EXPORT_PATH = "/api/export/department-list/word"

# Sections of a list that hold text of its own.
WRITABLE_SECTIONS = ("freetext", "fixed_content")


class Fin(Person):
    """Its methods are the actions of `mix.FIN_ACTIONS`."""

    list_name = names.LIST_FIN
    case_name = names.CASE_FIN
    editable = frozenset({"under_vurdering_fin", "ferdigbehandlet_fin"})
    # What has just been sent may be taken back by the ministry at any moment (`Fag.submit_case`),
    # and would then be refused; a case that FIN has begun with stays.
    openable = editable

    def __init__(self, *arguments, **named):
        super().__init__(*arguments, **named)
        # Ids of the departments' lists, by code.
        self.department_lists: dict[str, str] = {}

    def list_path(self) -> str:
        kinds, weights = zip(*mix.FIN_LISTS.items(), strict=True)
        (kind,) = self.rng.choices(kinds, weights)
        query = f"/api/cases?budgetRoundId={self.world.round_id}"
        if kind == "department":
            query += f"&departmentId={self.rng.choice(DEPARTMENTS)}"
        elif kind == "everything":
            query += "&myDepartments=false"
        return query

    def save_assessment(self) -> None:
        self.save(self._assessment)

    def _assessment(self, case):
        text = f"FIN tilrår forslaget. Vurdert på nytt ({self.rng.randrange(10_000)})."
        return "PUT", f"/api/cases/{case.id}/content", names.SAVE_FIN, {"finAssessment": text}

    def open_department_list(self) -> None:
        found = self._department_list()
        if found is not None:
            self._read_list(found)

    def edit_department_list(self) -> None:
        """Writes in a list. Lists have no version check, so only the lock's holder writes."""
        found = self._department_list()
        if found is None:
            return
        self.leave()
        if not self.take_lock("department_list", found):
            return
        document = self._read_list(found)
        sections = list(_writable(document.get("sections") or [])) if document else []
        if sections:
            section = self.rng.choice(sections)
            text = f"{self.account.email} har gått gjennom teksten ({self.rng.randrange(10_000)})."
            body = {"contentJson": edit_rich_text(section["contentJson"], text)}
            path = f"/api/department-lists/{found}/sections/{section['id']}"
            self.ask("PUT", path, names.SECTION, body)
        self.release()

    def export_department_list(self) -> None:
        found = self._department_list()
        if found is not None:
            body = {"departmentListId": found}
            self.order_and_go_on(EXPORT_PATH, names.EXPORT_DEPARTMENT_LIST, body)

    def _department_list(self) -> str | None:
        """The list of any department, which is looked up once."""
        code = self.rng.choice(DEPARTMENTS)
        if code not in self.department_lists:
            path = f"/api/department-lists?budgetRoundId={self.world.round_id}&departmentId={code}"
            answer = self.ask("GET", path, names.DEPARTMENT_LISTS)
            if not answer.ok or not answer.json():
                return None
            self.department_lists[code] = answer.json()[0]["id"]
        return self.department_lists[code]

    def _read_list(self, list_id: str) -> dict | None:
        answer = self.ask("GET", f"/api/department-lists/{list_id}", names.DEPARTMENT_LIST)
        return answer.json() if answer.ok else None


def _writable(sections):
    for section in sections:
        if section["sectionType"] in WRITABLE_SECTIONS:
            yield section
        yield from _writable(section["children"])
