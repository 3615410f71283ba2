//! Every operation once, in an order in which each finds what it needs.

use domain::status::Status;
use serde_json::{Value, json};
use test_support::{Actor, Http, SeededCase, SeededRound};

use super::Metered;

const NONE: Value = Value::Null;
/// The smallest PNG there is: one pixel.
const PIXEL: [u8; 67] = [
    0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0x00, 0x00, 0x00, 0x0d, 0x49, 0x48, 0x44, 0x52,
    0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x01, 0x08, 0x00, 0x00, 0x00, 0x00, 0x3a, 0x7e, 0x9b,
    0x55, 0x00, 0x00, 0x00, 0x0a, 0x49, 0x44, 0x41, 0x54, 0x78, 0x9c, 0x63, 0x60, 0x00, 0x00, 0x00,
    0x02, 0x00, 0x01, 0x48, 0xaf, 0xa4, 0x71, 0x00, 0x00, 0x00, 0x00, 0x49, 0x45, 0x4e, 0x44, 0xae,
    0x42, 0x60, 0x82,
];

/// The people and the round of one walk.
struct Stage {
    name: String,
    round: SeededRound,
    fag: Actor,
    lead: Actor,
    fin: Actor,
    by_fag: Http,
    by_lead: Http,
    by_fin: Http,
    by_admin: Http,
}

impl Stage {
    async fn new(metered: &Metered, name: &str) -> Self {
        let app = &metered.app;
        app.seed.reference_data().await;
        let (fag, lead) = (Actor::fag("KLD").named(name), Actor::fag_lead("KLD").named(name));
        let fin = Actor::fin().named(name);
        app.seed.portfolio(&fin, &["KLD"]).await;
        Self {
            round: app.seed.round(name).insert().await,
            name: name.to_owned(),
            by_fag: app.by(&fag).await,
            by_lead: app.by(&lead).await,
            by_fin: app.by(&fin).await,
            by_admin: app.by(&Actor::admin()).await,
            fag,
            lead,
            fin,
        }
    }

    async fn case(&self, metered: &Metered, status: Status) -> SeededCase {
        let case = metered.app.seed.case(&self.round, &self.fag).named(&self.name);
        case.status(status).fin_handler(&self.fin).versions(2).insert().await
    }

    fn round_id(&self) -> String {
        self.round.id.to_string()
    }
}

fn id(thing: &Value) -> String {
    thing["id"].as_str().unwrap_or_else(|| panic!("no id in {thing}")).to_owned()
}

/// Walks through the whole API. Each walk makes things of its own.
pub(super) async fn walk(metered: &mut Metered, number: usize) {
    let stage = Stage::new(metered, &format!("Runde {number}")).await;
    people(metered, &stage).await;
    reference_data(metered, &stage).await;
    lists(metered, &stage).await;
    content(metered, &stage).await;
    workflow(metered, &stage).await;
    dialogue(metered, &stage).await;
    let template = templates(metered, &stage).await;
    let list = department_list(metered, &stage, &template).await;
    exports(metered, &stage, &list).await;
    metered.call(&stage.by_fin, "DELETE /api/department-lists/{}", &[&list], NONE).await;
    let remove = "DELETE /api/department-list-templates/{}";
    metered.call(&stage.by_admin, remove, &[&template], NONE).await;
}

async fn people(metered: &mut Metered, stage: &Stage) {
    let nobody = metered.app.http.clone();
    let body = json!({ "email": stage.fag.identity.email });
    metered.call(&nobody, "POST /api/auth/login", &[], body).await;
    metered.call(&stage.by_fag, "GET /api/auth/me", &[], NONE).await;
    metered.call(&stage.by_fag, "GET /api/auth/users", &[], NONE).await;
}

