//! E77 and E78.

use serde_json::{Value, json};
use test_support::portal::{User, id_of, unknown_id};

use super::{
    ScratchList, admin, array, demo_list, entries, fin, keys, lists, section, sections, text,
};

const LIST_KEYS: [&str; 12] = [
    "budgetRoundId",
    "createdAt",
    "createdBy",
    "departmentCode",
    "departmentId",
    "departmentName",
    "id",
    "sections",
    "status",
    "templateId",
    "templateName",
    "updatedAt",
];

#[tokio::test]
async fn e77_lists_have_exactly_the_contracts_keys_and_no_sections() {
    let lists = lists(&fin().await, "").await;
    assert!(lists.len() >= 10, "the demo has ten");
    for list in &lists {
        assert_eq!(keys(list), LIST_KEYS);
        assert_eq!(list["sections"], Value::Null);
    }
}

#[tokio::test]
async fn e77_the_newest_list_comes_first() {
    let lists = lists(&fin().await, "").await;
    let created: Vec<&str> = lists.iter().map(|list| text(&list["createdAt"])).collect();
    assert!(created.iter().rev().is_sorted(), "{created:?}");
    assert!(created.iter().all(|time| time.ends_with('Z')), "{created:?}");
}

#[tokio::test]
async fn e77_a_round_is_filtered_by_both_spellings() {
    let fin = fin().await;
    let round = fin.august_round().await;
    for name in ["budget_round_id", "budgetRoundId"] {
        let lists = lists(&fin, &format!("?{name}={round}")).await;
        assert!(lists.len() >= 5, "{name}");
        assert!(lists.iter().all(|list| list["budgetRoundId"] == round.as_str()), "{name}");
    }
}

#[tokio::test]
async fn e77_a_department_is_named_by_id_or_code_in_any_case() {
    let fin = fin().await;
    let by_code = lists(&fin, "?department_id=AID").await;
    assert_eq!(by_code.len(), 2, "one in August and one in March");
    assert!(by_code.iter().all(|list| list["departmentCode"] == "AID"));
    let id = text(&by_code[0]["departmentId"]);
    for query in [
        "?departmentId=aid".to_owned(),
        format!("?departmentId={id}"),
        format!("?department_id={}", id.to_uppercase()),
    ] {
        assert_eq!(lists(&fin, &query).await, by_code, "{query}");
    }
}

#[tokio::test]
async fn e77_both_filters_leave_one_list() {
    let fin = fin().await;
    let round = fin.august_round().await;
    let found = lists(&fin, &format!("?departmentId=SD&budgetRoundId={round}")).await;
    assert_eq!(found.len(), 1);
    assert_eq!(found[0]["departmentName"], "Samferdselsdepartementet");
}

#[tokio::test]
async fn e77_what_nobody_has_is_an_empty_list() {
    let fin = fin().await;
    let unknown = unknown_id();
    for query in [
        format!("?budgetRoundId={unknown}"),
        format!("?departmentId={unknown}"),
        "?departmentId=XYZ".to_owned(),
    ] {
        assert!(lists(&fin, &query).await.is_empty(), "{query}");
    }
}

#[tokio::test]
async fn e77_a_filter_that_says_nothing_is_absent() {
    let fin = fin().await;
    let query = "?budget_round_id=None&department_id=undefined&budgetRoundId=&departmentId=null";
    assert!(lists(&fin, query).await.len() >= 10);
}

#[tokio::test]
async fn e77_an_unreadable_round_is_refused_by_name() {
    let answer = fin().await.http.get("/api/department-lists?budget_round_id=august").await;
    let problem = answer.assert_problem(400, "/problems/invalid-request");
    assert_eq!(problem["errors"][0]["pointer"], "budgetRoundId");
}

#[tokio::test]
async fn e77_ministries_are_refused_and_the_administrator_is_not() {
    for user in [User::fag("aid").await, User::sign_in("depraad.aid@test.no").await] {
        let answer = user.http.get("/api/department-lists").await;
        answer.assert_problem(403, "/problems/forbidden");
    }
    assert!(lists(&admin().await, "").await.len() >= 10);
}

