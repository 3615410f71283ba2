//! Documents of pages: case lists and department lists as Word.

use domain::content::ContentField;
use domain::export::{
    CaseListFilters, CaseListParameters, DepartmentListParameters, ExportField, JobStatus, JobType,
};
use domain::ids::DepartmentListId;
use domain::status::Status;
use domain::visibility::Viewer;
use edge::config::Vars;
use export_worker::app::Application;
use export_worker::config::Config;
use serde_json::json;
use store::export_jobs::ExportJob;
use test_support::{Actor, SeededList, Word};

use super::bench::Bench;

/// A picture of one pixel.
const PNG: &[u8] = &[
    0x89, b'P', b'N', b'G', 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 0x0d, b'I', b'H', b'D', b'R', 0, 0, 0,
    1, 0, 0, 0, 1, 8, 6, 0, 0, 0, 0x1f, 0x15, 0xc4, 0x89,
];

fn viewer(actor: &Actor) -> Viewer {
    let who = &actor.identity;
    Viewer { user_id: who.user_id, role: who.role, department_id: who.department_id }
}

/// Orders a document, lets a worker make it, and returns the job as it ended.
async fn made(
    bench: &Bench,
    actor: &Actor,
    job_type: JobType,
    parameters: serde_json::Value,
    end: JobStatus,
) -> ExportJob {
    let worker = bench.worker("one").await;
    let id = bench.accept_as(actor, job_type, parameters).await;
    bench.publish(id).await;
    let job = bench.wait_for(id, end).await;
    worker.shut_down().await.unwrap();
    job
}

fn word(bench: &Bench, job: &ExportJob) -> Word {
    let key = &job.result.as_ref().unwrap().key;
    assert!(key.rsplit('.').next() == Some("docx"), "{key}");
    Word::read(&std::fs::read(bench.blobs.path().join(key)).unwrap())
}

async fn case_list(bench: &Bench, actor: &Actor, fields: &[ExportField]) -> (ExportJob, Word) {
    let parameters = CaseListParameters {
        filters: CaseListFilters::default(),
        fields: fields.to_vec(),
        viewer: viewer(actor),
    };
    let parameters = serde_json::to_value(parameters).unwrap();
    let job = made(bench, actor, JobType::CaseListWord, parameters, JobStatus::Completed).await;
    let word = word(bench, &job);
    (job, word)
}

async fn department_list(
    bench: &Bench,
    actor: &Actor,
    list: DepartmentListId,
) -> (ExportJob, Word) {
    let job = ordered_list(bench, actor, list, JobStatus::Completed).await;
    let word = word(bench, &job);
    (job, word)
}

async fn ordered_list(
    bench: &Bench,
    actor: &Actor,
    list: DepartmentListId,
    end: JobStatus,
) -> ExportJob {
    let parameters = DepartmentListParameters { department_list_id: list, viewer: viewer(actor) };
    let parameters = serde_json::to_value(parameters).unwrap();
    made(bench, actor, JobType::DepartmentListWord, parameters, end).await
}

/// A list of a ministry with one case that FIN assesses, and somebody at FIN.
async fn bench_with_list() -> (Bench, Actor, SeededList) {
    let bench = Bench::new().await;
    let (fag, fin) = (Actor::fag("KLD"), Actor::fin());
    let round = bench.seed.round("AUG2026").insert().await;
    let marked = json!({ "type": "text", "text": "Vern", "marks": [
        { "type": "comment", "attrs": { "commentId": "c-1" } },
        { "type": "insertion", "attrs": { "changeId": "1", "authorName": "Kari Nordmann" } },
    ] });
    let document = json!({ "type": "caseDocument", "content": [{
        "type": "caseSection", "attrs": { "fieldKey": "proposalText" },
        "content": [{ "type": "sectionContent", "content": [
            { "type": "paragraph", "content": [marked] },
        ] }],
    }] });
    let case = bench.seed.case(&round, &fag).named("Rein luft").status(Status::UnderVurderingFin);
    let case = case.document(document).insert().await;
    let list = bench.seed.printed_list(&round, &fag, &[&case]).await;
    let author = bench.seed.actor(&fin).await;
    bench
        .execute(&format!(
            "INSERT INTO case_comments (case_id, comment_id, comment_text, author_id)
             VALUES ('{0}', 'c-1', 'Er dette nok?', '{author}');
             INSERT INTO case_conclusions (case_id, sort_order, text, created_by)
             VALUES ('{0}', 2, 'Ikke mer.', '{author}'), ('{0}', 1, 'Vernes.', '{author}')",
            case.id
        ))
        .await;
    (bench, fin, list)
}

