"""Somebody in a ministry: writes cases and sends them to the Ministry of Finance."""

from portal_load import names
from portal_load.documents import edit_case_document
from portal_load.person import Person

# Fields the client's export dialog has ticked.
EXPORT_FIELDS = ["caseName", "chapter", "post", "amount", "status"]


class Fag(Person):
    """Its methods are the actions of `mix.FAG_ACTIONS`."""

    list_name = names.LIST_FAG
    case_name = names.CASE_FAG
    # The ministry may also edit approved cases; these go to and fro between approval and submission
    # here, so that whoever edited one would be refused as often as not.
    editable = frozenset({"draft", "under_arbeid", "til_avklaring", "klarert", "returnert_til_fag"})

    def list_path(self) -> str:
        department, round_id = self.account.department, self.world.round_id
        return f"/api/cases?departmentId={department}&budgetRoundId={round_id}"

    def save_case(self) -> None:
        self.save(self._document)

    def _document(self, case):
        text = f"{self.account.email} har gått gjennom saken ({self.rng.randrange(10_000)})."
        body = {"contentJson": edit_case_document(case.content_json, case.id, text)}
        return "PUT", f"/api/cases/{case.id}/document", names.SAVE_FAG, body

    def submit_case(self) -> None:
        """Sends an approved case to FIN. When there is none left, one that waits at FIN is taken
        back first, as the ministry may: so a run of any length has something to send."""
        case = self._some_case({"godkjent_pol"})
        if case is None:
            case = self._some_case({"sendt_til_fin"})
            if case is None or not self._take_back(case):
                return
        body = {
            "budgetRoundId": self.world.round_id,
            "caseIds": [case["id"]],
            "isSupplement": True,
        }
        answer = self.ask("POST", "/api/submissions", names.SUBMIT, body, {400: "sent by another"})
        if answer.ok or answer.status == 400:
            case["status"] = "sendt_til_fin"

    def _take_back(self, case) -> bool:
        path, body = f"/api/cases/{case['id']}/status", {"status": "godkjent_pol"}
        answer = self.ask("PATCH", path, names.STATUS, body, {400: "moved by another"})
        if answer.ok or answer.status == 400:
            case["status"] = "godkjent_pol"
        return answer.ok

    def export_list(self) -> None:
        filters = {"departmentId": self.account.department, "budgetRoundId": self.world.round_id}
        body = {"filters": filters, "fields": EXPORT_FIELDS}
        self.order_and_go_on("/api/export/cases/excel", names.EXPORT_CASES, body)