#[tokio::test]
async fn e78_a_list_has_exactly_the_contracts_keys_at_every_level() {
    let list = demo_list(&fin().await).await;
    assert_eq!(keys(&list), LIST_KEYS);
    for section in sections(&list) {
        let expected = [
            "caseEntries",
            "children",
            "contentJson",
            "departmentListId",
            "headingStyle",
            "id",
            "parentId",
            "sectionType",
            "sortOrder",
            "templateSectionId",
            "title",
        ];
        assert_eq!(keys(section), expected);
    }
    for entry in entries(&list) {
        let expected = [
            "amount",
            "caseId",
            "caseName",
            "caseType",
            "finAmount",
            "finAssessment",
            "finRConclusion",
            "finVerbal",
            "govAmount",
            "id",
            "overrideContent",
            "proposalText",
            "sortOrder",
            "subgroup",
        ];
        assert_eq!(keys(entry), expected);
    }
}

#[tokio::test]
async fn e78_sections_are_a_sorted_tree_that_names_its_parents() {
    let list = demo_list(&fin().await).await;
    let mut levels = vec![(Value::Null, array(&list["sections"]))];
    while let Some((parent, siblings)) = levels.pop() {
        let order: Vec<_> = siblings.iter().map(|one| one["sortOrder"].as_i64()).collect();
        assert!(order.is_sorted(), "{order:?}");
        for section in siblings {
            assert_eq!(section["parentId"], parent);
            assert_eq!(section["departmentListId"], list["id"]);
            levels.push((section["id"].clone(), array(&section["children"])));
        }
    }
}

#[tokio::test]
async fn e78_structural_sections_are_left_out() {
    let list = demo_list(&fin().await).await;
    let kinds: Vec<&str> =
        sections(&list).into_iter().map(|section| text(&section["sectionType"])).collect();
    for structural in ["case_subgroup", "case_entry_template", "auto_table"] {
        assert!(!kinds.contains(&structural), "{kinds:?}");
    }
    assert!(kinds.contains(&"case_group") && kinds.contains(&"summary_section"), "{kinds:?}");
}

#[tokio::test]
async fn e78_titles_name_the_ministry() {
    let list = demo_list(&fin().await).await;
    let header = section(&list, "department_header");
    assert_eq!(header["title"], list["departmentName"]);
    assert_eq!(header["headingStyle"], "Deplisteoverskrift1");
    for section in sections(&list) {
        assert!(!text(&section["title"]).contains('{'), "{}", section["title"]);
    }
}

#[tokio::test]
async fn d16_a_case_section_without_content_shows_its_templates_config_as_text() {
    let list = demo_list(&fin().await).await;
    let group = sections(&list)
        .into_iter()
        .find(|section| section["title"] == "Satsingsforslag")
        .expect("the group of proposals");
    let config: Value = serde_json::from_str(text(&group["contentJson"])).expect("JSON");
    assert_eq!(config["summary_table"], true);
    assert!(text(&config["intro_text_template"]).contains("{total_amount}"));
    assert_eq!(config["subgroups"][0]["value"], "a_list");
    assert_eq!(config["subgroups"][0]["title"], "A-listen (satsing)");
    // The group has none of its own: it is that of the entry template inside it.
    assert_eq!(config["heading_format"], "{department_abbrev}s pri. {priority} {case_name}");
}

#[tokio::test]
async fn d16_fields_never_reach_the_client() {
    let list = demo_list(&fin().await).await;
    let decisions = section(&list, "decisions_section");
    let config: Value = serde_json::from_str(text(&decisions["contentJson"])).expect("JSON");
    assert_eq!(config["has_conclusion"], true);
    for section in sections(&list) {
        let content = section["contentJson"].as_str().unwrap_or_default();
        assert!(!content.contains("\"fields\""), "{content}");
    }
}

