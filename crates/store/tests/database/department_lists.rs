//! The printed list as the export worker reads it: with its own rights, whole, and as the requester
//! may see it.

use std::time::Duration;

use domain::department_list::{DepartmentList, ListEntry};
use domain::ids::DepartmentListId;
use domain::list_template::SectionType;
use domain::status::Status;
use domain::visibility::Viewer;
use serde_json::json;
use store::department_lists::find_list_document;
use store::pool::{Pool, PoolConfig};
use test_support::{Actor, SectionSeed, Seed, ServiceRole, TestDatabase};
use uuid::Uuid;

async fn worker(database: &TestDatabase) -> Pool {
    let config = PoolConfig {
        url: database.url_for(ServiceRole::ExportWorker).into(),
        max_size: 1,
        acquire_timeout: Duration::from_secs(5),
    };
    store::pool::connect(&config).await.unwrap()
}

fn viewer(actor: &Actor) -> Viewer {
    Viewer {
        user_id: actor.id(),
        role: actor.identity.role,
        department_id: actor.identity.department_id,
    }
}

async fn print(pool: &Pool, actor: &Actor, list: DepartmentListId) -> Option<DepartmentList> {
    let mut conn = pool.get().await.unwrap();
    find_list_document(&mut conn, &viewer(actor), list).await.unwrap()
}

#[tokio::test]
async fn the_export_worker_reads_a_list_with_all_that_is_printed() {
    let database = TestDatabase::create().await;
    let seed = Seed::new(&database).await;
    let (fin, owner) = (Actor::fin(), Actor::fag("KLD"));
    let round = seed.round("AUG2027").insert().await;
    let sections = [
        SectionSeed::new(SectionType::DepartmentHeader, "{department_name}"),
        SectionSeed::new(SectionType::CaseGroup, "Satsinger")
            .inside(0)
            .config(json!({ "summary_table": true })),
        SectionSeed::new(SectionType::CaseEntryTemplate, "{case_name}").inside(1),
    ];
    let template = seed.template(&fin, &sections).await;
    let list = seed.list(&template, &round, "KLD").await;
    let case = seed.case(&round, &owner).versions(2).fin_text("Vurdert");
    let case = case.document(json!({ "type": "caseDocument" })).status(Status::UnderVurderingFin);
    let case = case.insert().await;
    let entry = seed.list_entry(&list, 1, &case, 3).await;
    let maker = seed.actor(&fin).await;
    for (sort_order, text) in [(2, "Den andre"), (1, "Den første")] {
        let insert = "INSERT INTO case_conclusions (id, case_id, sort_order, text, created_by)
                      VALUES ($1, $2, $3, $4, $5)";
        let id = Uuid::new_v4();
        let values: [&(dyn tokio_postgres::types::ToSql + Sync); 5] =
            [&id, case.id.as_uuid(), &sort_order, &text, maker.as_uuid()];
        seed.client().execute(insert, &values).await.unwrap();
    }
    let figure = "INSERT INTO department_list_figures
                      (department_list_id, section_id, file_url, file_type, caption, uploaded_by)
                  VALUES ($1, $2, '/uploads/figures/a.png', 'png', 'Utvikling', $3)";
    let section = list.sections[0].as_uuid();
    seed.client().execute(figure, &[list.id.as_uuid(), section, maker.as_uuid()]).await.unwrap();

    let pool = worker(&database).await;
    let printed = print(&pool, &fin, list.id).await.unwrap();
    assert_eq!(printed.head.classification_text.as_deref(), Some("Strengt fortrolig"));
    assert_eq!(printed.head.department_name, "Klima- og miljødepartementet");
    assert_eq!(printed.head.budget_round_name, "AUG2027");
    let [header] = printed.sections.as_slice() else { panic!("one root: {printed:?}") };
    assert_eq!(header.figures[0].caption.as_deref(), Some("Utvikling"));
    assert_eq!(header.figures[0].width_percent, 100);
    let group = &header.children[0];
    assert_eq!(group.config, Some(json!({ "summary_table": true })));
    assert_eq!(group.children[0].section_type, SectionType::CaseEntryTemplate, "print needs it");
    let [only] = group.entries.as_slice() else { panic!("one entry: {group:?}") };
    assert_eq!((only.id, only.case_id, only.sort_order), (entry, case.id, 3));
    assert_eq!(only.texts.proposal_text.as_deref(), Some("Forslag, versjon 2"));
    assert_eq!(only.texts.fin_r_conclusion.as_deref(), Some("Vurdert"));
    let document = only.document.as_deref().unwrap();
    assert_eq!(
        serde_json::from_str::<serde_json::Value>(document).unwrap()["type"],
        "caseDocument"
    );
    assert_eq!(only.conclusions, ["Den første", "Den andre"]);
    assert_eq!(print(&pool, &fin, DepartmentListId::nil()).await, None);
}

#[tokio::test]
async fn i6_a_case_taken_back_is_printed_by_its_name_only() {
    let database = TestDatabase::create().await;
    let seed = Seed::new(&database).await;
    let (fin, owner) = (Actor::fin(), Actor::fag("KLD"));
    let round = seed.round("AUG2027").insert().await;
    let group = [SectionSeed::new(SectionType::CaseGroup, "Satsinger")];
    let template = seed.template(&fin, &group).await;
    let list = seed.list(&template, &round, "KLD").await;
    let case = seed.case(&round, &owner).document(json!({ "type": "caseDocument" }));
    let case = case.status(Status::Klarert).insert().await;
    seed.list_entry(&list, 0, &case, 1).await;
    let pool = worker(&database).await;
    let entry = async |actor: &Actor| -> ListEntry {
        print(&pool, actor, list.id).await.unwrap().sections.remove(0).entries.remove(0)
    };
    let hidden = entry(&fin).await;
    assert_eq!(hidden.case_name, "Økt bevilgning til testformål");
    assert_eq!((hidden.amount, hidden.document, hidden.texts.proposal_text), (None, None, None));
    assert!(entry(&Actor::admin()).await.document.is_some());
}