#[actix_rt::test]
async fn a_case_list_is_a_document_with_the_chosen_fields() {
    let (bench, actor, round) = Bench::with_cases(&["Eldst"]).await;
    bench.seed.case(&round, &actor).named("Nyest").insert().await;
    bench.execute("UPDATE cases SET updated_at = now() WHERE case_name = 'Nyest'").await;
    let fields = [ExportField::Status, ExportField::Content(ContentField::ProposalText)];
    let (job, word) = case_list(&bench, &actor, &fields).await;
    assert_eq!(job.result.unwrap().file_name, "Saker_KLD.docx");
    assert_eq!(word.in_style("Heading2"), ["Nyest", "Eldst"]);
    assert_eq!(word.lines()[2], "Status: Utkast");
    assert_eq!(word.lines()[4], "Forslag, versjon 1");
}

#[actix_rt::test]
async fn i6_a_ministrys_document_has_no_fin_text() {
    let bench = Bench::new().await;
    let round = bench.seed.round("AUG2026").insert().await;
    let fag = Actor::fag("KLD");
    let case = bench.seed.case(&round, &fag).status(Status::UnderVurderingFin).fin_text("FINs syn");
    case.insert().await;
    let fields = [ExportField::Content(ContentField::FinAssessment)];
    let (_, masked) = case_list(&bench, &fag, &fields).await;
    assert!(!masked.lines().contains(&"FINs syn".to_owned()));
    let (_, whole) = case_list(&bench, &Actor::fin(), &fields).await;
    assert!(whole.lines().contains(&"FINs syn".to_owned()));
}

#[actix_rt::test]
async fn a_department_list_is_a_document_with_revisions_comments_and_conclusions() {
    let (bench, fin, list) = bench_with_list().await;
    let (job, word) = department_list(&bench, &fin, list.id).await;
    assert_eq!(job.result.unwrap().file_name, "Depliste_KLD_AUG2026.docx");
    assert_eq!(word.in_style("Deplistetittel-ramme"), ["STRENGT FORTROLIG"]);
    assert_eq!(word.in_style("Overskrift7"), ["Rein luft"]);
    assert_eq!(word.texts_in("word/document.xml", "ins", "t"), ["Vern"]);
    assert_eq!(word.texts_in("word/comments.xml", "comment", "t"), ["Er dette nok?"]);
    assert_eq!(word.in_style("Konklusjonbokstavert"), ["Vernes.", "Ikke mer."]);
}

#[actix_rt::test]
async fn figures_come_from_the_blob_store_and_a_missing_one_leaves_a_mark() {
    let (bench, fin, list) = bench_with_list().await;
    std::fs::create_dir_all(bench.blobs.path().join("uploads/figures")).unwrap();
    std::fs::write(bench.blobs.path().join("uploads/figures/1.png"), PNG).unwrap();
    let uploader = bench.seed.actor(&fin).await;
    bench
        .execute(&format!(
            "INSERT INTO department_list_figures
                 (department_list_id, section_id, file_url, file_type, caption, sort_order, uploaded_by)
             VALUES ('{0}', '{1}', '/uploads/figures/1.png', 'png', 'Utgifter', 1, '{uploader}'),
                    ('{0}', '{1}', '/uploads/figures/2.png', 'png', 'Borte', 2, '{uploader}')",
            list.id, list.sections[1]
        ))
        .await;
    let (_, word) = department_list(&bench, &fin, list.id).await;
    assert!(word.has("word/media/image1.png"));
    assert_eq!(word.count("drawing"), 1);
    assert_eq!(word.in_style("Deplistefigur-tittel"), ["Utgifter", "Borte"]);
    assert_eq!(word.in_style("Plassholder"), ["[Figur mangler: Borte]"]);
}

#[actix_rt::test]
async fn i6_a_case_taken_back_by_its_ministry_shows_its_name_only() {
    let (bench, fin, list) = bench_with_list().await;
    bench.execute("UPDATE cases SET status = 'under_arbeid'").await;
    let (_, word) = department_list(&bench, &fin, list.id).await;
    assert_eq!(word.in_style("Overskrift7"), ["Rein luft"]);
    assert!(!word.part("word/document.xml").contains("Vern"));
    assert!(!word.has("word/comments.xml"));
}