#[tokio::test]
async fn d16_every_entry_of_a_group_with_subgroups_is_in_one_of_them() {
    let list = demo_list(&fin().await).await;
    let mut groups = 0;
    for section in sections(&list) {
        let content = section["contentJson"].as_str().unwrap_or("{}");
        let config: Value = serde_json::from_str(content).expect("JSON");
        let Some(subgroups) = config["subgroups"].as_array() else { continue };
        let values: Vec<&Value> = subgroups.iter().map(|one| &one["value"]).collect();
        for entry in array(&section["caseEntries"]) {
            assert!(values.contains(&&entry["subgroup"]), "{entry} in {values:?}");
        }
        groups += 1;
    }
    assert_eq!(groups, 2);
}

#[tokio::test]
async fn d16_an_entry_of_no_subgroup_is_shown_under_an_extra_last_one() {
    let list = ScratchList::make().await;
    list.add(&list.new_case("budsjettiltak").await, "case_group").await;
    let shown = list.read().await;
    let group = section(&shown, "case_group");
    let config: Value = serde_json::from_str(text(&group["contentJson"])).expect("JSON");
    let subgroups = array(&config["subgroups"]);
    assert_eq!(subgroups.len(), 3);
    let extra = &subgroups[2];
    assert_eq!(group["caseEntries"][0]["subgroup"], extra["value"]);
    assert!(!text(&extra["title"]).is_empty());
    list.delete().await;
}

#[tokio::test]
async fn e78_rich_text_is_text_and_an_unwritten_section_is_null() {
    let list = demo_list(&fin().await).await;
    let written = section(&list, "freetext");
    let document: Value = serde_json::from_str(text(&written["contentJson"])).expect("JSON");
    assert_eq!(document["type"], "doc");
    assert_eq!(section(&list, "fixed_content")["contentJson"], Value::Null);
}

#[tokio::test]
async fn e78_entries_are_sorted_in_their_sections() {
    let list = demo_list(&fin().await).await;
    assert!(entries(&list).len() >= 5, "the demo's list has cases");
    for section in sections(&list) {
        let order: Vec<_> =
            array(&section["caseEntries"]).iter().map(|one| one["sortOrder"].as_i64()).collect();
        assert!(order.is_sorted(), "{order:?}");
    }
}

#[tokio::test]
async fn e78_an_entry_says_what_its_case_says_now() {
    let fin = fin().await;
    let list = demo_list(&fin).await;
    for entry in entries(&list) {
        let path = format!("/api/cases/{}", text(&entry["caseId"]));
        let case = fin.http.get(&path).await.assert_status(200).json();
        for key in ["caseName", "caseType", "amount", "finAmount", "govAmount"] {
            assert_eq!(entry[key], case[key], "{key}");
        }
        for key in ["proposalText", "finAssessment", "finVerbal", "finRConclusion"] {
            assert_eq!(entry[key], case["currentContent"][key], "{key}");
        }
        assert_eq!(entry["overrideContent"], Value::Null);
    }
}

#[tokio::test]
async fn e78_a_text_that_fin_saves_is_in_the_next_answer() {
    let list = ScratchList::make().await;
    let case = list.new_case("satsingsforslag").await;
    list.add(&case, "case_group").await;
    let body = json!({ "finAssessment": "Vurdert på nytt.", "expectedVersion": case["version"] });
    let path = format!("/api/cases/{}/content", id_of(&case));
    list.fin.http.put(&path, &body).await.assert_status(200);
    let shown = list.read().await;
    assert_eq!(entries(&shown)[0]["finAssessment"], "Vurdert på nytt.");
    list.delete().await;
}

#[tokio::test]
async fn e78_the_administrator_reads_and_ministries_do_not() {
    let list = demo_list(&admin().await).await;
    let path = format!("/api/department-lists/{}", id_of(&list));
    for user in [User::fag("aid").await, User::sign_in("budsjett.aid@test.no").await] {
        user.http.get(&path).await.assert_problem(403, "/problems/forbidden");
    }
}

#[tokio::test]
async fn e78_an_unknown_list_is_404_for_everyone() {
    let path = format!("/api/department-lists/{}", unknown_id());
    for user in [fin().await, User::fag("aid").await] {
        user.http.get(&path).await.assert_problem(404, "/problems/not-found");
    }
}
