//! E86 and E87, by the rules of domain contract 7.2.

use serde_json::{Value, json};
use test_support::Answer;
use test_support::portal::{User, id_of, unknown_id};

use super::{ScratchList, array, demo_list, entries, fin, section, sections, text};

/// Case types that the demo's template for August has a section for.
const ROUTED: [&str; 3] = ["satsingsforslag", "budsjettiltak", "andre_saker"];

impl ScratchList {
    async fn place(&self, case: &str) -> Answer {
        let path = self.path(&format!("/place-case/{case}"));
        self.fin.http.post(&path, &json!({})).await
    }
}

fn is_routed(case: &Value) -> bool {
    ROUTED.contains(&text(&case["caseType"]))
}

/// The case of an entry among these.
fn case_of<'a>(entry: &Value, cases: &'a [Value]) -> &'a Value {
    let found = cases.iter().find(|case| case["id"] == entry["caseId"]);
    found.unwrap_or_else(|| panic!("{entry} was not to be placed"))
}

#[tokio::test]
async fn e86_every_eligible_case_with_a_section_is_placed_once() {
    let list = ScratchList::make().await;
    let cases = list.placeable().await;
    let mut expected: Vec<&str> = cases.iter().filter(|case| is_routed(case)).map(id_of).collect();
    assert!(expected.len() >= 7, "the demo has seven in every ministry");
    assert_eq!(list.auto_place().await, u64::try_from(expected.len()).expect("few"));
    let shown = list.read().await;
    let mut placed: Vec<&str> =
        entries(&shown).into_iter().map(|entry| text(&entry["caseId"])).collect();
    expected.sort_unstable();
    placed.sort_unstable();
    assert_eq!(placed, expected);
    list.delete().await;
}

#[tokio::test]
async fn e86_cases_go_to_the_section_of_their_type() {
    let list = ScratchList::make().await;
    list.auto_place().await;
    let shown = list.read().await;
    for section in sections(&shown) {
        let expected = match (text(&section["sectionType"]), text(&section["title"])) {
            ("case_group", "Satsingsforslag") => "satsingsforslag",
            ("case_group", _) => "budsjettiltak",
            ("summary_section", _) => "andre_saker",
            _ => {
                assert!(array(&section["caseEntries"]).is_empty(), "{section}");
                continue;
            }
        };
        assert!(!array(&section["caseEntries"]).is_empty(), "{section}");
        for entry in array(&section["caseEntries"]) {
            assert_eq!(entry["caseType"], expected);
        }
    }
    list.delete().await;
}

#[tokio::test]
async fn e86_entries_are_numbered_by_priority_and_then_by_name() {
    let list = ScratchList::make().await;
    for _ in 0..2 {
        list.new_case("satsingsforslag").await;
    }
    let cases = list.placeable().await;
    list.auto_place().await;
    let shown = list.read().await;
    for section in sections(&shown) {
        let placed = array(&section["caseEntries"]);
        let numbers: Vec<_> = placed.iter().map(|entry| entry["sortOrder"].as_u64()).collect();
        assert!(numbers.iter().copied().eq((1..).map(Some).take(placed.len())), "{numbers:?}");
        let order: Vec<_> = placed
            .iter()
            .map(|entry| {
                let case = case_of(entry, &cases);
                let priority = case["priorityNumber"].as_i64();
                (priority.is_none(), priority, text(&case["caseName"]))
            })
            .collect();
        assert!(order.is_sorted(), "{order:?}");
    }
    list.delete().await;
}

#[tokio::test]
async fn e86_the_subgroup_is_fins_placement_of_the_case() {
    let list = ScratchList::make().await;
    let cases = list.placeable().await;
    list.auto_place().await;
    let shown = list.read().await;
    let mut in_a_list = 0;
    for entry in entries(&shown) {
        let placement = &case_of(entry, &cases)["finListPlacement"];
        if placement.is_string() {
            assert_eq!(&entry["subgroup"], placement);
            in_a_list += 1;
        }
    }
    assert!(in_a_list > 0, "the demo has placed cases in every ministry");
    list.delete().await;
}

#[tokio::test]
async fn e86_placing_again_places_nothing_and_changes_nothing() {
    let list = ScratchList::make().await;
    assert!(list.auto_place().await > 0);
    let before = list.read().await;
    assert_eq!(list.auto_place().await, 0);
    assert_eq!(list.read().await, before);
    list.delete().await;
}

#[tokio::test]
async fn e86_a_removed_entry_is_placed_again_behind_the_others() {
    let list = ScratchList::make().await;
    list.auto_place().await;
    let before = list.read().await;
    let group = section(&before, "case_group");
    let entries = array(&group["caseEntries"]);
    let (front, back) = (&entries[0], &entries[entries.len() - 1]);
    let path = list.path(&format!("/case-entries/{}", id_of(front)));
    list.fin.http.delete(&path).await.assert_status(204);
    assert_eq!(list.auto_place().await, 1);
    let after = list.read().await;
    let again = array(&section(&after, "case_group")["caseEntries"]).last().expect("an entry");
    assert_eq!(again["caseId"], front["caseId"]);
    assert_ne!(again["id"], front["id"]);
    let expected = back["sortOrder"].as_i64().expect("a number") + 1;
    assert_eq!(again["sortOrder"], expected);
    list.delete().await;
}

