"""How people behave: saving, conflicts, locks, exports, limits."""

import json

import pytest
from made_up import MadeUpPortal, person

from portal_load import names
from portal_load.documents import MARK, edit_case_document, edit_rich_text
from portal_load.fag import Fag
from portal_load.fin import Fin
from portal_load.mix import CONFLICT_PAUSE, LONGEST_RATE_PAUSE, SAVE_ATTEMPTS


def text_of(content_json):
    return [
        inline["text"]
        for section in json.loads(content_json)["content"]
        for block in section["content"][1]["content"]
        for inline in block["content"]
    ]


def test_a_save_carries_the_version_that_was_read():
    portal = MadeUpPortal(["under_arbeid"])
    fag = person(Fag, portal)
    fag.save_case()
    fag.save_case()
    assert [body["expectedVersion"] for body in portal.sent("PUT", "/document")] == [3, 4]
    assert portal.cases["case-0"]["version"] == 5


def test_a_conflict_is_met_by_reading_again_and_saving_on_top_of_the_other_ones_work():
    portal = MadeUpPortal(["under_arbeid"])
    fag = person(Fag, portal)

    def another_saves(case):
        portal.before_save = lambda case: None
        case["version"] += 1
        case["content"] = edit_case_document(case["content"], "case-0", "av en annen").replace(
            MARK, "Endret "
        )

    portal.before_save = another_saves
    fag.save_case()
    assert [body["expectedVersion"] for body in portal.sent("PUT", "/document")] == [3, 4]
    # Once to open it, once after the conflict.
    assert len(portal.sent("GET", "/case-0")) == 2
    (pause,) = fag.pauses
    assert CONFLICT_PAUSE[0] <= pause <= CONFLICT_PAUSE[1]
    texts = text_of(portal.cases["case-0"]["content"])
    assert "Endret av en annen" in texts, "the other one's work is kept"
    assert texts[-1].startswith(MARK), "and ours is there too"


def test_whoever_meets_conflict_after_conflict_gives_up():
    portal = MadeUpPortal(["under_arbeid"])
    portal.before_save = lambda case: case.update(version=case["version"] + 1)
    fag = person(Fag, portal)
    assert not fag.save(fag._document)
    assert len(portal.sent("PUT", "/document")) == SAVE_ATTEMPTS


def test_a_case_that_was_sent_away_meanwhile_is_not_saved_again():
    portal = MadeUpPortal(["under_arbeid"])
    portal.before_save = lambda case: case.update(version=9, status="sendt_til_fin")
    fag = person(Fag, portal)
    fag.save_case()
    assert len(portal.sent("PUT", "/document")) == 1


def test_only_cases_that_may_be_edited_are_saved():
    portal = MadeUpPortal(["sendt_til_fin", "under_vurdering_fin", "klarert"])
    fag, fin = person(Fag, portal), person(Fin, portal)
    for _ in range(5):
        fag.save_case()
        fin.leave()
        fin.save_assessment()
    saved = {path for method, path, _, _ in portal.requests if method == "PUT"}
    assert saved == {"/api/cases/case-2/document", "/api/cases/case-1/content"}


def test_an_opened_case_is_locked_and_released_when_another_is_opened():
    portal = MadeUpPortal(["under_arbeid"])
    fag = person(Fag, portal)
    fag.open_case()
    assert fag.lock.id == "lock-1"
    fag.open_case()
    release = next(one for one in portal.requests if "_method=DELETE" in one[1])
    assert release == ("POST", "/api/locks/lock-1?_method=DELETE", {"_method": "DELETE"}, True)
    assert fag.lock.id == "lock-2"


def test_a_case_that_may_only_be_read_is_not_locked():
    portal = MadeUpPortal(["under_vurdering_fin"])
    fag = person(Fag, portal)
    fag.open_case()
    assert fag.open.id == "case-0"
    assert portal.sent("POST", "/locks") == []


def test_the_lock_token_is_sent_with_the_save_it_protects():
    portal = MadeUpPortal(["under_arbeid"])
    fag = person(Fag, portal)
    fag.save_case()
    assert portal.sent("PUT", "/document")[0]["lockToken"] == 1


