//! E69 to E75 beyond the wire: what edits of a template do to the lists made from it, and edits that
//! meet.
#![expect(
    clippy::needless_pass_by_value,
    clippy::unnecessary_wraps,
    reason = "values are made in the call, and compared with what a row has"
)]

use edge::problem::ProblemType;
use futures_util::future::join_all;
use serde_json::{Value, json};
use test_support::{Actor, Http};

use crate::app::{TestApp, assert_problem};

const TEMPLATES: &str = "/api/department-list-templates";

/// A template with a list for the Ministry of Education made from it.
struct Scene {
    app: TestApp,
    editor: Http,
    template: Value,
    list: Value,
}

impl Scene {
    async fn set(sections: Value) -> Self {
        let app = TestApp::spawn().await;
        app.seed.reference_data().await;
        let round = app.seed.round("AUG2027").insert().await;
        let editor = app.by(&Actor::admin()).await;
        let body = json!({ "name": "Mal", "budgetRoundType": "august", "sections": sections });
        let template = editor.post(TEMPLATES, &body).await.assert_status(201).json();
        let body = json!({
            "templateId": template["id"], "budgetRoundId": round.id, "departmentId": "KD",
        });
        let list = editor.post("/api/department-lists", &body).await.assert_status(201).json();
        Self { app, editor, template, list }
    }

    fn address(&self) -> String {
        format!("{TEMPLATES}/{}", self.template["id"].as_str().unwrap())
    }

    async fn put(&self, tree: &Value) -> Value {
        let path = format!("{}/sections", self.address());
        self.editor.put(&path, tree).await.assert_status(200).json()
    }

    /// The list's sections as they are stored: title, title of the section around it, by title.
    async fn stored(&self) -> Vec<(Option<String>, Option<String>)> {
        let rows = "SELECT section.title, parent.title
                    FROM department_list_sections AS section
                    LEFT JOIN department_list_sections AS parent ON parent.id = section.parent_id
                    ORDER BY section.title NULLS LAST";
        let rows = self.app.seed.client().query(rows, &[]).await.unwrap();
        rows.iter().map(|row| (row.get(0), row.get(1))).collect()
    }

    async fn list_now(&self) -> Value {
        let path = format!("/api/department-lists/{}", self.list["id"].as_str().unwrap());
        self.editor.get(&path).await.assert_status(200).json()
    }
}

fn section(title: &str, children: Vec<Value>) -> Value {
    json!({
        "titleTemplate": title, "headingStyle": "Deplisteoverskrift2", "sectionType": "freetext",
        "sortOrder": 0, "children": children,
    })
}

fn titled(title: &str) -> Option<String> {
    Some(title.to_owned())
}

#[actix_rt::test]
async fn e72_titles_in_lists_follow_the_template() {
    let scene =
        Scene::set(json!([section("{department_name}", vec![section("Om", vec![])])])).await;
    let mut tree = scene.template["sections"].clone();
    tree[0]["titleTemplate"] = json!("{department_abbrev}: {department_name}");
    tree[0]["children"][0]["titleTemplate"] = json!("Om {case_name}");
    scene.put(&tree).await;
    let header = "KD: Kunnskapsdepartementet";
    assert_eq!(
        scene.stored().await,
        [(titled(header), None), (titled("Om {case_name}"), titled(header))]
    );
    let list = scene.list_now().await;
    assert_ne!(list["updatedAt"], scene.list["updatedAt"]);
    assert_eq!(list["sections"][0]["id"], scene.list["sections"][0]["id"]);
}

#[actix_rt::test]
async fn e72_a_title_written_by_hand_gives_way_to_the_templates() {
    let scene = Scene::set(json!([section("Tittel", vec![])])).await;
    let by_hand = "UPDATE department_list_sections SET title = 'Egen'";
    scene.app.seed.client().execute(by_hand, &[]).await.unwrap();
    scene.put(&scene.template["sections"]).await;
    assert_eq!(scene.stored().await, [(titled("Tittel"), None)]);
}

#[actix_rt::test]
async fn e72_a_section_that_becomes_structural_has_no_title_in_lists() {
    let scene = Scene::set(json!([section("Tittel", vec![])])).await;
    let mut tree = scene.template["sections"].clone();
    tree[0]["sectionType"] = json!("auto_table");
    scene.put(&tree).await;
    assert_eq!(scene.stored().await, [(None, None)]);
}

#[actix_rt::test]
async fn e72_new_sections_do_not_appear_in_lists_and_lists_without_change_stay_untouched() {
    let scene = Scene::set(json!([section("A", vec![])])).await;
    let mut tree = scene.template["sections"].clone();
    tree.as_array_mut().unwrap().push(section("B", vec![]));
    scene.put(&tree).await;
    assert_eq!(scene.stored().await, [(titled("A"), None)]);
    assert_eq!(scene.list_now().await, scene.list);
}

#[actix_rt::test]
async fn e72_sections_that_go_take_their_instances_along() {
    let scene =
        Scene::set(json!([section("A", vec![section("A1", vec![])]), section("B", vec![])])).await;
    let tree = json!([scene.template["sections"][1]]);
    scene.put(&tree).await;
    assert_eq!(scene.stored().await, [(titled("B"), None)]);
    assert_ne!(scene.list_now().await["updatedAt"], scene.list["updatedAt"]);
}

