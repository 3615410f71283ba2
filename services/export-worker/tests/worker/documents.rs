//! What is in the document, and for whom.

use calamine::Data;
use domain::content::ContentField;
use domain::export::{ExportField, JobStatus, JobType};
use domain::status::Status;
use test_support::Actor;

use super::bench::Bench;

const NAME_AND_FIN_TEXT: [ExportField; 2] =
    [ExportField::CaseName, ExportField::Content(ContentField::FinAssessment)];

/// Cases of two ministries: one visible to all of FIN, one that FIN may not see, and one whose FIN
/// text its ministry may read.
async fn bench() -> Bench {
    let bench = Bench::new().await;
    let round = bench.seed.round("AUG2026").insert().await;
    let (kld, kd) = (Actor::fag("KLD"), Actor::fag("KD"));
    let case = |actor, name| bench.seed.case(&round, actor).named(name).fin_text("FINs syn");
    case(&kld, "Til vurdering").status(Status::UnderVurderingFin).insert().await;
    case(&kld, "Kladd").insert().await;
    case(&kld, "Til regjeringen").status(Status::SendtTilRegjeringen).insert().await;
    case(&kd, "Annet departement").status(Status::SendtTilFin).insert().await;
    bench
}

/// Name and FIN text of every row, by name.
async fn exported(bench: &Bench, actor: &Actor) -> Vec<(String, Option<String>)> {
    let worker = bench.worker("one").await;
    let id = bench.order(actor, &NAME_AND_FIN_TEXT).await;
    let job = bench.wait_for(id, JobStatus::Completed).await;
    worker.shut_down().await.unwrap();
    let text = |cell: Option<&Data>| match cell {
        Some(Data::String(text)) => Some(text.clone()),
        _ => None,
    };
    let rows = bench.workbook(&job);
    let mut rows: Vec<_> =
        rows[1..].iter().map(|row| (text(row.first()).unwrap(), text(row.get(1)))).collect();
    rows.sort();
    rows
}

fn row(name: &str, fin_text: Option<&str>) -> (String, Option<String>) {
    (name.to_owned(), fin_text.map(str::to_owned))
}

#[actix_rt::test]
async fn i6_a_ministry_gets_its_own_cases_without_fins_text() {
    let rows = exported(&bench().await, &Actor::fag("KLD")).await;
    let expected =
        [row("Kladd", None), row("Til regjeringen", Some("FINs syn")), row("Til vurdering", None)];
    assert_eq!(rows, expected);
}

#[actix_rt::test]
async fn i6_fin_gets_what_has_reached_fin_with_its_text() {
    let rows = exported(&bench().await, &Actor::fin()).await;
    let expected = [
        row("Annet departement", Some("FINs syn")),
        row("Til regjeringen", Some("FINs syn")),
        row("Til vurdering", Some("FINs syn")),
    ];
    assert_eq!(rows, expected);
}

#[actix_rt::test]
async fn fins_portfolio_narrows_the_list_as_it_does_on_the_page() {
    let bench = bench().await;
    bench.seed.portfolio(&Actor::fin(), &["KD"]).await;
    let rows = exported(&bench, &Actor::fin()).await;
    assert_eq!(rows, [row("Annet departement", Some("FINs syn"))]);
}

#[actix_rt::test]
async fn i6_rights_lost_since_the_order_count() {
    for change in ["role = 'saksbehandler_fin'", "is_active = false"] {
        let (bench, actor, _round) = Bench::with_cases(&["Sak"]).await;
        let id = bench.order(&actor, &ExportField::DEFAULT).await;
        bench.execute(&format!("UPDATE users SET {change} WHERE id = '{}'", actor.id())).await;
        let worker = bench.worker("one").await;
        let job = bench.wait_for(id, JobStatus::Failed).await;
        worker.shut_down().await.unwrap();
        assert!(job.error_message.unwrap().contains("Tilgangene dine er endret"), "{change}");
        assert!(job.result.is_none());
    }
}

#[actix_rt::test]
async fn newest_change_comes_first_and_names_are_resolved() {
    let (bench, actor, round) = Bench::with_cases(&["Eldst"]).await;
    bench.seed.case(&round, &actor).named("=Nyest()").amount(Some(-1_500)).insert().await;
    bench.execute("UPDATE cases SET updated_at = now() WHERE case_name = '=Nyest()'").await;
    let worker = bench.worker("one").await;
    let fields = [
        ExportField::CaseName,
        ExportField::Amount,
        ExportField::Chapter,
        ExportField::DepartmentName,
        ExportField::BudgetRoundName,
        ExportField::CaseType,
        ExportField::Status,
        ExportField::AssignedToName,
        ExportField::Content(ContentField::ProposalText),
    ];
    let id = bench.order(&actor, &fields).await;
    let job = bench.wait_for(id, JobStatus::Completed).await;
    worker.shut_down().await.unwrap();

    let rows = bench.workbook(&job);
    assert_eq!(rows[1][1], Data::Float(-1_500.0));
    let texts: Vec<_> = rows[1].iter().map(ToString::to_string).collect();
    assert_eq!(texts[0], "=Nyest()");
    assert_eq!(texts[2], "700");
    assert_eq!(texts[3], "Klima- og miljødepartementet");
    assert_eq!(texts[4], "AUG2026");
    assert_eq!(texts[5], "Satsingsforslag");
    assert_eq!(texts[6], "Utkast");
    assert_eq!(texts[7], actor.identity.name);
    assert_eq!(texts[8], "Forslag, versjon 1");
    assert_eq!(rows[2][0].to_string(), "Eldst");
}

#[actix_rt::test]
async fn an_order_that_cannot_be_understood_fails_at_once_with_a_reason() {
    let (bench, actor, _round) = Bench::with_cases(&["Sak"]).await;
    let worker = bench.worker("one").await;
    let unreadable = serde_json::json!({ "fields": ["passord"] });
    let id = bench.accept_as(&actor, JobType::CaseListExcel, unreadable).await;
    bench.publish(id).await;
    let job = bench.wait_for(id, JobStatus::Failed).await;
    assert_eq!(job.attempts, 1);
    assert!(job.error_message.unwrap().contains("kunne ikke leses"));
    worker.shut_down().await.unwrap();
}

#[actix_rt::test]
async fn a_long_list_does_not_sit_in_memory() {
    let (bench, actor, _round) = Bench::with_cases(&["Sak"]).await;
    bench.multiply_cases(50_000).await;
    // 1.6 KB a case, so 80 MB in all.
    bench
        .execute(
            "ALTER TABLE case_contents DISABLE TRIGGER USER;
             UPDATE case_contents SET proposal_text = repeat('Et ledd til. ', 125)",
        )
        .await;
    let mut process = bench.process("one", &[]);
    let fields: Vec<_> = ExportField::all().collect();
    let id = bench.order(&actor, &fields).await;
    let job = bench.wait_for(id, JobStatus::Completed).await;
    let peak = process.peak_memory_kb();
    assert!(peak < 64 * 1024, "the worker grew to {peak} kB");
    assert_eq!(bench.workbook(&job).len(), 50_002);
    assert_eq!(process.terminate().await, Some(0));
}