#[tokio::test]
async fn e86_a_case_put_in_by_hand_is_left_where_it_is() {
    let list = ScratchList::make().await;
    let case = list.new_case("satsingsforslag").await;
    let entry = list.add(&case, "decisions_section").await;
    list.auto_place().await;
    let shown = list.read().await;
    let of_the_case: Vec<_> =
        entries(&shown).into_iter().filter(|one| one["caseId"] == case["id"]).collect();
    assert_eq!(of_the_case, [&entry]);
    list.delete().await;
}

#[tokio::test]
async fn e86_a_case_that_goes_back_keeps_its_entry() {
    let list = ScratchList::make().await;
    let case = list.new_case("budsjettiltak").await;
    list.auto_place().await;
    let path = format!("/api/cases/{}/status", id_of(&case));
    let back = json!({ "status": "sendt_til_fin" });
    list.fin.http.patch(&path, &back).await.assert_status(200);
    let shown = list.read().await;
    assert!(entries(&shown).iter().any(|entry| entry["caseId"] == case["id"]));
    assert_eq!(list.auto_place().await, 0);
    list.delete().await;
}

#[tokio::test]
async fn e86_placing_is_a_change_of_the_list() {
    let list = ScratchList::make().await;
    let before = list.read().await;
    assert!(list.auto_place().await > 0);
    assert!(text(&list.read().await["updatedAt"]) > text(&before["updatedAt"]));
    list.delete().await;
}

#[tokio::test]
async fn e86_no_body_is_needed() {
    let list = ScratchList::make().await;
    let request = list.fin.http.request(reqwest::Method::POST, &list.path("/auto-place"));
    let answer = list.fin.http.send(request).await.assert_status(200).json();
    assert_eq!(super::keys(&answer), ["placed"]);
    list.delete().await;
}

#[tokio::test]
async fn e86_an_unknown_list_is_404_and_ministries_are_refused() {
    let fin = fin().await;
    let path = format!("/api/department-lists/{}/auto-place", unknown_id());
    fin.http.post(&path, &json!({})).await.assert_problem(404, "/problems/not-found");
    let path = format!("/api/department-lists/{}/auto-place", id_of(&demo_list(&fin).await));
    let fag = User::fag("aid").await;
    fag.http.post(&path, &json!({})).await.assert_problem(403, "/problems/forbidden");
}

#[tokio::test]
async fn e87_one_case_is_placed_and_the_answer_says_where() {
    let list = ScratchList::make().await;
    let case = list.new_case("andre_saker").await;
    let placed = list.place(id_of(&case)).await.assert_status(200).json();
    assert_eq!(super::keys(&placed), ["entryId", "sectionId"]);
    let shown = list.read().await;
    let all = entries(&shown);
    assert_eq!(all.len(), 1, "no other case is placed");
    assert_eq!(all[0]["id"], placed["entryId"]);
    assert_eq!(all[0]["caseId"], case["id"]);
    assert_eq!(section(&shown, "summary_section")["id"], placed["sectionId"]);
    list.delete().await;
}

#[tokio::test]
async fn e87_a_case_is_not_placed_twice() {
    let list = ScratchList::make().await;
    let case = list.new_case("andre_saker").await;
    list.place(id_of(&case)).await.assert_status(200);
    let before = list.read().await;
    list.place(id_of(&case)).await.assert_problem(400, "/problems/invalid-request");
    assert_eq!(list.read().await, before);
    list.delete().await;
}

#[tokio::test]
async fn e87_a_case_without_a_section_for_its_type_is_not_placed() {
    let list = ScratchList::make().await;
    let case = list.new_case("teknisk_justering").await;
    list.place(id_of(&case)).await.assert_problem(400, "/problems/invalid-request");
    assert!(entries(&list.read().await).is_empty());
    list.delete().await;
}

#[tokio::test]
async fn e87_a_case_that_fin_has_not_taken_up_is_not_placed() {
    let list = ScratchList::make().await;
    let waiting = list.cases("sendt_til_fin").await;
    let case = waiting.iter().find(|case| is_routed(case)).expect("a case in every ministry");
    list.place(id_of(case)).await.assert_problem(400, "/problems/invalid-request");
    list.delete().await;
}

#[tokio::test]
async fn e87_a_case_of_another_ministry_is_not_placed() {
    let list = ScratchList::make().await;
    let demo = demo_list(&list.fin).await;
    let foreign = text(&entries(&demo)[0]["caseId"]).to_owned();
    list.place(&foreign).await.assert_problem(400, "/problems/invalid-request");
    assert!(entries(&list.read().await).is_empty());
    list.delete().await;
}

#[tokio::test]
async fn e87_a_case_that_fin_may_not_open_is_forbidden() {
    let list = ScratchList::make().await;
    let ministry = User::fag(&list.department.to_lowercase()).await;
    let draft = ministry.create_case("Utkast som ikke er sendt").await;
    list.place(id_of(&draft)).await.assert_problem(403, "/problems/forbidden");
    list.delete().await;
}

#[tokio::test]
async fn e87_unknown_ids_are_404_and_ministries_are_refused() {
    let list = ScratchList::make().await;
    let case = list.new_case("andre_saker").await;
    list.place(&unknown_id()).await.assert_problem(404, "/problems/not-found");
    let path = format!("/api/department-lists/{}/place-case/{}", unknown_id(), id_of(&case));
    list.fin.http.post(&path, &json!({})).await.assert_problem(404, "/problems/not-found");
    let ministry = User::fag(&list.department.to_lowercase()).await;
    let path = list.path(&format!("/place-case/{}", id_of(&case)));
    ministry.http.post(&path, &json!({})).await.assert_problem(403, "/problems/forbidden");
    list.delete().await;
}