#[actix_rt::test]
async fn e72_what_moves_out_of_a_section_that_goes_keeps_what_was_written_in_it() {
    let inner = section("C", vec![section("D", vec![])]);
    let scene = Scene::set(json!([section("A", vec![section("B", vec![inner])])])).await;
    let written = "UPDATE department_list_sections SET content_json = '{\"type\":\"doc\"}'";
    scene.app.seed.client().execute(written, &[]).await.unwrap();
    // B goes, and C, which was inside it, stands beside A now.
    let mut tree = scene.template["sections"].clone();
    let moved = tree[0]["children"][0]["children"][0].take();
    tree[0]["children"] = json!([]);
    tree.as_array_mut().unwrap().push(moved);
    scene.put(&tree).await;
    assert_eq!(
        scene.stored().await,
        [(titled("A"), None), (titled("C"), titled("A")), (titled("D"), titled("C"))]
    );
    let kept = "SELECT count(*) FROM department_list_sections WHERE content_json IS NOT NULL";
    let kept: i64 = scene.app.seed.client().query_one(kept, &[]).await.unwrap().get(0);
    assert_eq!(kept, 3);
}

#[actix_rt::test]
async fn e74_and_e75_reach_the_lists_as_well() {
    let scene = Scene::set(json!([section("A", vec![section("A1", vec![])])])).await;
    let root = &scene.template["sections"][0];
    let path = format!("{}/sections/{}", scene.address(), root["id"].as_str().unwrap());
    let change = json!({ "titleTemplate": "Ny" });
    scene.editor.put(&path, &change).await.assert_status(200);
    assert_eq!(scene.stored().await, [(titled("A1"), titled("Ny")), (titled("Ny"), None)]);
    scene.editor.delete(&path).await.assert_status(204);
    assert_eq!(scene.stored().await, []);
}

#[actix_rt::test]
async fn e72_a_title_that_outgrows_its_column_is_cut_in_lists() {
    let scene = Scene::set(json!([section("A", vec![])])).await;
    let mut tree = scene.template["sections"].clone();
    tree[0]["titleTemplate"] = json!("{department_name}".repeat(29));
    scene.put(&tree).await;
    let stored = scene.stored().await;
    assert_eq!(stored[0].0.as_ref().unwrap().chars().count(), 500);
}

#[actix_rt::test]
async fn d30_a_template_goes_once_its_last_list_is_gone() {
    let scene = Scene::set(json!([section("A", vec![])])).await;
    assert_problem(&scene.editor.delete(&scene.address()).await, ProblemType::CONFLICT);
    let list = format!("/api/department-lists/{}", scene.list["id"].as_str().unwrap());
    scene.editor.delete(&list).await.assert_status(204);
    scene.editor.delete(&scene.address()).await.assert_status(204);
    let left = "SELECT count(*) FROM department_list_template_sections";
    let left: i64 = scene.app.seed.client().query_one(left, &[]).await.unwrap().get(0);
    assert_eq!(left, 0);
}

#[actix_rt::test]
async fn e72_edits_of_one_template_take_turns_and_each_leaves_its_own_tree() {
    let scene = Scene::set(json!([section("A", vec![]), section("B", vec![])])).await;
    let stored = &scene.template["sections"];
    let path = format!("{}/sections", scene.address());
    let edits = (0..12).map(|editor| {
        let mut tree = vec![stored[editor % 2].clone()];
        let own = (0..=editor).map(|number| section(&format!("{editor}.{number}"), vec![]));
        tree.extend(own);
        let (caller, path) = (&scene.editor, &path);
        async move { caller.put(path, &json!(tree)).await.assert_status(200).json() }
    });
    let answers = join_all(edits).await;
    let last = scene.editor.get(&scene.address()).await.assert_status(200).json();
    assert!(answers.contains(&last), "the template is what one of the edits left: {last}");
    let left = "SELECT count(*) FROM department_list_template_sections";
    let left: i64 = scene.app.seed.client().query_one(left, &[]).await.unwrap().get(0);
    assert_eq!(usize::try_from(left).unwrap(), last["sections"].as_array().unwrap().len());
}

#[actix_rt::test]
async fn e72_lists_made_while_the_template_is_edited_have_the_titles_of_one_state() {
    let scene = Scene::set(json!([section("Tittel 0", vec![]), section("Tittel 0", vec![])])).await;
    let round = scene.app.seed.round("MARS2028").insert().await;
    let edits = async {
        for state in 1..8 {
            let mut tree = scene.template["sections"].clone();
            for index in 0..2 {
                tree[index]["titleTemplate"] = json!(format!("Tittel {state}"));
            }
            scene.put(&tree).await;
        }
    };
    let lists = async {
        for department in ["KLD", "HOD", "SD", "KD", "FIN-FAG"] {
            let body = json!({
                "templateId": scene.template["id"], "budgetRoundId": round.id,
                "departmentId": department,
            });
            scene.editor.post("/api/department-lists", &body).await.assert_status(201);
        }
    };
    futures_util::future::join(edits, lists).await;
    // Whichever came first, every list ends up with the titles of the last edit.
    let stale = "SELECT count(*) FROM department_list_sections WHERE title <> 'Tittel 7'";
    let stale: i64 = scene.app.seed.client().query_one(stale, &[]).await.unwrap().get(0);
    assert_eq!(stale, 0);
}