async fn reference_data(metered: &mut Metered, stage: &Stage) {
    let (admin, round) = (&stage.by_admin, stage.round_id());
    metered.call(admin, "GET /api/departments", &[], NONE).await;
    metered.call(admin, "GET /api/budget-rounds", &[], NONE).await;
    metered.call(admin, "GET /api/budget-rounds/{}", &[&round], NONE).await;
    let overrides = json!({ "caseTypeCode": "andre_saker", "finFieldKeys": ["finVerbal"] });
    let set = "PUT /api/budget-rounds/{}/field-overrides";
    metered.call(admin, set, &[&round], overrides).await;
    metered.call(admin, "GET /api/budget-rounds/{}/field-overrides", &[&round], NONE).await;
    metered.call(admin, "GET /api/case-types", &[], NONE).await;
    let code = stage.name.to_lowercase().replace(' ', "_");
    let case_type = json!({
        "code": code, "name": stage.name, "description": "", "sortOrder": 9, "fields": [],
    });
    let case_type = id(&metered.call(admin, "POST /api/case-types", &[], case_type).await);
    metered.call(admin, "GET /api/case-types/{}", &[&case_type], NONE).await;
    let change = json!({ "name": "Ny" });
    metered.call(admin, "PUT /api/case-types/{}", &[&case_type], change).await;
    metered.call(admin, "DELETE /api/case-types/{}", &[&case_type], NONE).await;
}

async fn lists(metered: &mut Metered, stage: &Stage) {
    for status in [Status::Draft, Status::UnderVurderingFin] {
        for _case in 0..3 {
            stage.case(metered, status).await;
        }
    }
    let query = format!("?budgetRoundId={}&departmentId=KLD", stage.round.id);
    for caller in [&stage.by_fag, &stage.by_fin, &stage.by_admin] {
        for (operation, query) in [
            ("GET /api/cases", query.as_str()),
            ("GET /api/cases/list", &query),
            ("GET /api/cases/history", "?departmentId=KLD&year=2027"),
            ("GET /api/cases/my-cases", &query),
            ("GET /api/cases/my-tasks", ""),
            ("GET /api/questions/my-pending", ""),
            ("GET /api/submissions", &query),
        ] {
            let send = |method, path: &str| caller.request(method, path);
            metered.send(caller, operation, &[], query, send).await.assert_status(200);
        }
    }
}