#[actix_rt::test]
async fn a_list_that_was_deleted_since_the_order_fails_with_a_reason() {
    let (bench, fin, list) = bench_with_list().await;
    bench.execute("DELETE FROM department_lists").await;
    let job = ordered_list(&bench, &fin, list.id, JobStatus::Failed).await;
    assert_eq!(job.attempts, 1);
    assert!(job.error_message.unwrap().contains("slettet siden eksporten ble bestilt"));
}

#[actix_rt::test]
async fn i6_a_list_ordered_with_rights_that_are_lost_is_not_made() {
    let (bench, fin, list) = bench_with_list().await;
    bench.execute(&format!("UPDATE users SET is_active = false WHERE id = '{}'", fin.id())).await;
    let job = ordered_list(&bench, &fin, list.id, JobStatus::Failed).await;
    assert!(job.error_message.unwrap().contains("Tilgangene dine er endret"));
}

#[actix_rt::test]
async fn more_cases_than_a_document_can_hold_fail_with_a_way_out() {
    let (bench, actor, _round) = Bench::with_cases(&["Sak"]).await;
    bench.multiply_cases(5_001).await;
    let parameters = CaseListParameters {
        filters: CaseListFilters::default(),
        fields: ExportField::DEFAULT.to_vec(),
        viewer: viewer(&actor),
    };
    let parameters = serde_json::to_value(parameters).unwrap();
    let job = made(&bench, &actor, JobType::CaseListWord, parameters, JobStatus::Failed).await;
    assert!(job.error_message.unwrap().contains("som Excel"));
}

#[actix_rt::test]
async fn an_order_for_no_list_at_all_fails_at_once() {
    let (bench, actor, _round) = Bench::with_cases(&[]).await;
    let broken = json!({ "departmentListId": "SD" });
    let job = made(&bench, &actor, JobType::DepartmentListWord, broken, JobStatus::Failed).await;
    assert!(job.error_message.unwrap().contains("kunne ikke leses"));
}

#[actix_rt::test]
async fn a_configured_template_is_what_department_lists_are_written_into() {
    let (bench, fin, list) = bench_with_list().await;
    let definitions =
        |word: &Word| word.part("word/numbering.xml").matches("<w:abstractNum ").count();
    let (job, plain) = department_list(&bench, &fin, list.id).await;
    // A document of ours is a template like any other.
    let template = bench.blobs.path().join("template.docx");
    std::fs::copy(bench.blobs.path().join(job.result.unwrap().key), &template).unwrap();
    let variable = [("EXPORT_WORD_TEMPLATE", template.to_str().unwrap())];
    let worker = bench.worker_with("two", &variable).await;
    let viewer = viewer(&fin);
    let parameters = DepartmentListParameters { department_list_id: list.id, viewer };
    let parameters = serde_json::to_value(parameters).unwrap();
    let id = bench.accept_as(&fin, JobType::DepartmentListWord, parameters).await;
    bench.publish(id).await;
    let in_template = word(&bench, &bench.wait_for(id, JobStatus::Completed).await);
    worker.shut_down().await.unwrap();
    assert_eq!(in_template.lines(), plain.lines());
    assert!(definitions(&in_template) > definitions(&plain), "the template's and ours");
}

#[actix_rt::test]
async fn a_file_that_is_no_template_is_refused_at_the_start() {
    let folder = tempfile::TempDir::new().unwrap();
    let file = folder.path().join("mal.dotx");
    for content in [None, Some("Kjære kollega")] {
        if let Some(content) = content {
            std::fs::write(&file, content).unwrap();
        }
        let vars = [
            ("ADMIN_BIND", "127.0.0.1:0"),
            ("DATABASE_URL", "postgres://nobody@127.0.0.1:1/none"),
            ("AMQP_URL", "amqp://127.0.0.1:1"),
            ("BLOB_STORE_URL", "memory:///"),
            ("REDIS_URL", "redis://127.0.0.1:1"),
            ("EXPORT_WORD_TEMPLATE", file.to_str().unwrap()),
        ];
        let config = Config::from_vars(&Vars::from_pairs(vars)).unwrap();
        let Err(error) = Application::build(config).await else { panic!("started") };
        assert!(format!("{error:#}").contains("EXPORT_WORD_TEMPLATE"), "{error:#}");
    }
}
