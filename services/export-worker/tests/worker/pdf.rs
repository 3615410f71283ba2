//! Documents of pages: case lists and department lists as PDF.

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
use store::export_jobs::ExportJob;
use test_support::{Actor, Pdf, SeededList};

use super::bench::Bench;

/// A grey picture of one pixel, whole enough to be unpacked.
const PNG: &[u8] = &[
    0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 0x0d, 0x49, 0x48, 0x44, 0x52, 0, 0, 0,
    0x01, 0, 0, 0, 0x01, 0x08, 0, 0, 0, 0, 0x3a, 0x7e, 0x9b, 0x55, 0, 0, 0, 0x0a, 0x49, 0x44, 0x41,
    0x54, 0x78, 0x9c, 0x63, 0x68, 0, 0, 0, 0x82, 0, 0x81, 0x77, 0xcd, 0x72, 0xb6, 0, 0, 0, 0, 0x49,
    0x45, 0x4e, 0x44, 0xae, 0x42, 0x60, 0x82,
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

async fn case_list(
    bench: &Bench,
    actor: &Actor,
    fields: &[ExportField],
    end: JobStatus,
) -> ExportJob {
    let parameters = CaseListParameters {
        filters: CaseListFilters::default(),
        fields: fields.to_vec(),
        viewer: viewer(actor),
    };
    bench.seed.actor(actor).await;
    let parameters = serde_json::to_value(parameters).unwrap();
    made(bench, actor, JobType::CaseListPdf, parameters, end).await
}

async fn department_list(
    bench: &Bench,
    actor: &Actor,
    list: DepartmentListId,
    end: JobStatus,
) -> ExportJob {
    let parameters = DepartmentListParameters { department_list_id: list, viewer: viewer(actor) };
    let parameters = serde_json::to_value(parameters).unwrap();
    made(bench, actor, JobType::DepartmentListPdf, parameters, end).await
}

fn pdf(bench: &Bench, job: &ExportJob) -> Pdf {
    let key = &job.result.as_ref().unwrap().key;
    assert!(key.ends_with(&format!(".{}", job.job_type.format().extension())), "{key}");
    Pdf::read(&std::fs::read(bench.blobs.path().join(key)).unwrap())
}

#[actix_rt::test]
async fn a_case_list_has_a_heading_for_every_case_and_its_chosen_fields() {
    let (bench, actor, round) = Bench::with_cases(&["Eldst"]).await;
    bench.seed.case(&round, &actor).named("Nyest").insert().await;
    bench.execute("UPDATE cases SET updated_at = now() WHERE case_name = 'Nyest'").await;
    let fields = [ExportField::Status, ExportField::Content(ContentField::ProposalText)];
    let job = case_list(&bench, &actor, &fields, JobStatus::Completed).await;
    assert_eq!(job.result.as_ref().unwrap().file_name, "Saker_KLD.pdf");
    assert_eq!(job.percent, 100);
    let pdf = pdf(&bench, &job);
    assert_eq!(pdf.outline()[1..], ["Nyest", "Eldst"]);
    let text = pdf.text();
    assert_eq!(text.matches("Status: Utkast").count(), 2, "{text}");
    assert_eq!(text.matches("Forslag, versjon 1").count(), 2, "{text}");
}

#[actix_rt::test]
async fn i6_fins_text_is_masked_as_in_every_other_format() {
    let bench = Bench::new().await;
    let round = bench.seed.round("AUG2026").insert().await;
    let fag = Actor::fag("KLD");
    let case = bench.seed.case(&round, &fag).named("Sak").fin_text("FINs syn");
    case.status(Status::UnderVurderingFin).insert().await;
    let fields = [ExportField::Content(ContentField::FinAssessment)];
    for (actor, seen) in [(fag, false), (Actor::fin(), true)] {
        let job = case_list(&bench, &actor, &fields, JobStatus::Completed).await;
        assert_eq!(pdf(&bench, &job).text().contains("FINs syn"), seen);
    }
}

#[actix_rt::test]
async fn more_cases_than_a_pdf_can_hold_are_refused_with_a_way_out() {
    let (bench, actor, _round) = Bench::with_cases(&["Sak"]).await;
    bench.multiply_cases(2_001).await;
    let job = case_list(&bench, &actor, &[ExportField::CaseName], JobStatus::Failed).await;
    assert_eq!(job.attempts, 1);
    assert!(job.error_message.unwrap().contains("Excel"));
}

/// A list of a ministry with one case that FIN assesses, and somebody at FIN.
async fn bench_with_list() -> (Bench, Actor, SeededList) {
    let bench = Bench::new().await;
    let (fag, fin) = (Actor::fag("KLD"), Actor::fin());
    let round = bench.seed.round("AUG2026").insert().await;
    let case = bench.seed.case(&round, &fag).named("Rein luft").status(Status::UnderVurderingFin);
    let case = case.fin_text("Støttes.").insert().await;
    let list = bench.seed.printed_list(&round, &fag, &[&case]).await;
    let author = bench.seed.actor(&fin).await;
    bench
        .execute(&format!(
            "INSERT INTO case_conclusions (case_id, sort_order, text, created_by)
             VALUES ('{0}', 2, 'Ikke mer.', '{author}'), ('{0}', 1, 'Vernes.', '{author}')",
            case.id
        ))
        .await;
    (bench, fin, list)
}

#[actix_rt::test]
async fn a_department_list_has_its_frame_numbers_texts_and_lettered_conclusions() {
    let (bench, fin, list) = bench_with_list().await;
    let job = department_list(&bench, &fin, list.id, JobStatus::Completed).await;
    assert_eq!(job.result.as_ref().unwrap().file_name, "Depliste_KLD_AUG2026.pdf");
    let pdf = pdf(&bench, &job);
    assert_eq!(pdf.title(), "Departementsliste – Klima- og miljødepartementet – AUG2026");
    assert!(pdf.outline().contains(&"Rein luft".to_owned()), "{:?}", pdf.outline());
    let text = pdf.text();
    for said in ["STRENGT FORTROLIG", "Støttes.", "a) Vernes.", "b) Ikke mer."] {
        assert!(text.contains(said), "{said} is not in {text}");
    }
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
    let job = department_list(&bench, &fin, list.id, JobStatus::Completed).await;
    let pdf = pdf(&bench, &job);
    assert_eq!(pdf.picture_count(), 1);
    let text = pdf.text();
    assert!(text.contains("Utgifter [Figur mangler: Borte] Borte"), "{text}");
}

#[actix_rt::test]
async fn a_list_that_was_deleted_since_the_order_fails_with_a_reason() {
    let (bench, fin, list) = bench_with_list().await;
    bench.execute("DELETE FROM department_lists").await;
    let job = department_list(&bench, &fin, list.id, JobStatus::Failed).await;
    assert_eq!(job.attempts, 1);
    assert!(job.error_message.unwrap().contains("slettet siden eksporten ble bestilt"));
}

#[actix_rt::test]
async fn without_its_fonts_the_worker_does_not_start_and_says_what_is_missing() {
    let vars = [
        ("ADMIN_BIND", "127.0.0.1:0"),
        ("DATABASE_URL", "postgres://nobody@127.0.0.1:1/none"),
        ("REDIS_URL", "redis://127.0.0.1:1"),
        ("AMQP_URL", "amqp://127.0.0.1:1"),
        ("BLOB_STORE_URL", "memory:///"),
        ("EXPORT_FONT_DIR", "/nowhere"),
    ];
    let config = Config::from_vars(&Vars::from_pairs(vars)).unwrap();
    let Err(error) = Application::build(config).await else { panic!("started") };
    let said = format!("{error:#}");
    for word in ["EXPORT_FONT_DIR", "/nowhere", "fonts-crosextra-carlito", "Carlito-Regular.ttf"] {
        assert!(said.contains(word), "{said}");
    }
}