async fn content(metered: &mut Metered, stage: &Stage) {
    let fag = &stage.by_fag;
    let new = json!({
        "budgetRoundId": stage.round.id, "caseName": stage.name, "caseType": "satsingsforslag",
        "proposalText": "Bevilgningen økes.",
    });
    let case = id(&metered.call(fag, "POST /api/cases", &[], new).await);
    let case = case.as_str();
    metered.call(fag, "GET /api/cases/{}", &[case], NONE).await;
    let change = json!({ "caseName": "Nytt navn", "comment": "Ny tekst." });
    metered.call(fag, "PUT /api/cases/{}", &[case], change).await;
    let text = json!({ "justification": "Oppgaven har vokst." });
    metered.call(fag, "POST /api/cases/{}/content", &[case], text.clone()).await;
    metered.call(fag, "PUT /api/cases/{}/content", &[case], text).await;
    let document = json!({ "contentJson": r#"{"type":"caseDocument","content":[]}"# });
    metered.call(fag, "PUT /api/cases/{}/document", &[case], document).await;
    metered.call(fag, "GET /api/cases/{}/content", &[case], NONE).await;
    metered.call(fag, "GET /api/cases/{}/content/{}", &[case, "1"], NONE).await;
    metered.call(fag, "GET /api/cases/{}/events", &[case], NONE).await;
    metered.call(fag, "GET /api/cases/{}/export/word", &[case], NONE).await;
}

/// The dearest step of each kind: FIN's handler is found, the round may be over.
async fn workflow(metered: &mut Metered, stage: &Stage) {
    let last = stage.case(metered, Status::SendtTilRegjeringen).await.id.to_string();
    let sent = stage.case(metered, Status::GodkjentPol).await.id.to_string();
    let submitted = stage.case(metered, Status::GodkjentPol).await.id.to_string();
    for (case, status) in [(&sent, "sendt_til_fin"), (&last, "regjeringsbehandlet")] {
        let step = json!({ "status": status });
        metered.call(&stage.by_admin, "PATCH /api/cases/{}/status", &[case], step).await;
    }
    let sent = sent.as_str();
    let to = json!({ "newAssignedTo": stage.lead.id() });
    metered.call(&stage.by_lead, "PATCH /api/cases/{}/assign", &[sent], to).await;
    let to = json!({ "newAssignedTo": stage.fin.id() });
    metered.call(&stage.by_admin, "PATCH /api/cases/{}/fin-assign", &[sent], to).await;
    let place = json!({ "finListPlacement": "a_list" });
    metered.call(&stage.by_fin, "PATCH /api/cases/{}/list-placement", &[sent], place).await;

    let ask = "POST /api/cases/{}/opinions";
    let approval = json!({ "assignedTo": stage.lead.id(), "type": "godkjenning" });
    let first = id(&metered.call(&stage.by_lead, ask, &[sent], approval).await);
    let on = json!({ "forwardTo": stage.fag.id() });
    let forward = "POST /api/cases/opinions/{}/forward";
    let second = id(&metered.call(&stage.by_lead, forward, &[&first], on).await);
    let yes = json!({ "status": "approved", "opinionText": "Ja." });
    metered.call(&stage.by_fag, "PATCH /api/cases/opinions/{}", &[&second], yes).await;

    let submission = json!({ "budgetRoundId": stage.round.id, "caseIds": [submitted] });
    metered.call(&stage.by_lead, "POST /api/submissions", &[], submission).await;
}

async fn dialogue(metered: &mut Metered, stage: &Stage) {
    let case = stage.case(metered, Status::UnderVurderingFin).await.id.to_string();
    let (case, fin, fag) = (case.as_str(), &stage.by_fin, &stage.by_fag);
    let comment = json!({ "commentText": "Se her.", "anchorText": "her", "commentId": "m1" });
    let comment = id(&metered.call(fin, "POST /api/cases/{}/comments", &[case], comment).await);
    let below = [case, comment.as_str()];
    let reply = json!({ "commentText": "Sett." });
    metered.call(fin, "POST /api/cases/{}/comments/{}/replies", &below, reply).await;
    metered.call(fin, "PATCH /api/cases/{}/comments/{}/resolve", &below, NONE).await;
    metered.call(fin, "PATCH /api/cases/{}/comments/{}/reopen", &below, NONE).await;
    metered.call(fin, "GET /api/cases/{}/comments", &[case], NONE).await;
    metered.call(fin, "DELETE /api/cases/{}/comments/{}", &below, NONE).await;

    let question = json!({ "questionText": "Hva koster det?" });
    let question = id(&metered.call(fin, "POST /api/cases/{}/questions", &[case], question).await);
    metered.call(fag, "GET /api/cases/{}/questions", &[case], NONE).await;
    let answer = json!({ "answerText": "12 millioner." });
    metered.call(fag, "PATCH /api/questions/{}/answer", &[&question], answer).await;

    let text = json!({ "text": "Forslaget støttes.", "sortOrder": 1 });
    let conclusion = metered.call(fin, "POST /api/cases/{}/conclusions", &[case], text).await;
    let conclusion = id(&conclusion);
    let below = [case, conclusion.as_str()];
    let change = json!({ "text": "Forslaget støttes ikke." });
    metered.call(fin, "PUT /api/cases/{}/conclusions/{}", &below, change).await;
    metered.call(fin, "GET /api/cases/{}/conclusions", &[case], NONE).await;
    metered.call(fin, "DELETE /api/cases/{}/conclusions/{}", &below, NONE).await;
    let all = json!([{ "text": "a", "sortOrder": 1 }, { "text": "b", "sortOrder": 2 }]);
    metered.call(fin, "PUT /api/cases/{}/conclusions", &[case], all).await;
}

fn section(title: &str, config: &str) -> Value {
    json!({
        "titleTemplate": title, "headingStyle": "Deplisteoverskrift2", "sectionType": "case_group",
        "sortOrder": 1, "config": config,
    })
}

async fn templates(metered: &mut Metered, stage: &Stage) -> String {
    let admin = &stage.by_admin;
    let template = json!({ "name": stage.name, "budgetRoundType": "august", "sections": [
        section("Satsingsforslag", r#"{"case_type_filter":"satsingsforslag"}"#),
    ] });
    let new = "POST /api/department-list-templates";
    let template = metered.call(admin, new, &[], template).await;
    let (kept, template) = (template["sections"][0].clone(), id(&template));
    let template = template.as_str();
    metered.call(admin, "GET /api/department-list-templates", &[], NONE).await;
    metered.call(admin, "GET /api/department-list-templates/{}", &[template], NONE).await;
    let change = json!({ "classificationText": "Unntatt offentlighet" });
    metered.call(admin, "PUT /api/department-list-templates/{}", &[template], change).await;
    let add = "POST /api/department-list-templates/{}/sections";
    let added = id(&metered.call(admin, add, &[template], section("Annet", "{}")).await);
    let below = [template, added.as_str()];
    let change = json!({ "titleTemplate": "Annet for {department_name}" });
    let one = "PUT /api/department-list-templates/{}/sections/{}";
    metered.call(admin, one, &below, change).await;
    let remove = "DELETE /api/department-list-templates/{}/sections/{}";
    metered.call(admin, remove, &below, NONE).await;
    let mut same = section("Satsingsforslag", r#"{"case_type_filter":"satsingsforslag"}"#);
    same["id"] = kept["id"].clone();
    let all = json!([same, section("Tiltak", "{}")]);
    let replace = "PUT /api/department-list-templates/{}/sections";
    metered.call(admin, replace, &[template], all).await;
    template.to_owned()
}

async fn department_list(metered: &mut Metered, stage: &Stage, template: &str) -> String {
    let fin = &stage.by_fin;
    let new = json!({
        "templateId": template, "budgetRoundId": stage.round.id, "departmentId": "KLD",
    });
    let list = metered.call(fin, "POST /api/department-lists", &[], new).await;
    let (section, list) = (id(&list["sections"][0]), id(&list));
    let list = list.as_str();
    metered.call(fin, "GET /api/department-lists", &[], NONE).await;
    let status = json!({ "status": "in_progress" });
    metered.call(fin, "PUT /api/department-lists/{}/status", &[list], status).await;
    let text = json!({ "title": "Ny tittel", "contentJson": r#"{"type":"doc","content":[]}"# });
    let write = "PUT /api/department-lists/{}/sections/{}";
    metered.call(fin, write, &[list, &section], text).await;

    let by_hand = stage.case(metered, Status::UnderVurderingFin).await.id.to_string();
    let entry = json!({ "sectionId": section, "caseId": by_hand, "sortOrder": 1 });
    let add = "POST /api/department-lists/{}/case-entries";
    let entry = id(&metered.call(fin, add, &[list], entry).await);
    let below = [list, entry.as_str()];
    let change = json!({ "sortOrder": 2 });
    metered.call(fin, "PUT /api/department-lists/{}/case-entries/{}", &below, change).await;
    metered.call(fin, "DELETE /api/department-lists/{}/case-entries/{}", &below, NONE).await;
    let place = "POST /api/department-lists/{}/place-case/{}";
    metered.call(fin, place, &[list, &by_hand], NONE).await;
    metered.call(fin, "POST /api/department-lists/{}/auto-place", &[list], NONE).await;
    metered.call(fin, "GET /api/department-lists/{}", &[list], NONE).await;
    metered.call(fin, "GET /api/department-lists/{}/export/word", &[list], NONE).await;
    pictures(metered, stage, list, &section).await;
    list.to_owned()
}

/// Uploads reach the database only where a list keeps a figure.
async fn pictures(metered: &mut Metered, stage: &Stage, list: &str, section: &str) {
    let fin = &stage.by_fin;
    let image = metered
        .send(fin, "POST /api/uploads/image", &[], "", |method, path| {
            multipart(fin, method, path, section)
        })
        .await;
    let url = image.assert_status(200).json()["url"].as_str().unwrap().to_owned();
    let file = url.rsplit('/').next().unwrap();
    let show = |method, path: &str| fin.request(method, path);
    metered.send(fin, "GET /uploads/images/{}", &[file], "", show).await.assert_status(200);
    let figure = metered
        .send(fin, "POST /api/department-lists/{}/figures", &[list], "", |method, path| {
            multipart(fin, method, path, section)
        })
        .await;
    let url = figure.assert_status(201).json()["fileUrl"].as_str().unwrap().to_owned();
    let file = url.rsplit('/').next().unwrap();
    metered.send(fin, "GET /uploads/figures/{}", &[file], "", show).await.assert_status(200);
}

fn multipart(
    caller: &Http,
    method: reqwest::Method,
    path: &str,
    section: &str,
) -> reqwest::RequestBuilder {
    let head = |name: &str| format!("--grense\r\nContent-Disposition: form-data; name={name}");
    let body = [
        format!("{}\r\n\r\n{section}\r\n", head("\"sectionId\"")).into_bytes(),
        format!("{}; filename=\"punkt.png\"\r\n", head("\"file\"")).into_bytes(),
        b"Content-Type: image/png\r\n\r\n".to_vec(),
        PIXEL.to_vec(),
        b"\r\n--grense--\r\n".to_vec(),
    ];
    let request = caller.request(method, path);
    let request = request.header("content-type", "multipart/form-data; boundary=grense");
    request.body(body.concat())
}

async fn exports(metered: &mut Metered, stage: &Stage, list: &str) {
    let fin = &stage.by_fin;
    let order = json!({ "filters": { "budgetRoundId": stage.round.id, "departmentId": "KLD" } });
    for operation in [
        "POST /api/export/cases/excel",
        "POST /api/export/cases/word",
        "POST /api/export/cases/pdf",
    ] {
        metered.call(fin, operation, &[], order.clone()).await;
    }
    let order = json!({ "departmentListId": list });
    metered.call(fin, "POST /api/export/department-list/word", &[], order.clone()).await;
    let job = metered.call(fin, "POST /api/export/department-list/pdf", &[], order).await;
    let job = id(&job);
    metered.call(fin, "GET /api/export/jobs", &[], NONE).await;
    metered.call(fin, "GET /api/export/jobs/{}", &[&job], NONE).await;
    // No worker runs here: the job is looked up and found unfinished.
    let open = |method, path: &str| fin.request(method, path);
    let file = metered.send(fin, "GET /api/export/jobs/{}/download", &[&job], "", open).await;
    file.assert_status(409);
    let fail = "UPDATE export_jobs SET status = 'failed', attempts = 5, completed_at = now(),
        error_message = 'Mislyktes.' WHERE id = $1::text::uuid";
    metered.app.seed.client().execute(fail, &[&job]).await.unwrap();
    metered.call(fin, "POST /api/export/jobs/{}/retry", &[&job], NONE).await;
    metered.call(fin, "POST /api/events/ticket", &[], NONE).await;
    metered.call(fin, "POST /api/export/jobs/{}/cancel", &[&job], NONE).await;
}

/// A department list with this many cases in it, and who may read it.
pub(super) async fn list_of(metered: &mut Metered, cases: usize) -> (Http, String) {
    let name = format!("Liste {}", uuid::Uuid::new_v4());
    let stage = Stage::new(metered, &name[..20]).await;
    for _case in 0..cases {
        stage.case(metered, Status::UnderVurderingFin).await;
    }
    let template = json!({ "name": name, "budgetRoundType": "august", "sections": [
        section("Satsingsforslag", r#"{"case_type_filter":"satsingsforslag"}"#),
    ] });
    let template = stage.by_admin.post("/api/department-list-templates", &template).await;
    let template = id(&template.assert_status(201).json());
    let new = json!({
        "templateId": template, "budgetRoundId": stage.round.id, "departmentId": "KLD",
    });
    let list = stage.by_fin.post("/api/department-lists", &new).await.assert_status(201).json();
    let list = id(&list);
    let place = format!("/api/department-lists/{list}/auto-place");
    let placed = stage.by_fin.post(&place, &json!({})).await.assert_status(200).json();
    assert_eq!(placed["placed"], cases);
    (stage.by_fin, list)
}