def test_whoever_finds_every_case_locked_works_without_the_lock():
    portal = MadeUpPortal(["under_arbeid", "klarert"])
    portal.held_by_others = {"case-0", "case-1"}
    fag = person(Fag, portal)
    fag.save_case()
    assert len(portal.sent("POST", "/locks")) == 2
    (body,) = portal.sent("PUT", "/document")
    assert "lockToken" not in body


def test_heartbeats_are_sent_only_for_a_lock_that_is_held():
    portal = MadeUpPortal(["under_arbeid"])
    fag = person(Fag, portal)
    fag.heartbeat()
    assert portal.requests == []
    fag.open_case()
    fag.heartbeat()
    assert portal.requests[-1][:2] == ("PUT", "/api/locks/lock-1/heartbeat")


def test_a_lost_lock_is_noticed_by_the_heartbeat_and_taken_again_before_saving():
    portal = MadeUpPortal(["under_arbeid"])
    fag = person(Fag, portal)
    fag.open_case()
    portal.refusals[names.HEARTBEAT] = (404, {})
    fag.heartbeat()
    assert fag.lock is None
    fag.save_case()
    assert fag.lock.id == "lock-2"


def test_cases_never_run_out_of_what_can_be_submitted():
    portal = MadeUpPortal(["godkjent_pol", "sendt_til_fin"])
    fag = person(Fag, portal)
    for _ in range(6):
        fag.submit_case()
    assert len(portal.sent("POST", "/submissions")) == 6
    assert len(portal.sent("PATCH", "/status")) == 5


def test_an_export_is_polled_and_fetched_and_its_time_in_the_queue_is_the_portals_own():
    portal = MadeUpPortal([])
    portal.job = {
        "status": "completed",
        "createdAt": "2026-02-17T12:00:00.000000Z",
        "startedAt": "2026-02-17T12:00:01.250000Z",
        "completedAt": "2026-02-17T12:00:03.000000Z",
        "resultUrl": "/api/files/job?token=x",
    }
    fag = person(Fag, portal)
    fag.export_list()
    assert fag.pauses == [2]
    assert portal.reports == [(names.QUEUE_TIME, 1250, None), (names.WHOLE_TIME, 3000, None)]
    assert portal.requests[-1] == ("GET", "/api/files/job?token=x", None, True)


@pytest.mark.parametrize("status", ["failed", "processing"])
def test_an_export_that_yields_no_document_is_a_failure(status):
    portal = MadeUpPortal([])
    portal.job = {"status": status}
    fag = person(Fag, portal)
    fag.export_list()
    ((_, _, failure),) = portal.reports
    assert failure


def test_whoever_asks_too_much_waits_but_not_for_ever():
    portal = MadeUpPortal(["under_arbeid"])
    portal.refusals[names.LIST_FAG] = (429, {})
    fag = person(Fag, portal)
    fag.view_list()
    assert fag.pauses == [7.0]
    assert LONGEST_RATE_PAUSE >= 7


def test_a_department_list_is_written_only_by_the_holder_of_its_lock():
    portal = MadeUpPortal([])
    fin = person(Fin, portal)
    portal.held_by_others = {"list"}
    fin.edit_department_list()
    assert portal.sent("PUT", "/text") == []
    portal.held_by_others = set()
    fin.edit_department_list()
    (body,) = portal.sent("PUT", "/text")
    assert MARK in body["contentJson"]
    assert fin.lock is None


def test_lists_across_departments_are_asked_for_in_the_mixs_proportions():
    fin = person(Fin, MadeUpPortal([]))
    paths = [fin.list_path() for _ in range(5_000)]
    share = sum("departmentId=" in path for path in paths) / len(paths)
    assert share == pytest.approx(0.6, abs=0.03)
    assert sum("myDepartments=false" in path for path in paths) / len(paths) == pytest.approx(
        0.1, abs=0.02
    )


def test_documents_do_not_grow_with_the_number_of_saves():
    case, text = edit_case_document(None, "c", "a"), edit_rich_text(None, "a")
    assert len(edit_case_document(case, "c", "b")) == len(case)
    assert len(edit_rich_text(text, "b")) == len(text)
