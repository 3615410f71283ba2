//! Every operation, who may, and what it is asked with: a row for each, in the contract's order.

use serde_json::{Value, json};

use super::callers::{ADMIN, FAG_LEAD, FIN, FIN_LEAD};
use super::rules::Rule::{
    Assignee, Author, EditCase, Everybody, FagHandlerOr, FinHandlerOr, HandlersOrBadRequest,
    OpenCase, OwnFagOrAdmin, RequesterOrNotFound, Roles, RolesOnCase, SignedIn,
};
use super::rules::{Rule, Scene};

const ADMINS: &[&[&str]] = &[&[ADMIN]];
const FIN_OR_ADMIN: &[&[&str]] = &[&FIN, &[ADMIN]];
const LEADS_OR_ADMIN: &[&[&str]] = &[&FAG_LEAD, &FIN_LEAD, &[ADMIN]];
const FIN_LEAD_OR_ADMIN: &[&[&str]] = &[&FIN_LEAD, &[ADMIN]];
const FAG_LEAD_OR_ADMIN: &[&[&str]] = &[&FAG_LEAD, &[ADMIN]];

/// Ends each part of a multipart body.
pub(super) const BOUNDARY: &str = "grense";

/// What a request carries.
pub(super) enum Body {
    None,
    Json(Value),
    Multipart(String),
}

type Ids = fn(&Scene, bool) -> Vec<String>;

/// One operation: who may use it, and how it is asked for.
#[derive(Debug)]
pub(super) struct Row {
    /// Method and path, the parameters without names.
    pub(super) operation: &'static str,
    pub(super) rule: Rule,
    /// Ids for the path, given whether the caller is allowed.
    pub(super) ids: Ids,
    pub(super) body: fn(&Scene) -> Body,
    /// Whoever is allowed gets a 2xx.
    pub(super) succeeds: bool,
    /// A role that is not asked, because it may and nothing else would be left to ask.
    pub(super) spares: Option<&'static str>,
}

impl Row {
    pub(super) fn takes_a_case(&self) -> bool {
        self.operation.contains(" /api/cases/{}") || self.operation.contains(" /api/questions/{}")
    }

    const fn at(self, ids: Ids) -> Self {
        Self { ids, ..self }
    }

    const fn with(self, body: fn(&Scene) -> Body) -> Self {
        Self { body, ..self }
    }

    const fn succeeds(self) -> Self {
        Self { succeeds: true, ..self }
    }

    const fn sparing(self, role: &'static str) -> Self {
        Self { spares: Some(role), ..self }
    }
}

const fn row(operation: &'static str, rule: Rule) -> Row {
    Row {
        operation,
        rule,
        ids: |_, _| Vec::new(),
        body: |_| Body::None,
        succeeds: false,
        spares: None,
    }
}

fn the_case(scene: &Scene, _: bool) -> Vec<String> {
    vec![scene.case().id.clone()]
}

/// What those who may would take away from the others is nothing at all for them.
fn nothing_if_allowed(id: &str, scene: &Scene, is_allowed: bool) -> String {
    if is_allowed { scene.world.nothing.clone() } else { id.to_owned() }
}

fn the_comment(scene: &Scene, _: bool) -> Vec<String> {
    vec![scene.case().id.clone(), scene.case().comment.clone()]
}

fn the_list(scene: &Scene, _: bool) -> Vec<String> {
    vec![scene.world.list.clone()]
}

fn a_list_to_change(scene: &Scene, is_allowed: bool) -> Vec<String> {
    vec![nothing_if_allowed(&scene.world.list, scene, is_allowed)]
}

fn a_list_entry(scene: &Scene, is_allowed: bool) -> Vec<String> {
    let world = &scene.world;
    vec![world.list.clone(), nothing_if_allowed(&world.list_entry, scene, is_allowed)]
}

fn the_template(scene: &Scene, _: bool) -> Vec<String> {
    vec![scene.world.template.clone()]
}

fn a_template_to_change(scene: &Scene, is_allowed: bool) -> Vec<String> {
    vec![nothing_if_allowed(&scene.world.template, scene, is_allowed)]
}

fn a_template_section(scene: &Scene, is_allowed: bool) -> Vec<String> {
    let world = &scene.world;
    vec![world.template.clone(), nothing_if_allowed(&world.template_section, scene, is_allowed)]
}

fn the_job(scene: &Scene, _: bool) -> Vec<String> {
    vec![scene.world.job.clone()]
}

fn nothing(scene: &Scene, _: bool) -> Vec<String> {
    vec![scene.world.nothing.clone()]
}

fn empty(_: &Scene) -> Body {
    Body::Json(json!({}))
}

/// A save that comes too late: a conflict for those who may, and no new version.
fn late_save(_: &Scene) -> Body {
    Body::Json(json!({ "comment": "For sent.", "expectedVersion": 999 }))
}

fn unknown_user(scene: &Scene) -> Body {
    Body::Json(json!({ "newAssignedTo": scene.world.nothing }))
}

fn unknown_columns(_: &Scene) -> Body {
    Body::Json(json!({ "fields": ["ukjent"] }))
}

fn list_order(scene: &Scene) -> Body {
    Body::Json(json!({ "departmentListId": scene.world.nothing }))
}

fn new_section(_: &Scene) -> Body {
    Body::Json(json!({
        "titleTemplate": "Omtale", "headingStyle": "Overskrift5", "sectionType": "freetext",
        "sortOrder": 9,
    }))
}

fn text(name: &'static str) -> Value {
    json!({ name: "Tekst." })
}

/// A file of no kind that anybody may store.
fn useless_file(_: &Scene) -> Body {
    Body::Multipart(format!(
        "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.txt\"\r\n\r\n\
         tekst\r\n--{BOUNDARY}--\r\n"
    ))
}

/// Rules in the contract's order; the numbers are its endpoints.
pub(super) const ROWS: &[Row] = &[
    // E01–E03
    row("GET /api/auth/jwks.json", Everybody).succeeds(),
    row("POST /api/auth/login", Everybody)
        .with(|_| Body::Json(json!({ "email": "admin@test.no" })))
        .succeeds(),
    // People of the demo sign in here: there is no external issuer, for nobody.
    row("GET /api/auth/oidc", Everybody),
    row("POST /api/auth/oidc", Everybody).with(|_| Body::Json(json!({ "idToken": "tull" }))),
    row("GET /api/auth/me", SignedIn).succeeds(),
    row("GET /api/auth/users", SignedIn).succeeds(),
    // E04–E08
    row("GET /api/departments", SignedIn).succeeds(),
    row("GET /api/budget-rounds", SignedIn).succeeds(),
    row("GET /api/budget-rounds/{}", SignedIn).at(|s, _| vec![s.world.round.clone()]).succeeds(),
    row("GET /api/budget-rounds/{}/field-overrides", SignedIn)
        .at(|s, _| vec![s.world.round.clone()])
        .succeeds(),
    row("PUT /api/budget-rounds/{}/field-overrides", Roles(ADMINS))
        .at(|s, _| vec![s.world.closed_round.clone()])
        .with(|_| Body::Json(json!({ "caseTypeCode": "andre_saker", "finFieldKeys": [] }))),
    // E09–E13
    row("GET /api/case-types", Everybody).succeeds(),
    row("GET /api/case-types/{}", SignedIn).at(|s, _| vec![s.world.case_type.clone()]).succeeds(),
    row("POST /api/case-types", Roles(ADMINS)).with(|_| {
        Body::Json(json!({
            "code": "andre_saker", "name": "Andre saker", "description": "", "sortOrder": 4,
            "fields": [],
        }))
    }),
    row("PUT /api/case-types/{}", Roles(ADMINS))
        .at(|s, _| vec![s.world.case_type.clone()])
        .with(empty)
        .succeeds(),
    row("DELETE /api/case-types/{}", Roles(ADMINS))
        .at(|s, allowed| vec![nothing_if_allowed(&s.world.case_type, s, allowed)]),
    // E14–E18
    row("GET /api/cases", SignedIn).succeeds(),
    row("GET /api/cases/list", SignedIn).succeeds(),
    row("GET /api/cases/history", SignedIn).succeeds(),
    row("GET /api/cases/my-cases", SignedIn).succeeds(),
    row("GET /api/cases/my-tasks", SignedIn).succeeds(),
    // E19–E22
    row("GET /api/cases/{}", OpenCase).at(the_case).succeeds(),
    row("GET /api/cases/{}/events", OpenCase).at(the_case).succeeds(),
    row("POST /api/cases", SignedIn).with(|s| {
        Body::Json(json!({
            "budgetRoundId": s.world.nothing, "caseName": "Sak", "caseType": "andre_saker",
        }))
    }),
    row("PUT /api/cases/{}", EditCase).at(the_case).with(empty),
    // E23–E27
    row("POST /api/cases/{}/content", EditCase).at(the_case).with(late_save),
    row("PUT /api/cases/{}/content", EditCase).at(the_case).with(late_save),
    row("PUT /api/cases/{}/document", EditCase).at(the_case).with(|_| {
        let document = r#"{"type":"caseDocument","content":[]}"#;
        Body::Json(json!({ "contentJson": document, "expectedVersion": 999 }))
    }),
    row("GET /api/cases/{}/content", OpenCase).at(the_case).succeeds(),
    row("GET /api/cases/{}/content/{}", OpenCase)
        .at(|s, _| vec![s.case().id.clone(), "1".to_owned()])
        .succeeds(),
    // E28: a step that the role does not have is a 400 like one that nobody has.
    row("PATCH /api/cases/{}/status", OpenCase)
        .at(the_case)
        .with(|s| Body::Json(json!({ "status": s.case().status }))),
    // E29–E31
    row("PATCH /api/cases/{}/assign", FagHandlerOr(LEADS_OR_ADMIN)).at(the_case).with(unknown_user),
    row("PATCH /api/cases/{}/fin-assign", FinHandlerOr(FIN_LEAD_OR_ADMIN))
        .at(the_case)
        .with(unknown_user),
    row("PATCH /api/cases/{}/list-placement", RolesOnCase(FIN_OR_ADMIN))
        .at(the_case)
        .with(|_| Body::Json(json!({ "priorityNumber": null })))
        .succeeds(),
    // E32–E34: the others' request is one that would be granted.
    row("POST /api/cases/{}/opinions", HandlersOrBadRequest(LEADS_OR_ADMIN)).at(the_case).with(
        |s| {
            let may = s.caller.is_one_of(&FAG_LEAD)
                || s.caller.is_one_of(&FIN_LEAD)
                || s.caller.is_admin()
                || s.case().assigned_to == s.caller.id
                || s.case().fin_assigned_to == s.caller.id;
            let asked = if may { &s.world.nothing } else { &s.world.assignee };
            Body::Json(json!({ "assignedTo": asked, "type": "uttalelse" }))
        },
    ),
    row("PATCH /api/cases/opinions/{}", Assignee)
        .at(|s, _| vec![s.world.opinion.clone()])
        .with(|_| Body::Json(json!({ "status": "approved" }))),
    row("POST /api/cases/opinions/{}/forward", Assignee)
        .at(|s, _| vec![s.world.opinion.clone()])
        .with(|s| Body::Json(json!({ "forwardTo": s.world.requester }))),
    // E35–E40
    row("GET /api/cases/{}/comments", OpenCase).at(the_case).succeeds(),
    row("POST /api/cases/{}/comments", OpenCase)
        .at(the_case)
        .with(|_| Body::Json(json!({ "commentText": "Se her.", "commentId": "merke-1" })))
        .succeeds(),
    row("POST /api/cases/{}/comments/{}/replies", OpenCase)
        .at(the_comment)
        .with(|_| Body::Json(text("commentText")))
        .succeeds(),
    row("PATCH /api/cases/{}/comments/{}/resolve", OpenCase).at(the_comment).succeeds(),
    row("PATCH /api/cases/{}/comments/{}/reopen", OpenCase).at(the_comment).succeeds(),
    row("DELETE /api/cases/{}/comments/{}", Author).at(|s, allowed| {
        vec![s.case().id.clone(), nothing_if_allowed(&s.case().comment, s, allowed)]
    }),
    // E41–E44
    row("GET /api/cases/{}/questions", OpenCase).at(the_case).succeeds(),
    row("POST /api/cases/{}/questions", RolesOnCase(FIN_OR_ADMIN))
        .at(the_case)
        .with(|_| Body::Json(text("questionText")))
        .succeeds(),
    row("PATCH /api/questions/{}/answer", OwnFagOrAdmin)
        .at(|s, _| vec![s.case().question.clone()])
        .with(|_| Body::Json(text("answerText")))
        .succeeds(),
    row("GET /api/questions/my-pending", SignedIn).succeeds(),
    // E45–E46
    row("GET /api/submissions", SignedIn).succeeds(),
    row("POST /api/submissions", Roles(FAG_LEAD_OR_ADMIN)).with(|s| {
        Body::Json(json!({ "budgetRoundId": s.world.round, "caseIds": [s.world.nothing] }))
    }),
    // E47–E51, and the check of a fencing token
    row("POST /api/locks", SignedIn)
        .with(|s| Body::Json(json!({ "resourceType": "case", "resourceId": s.world.nothing }))),
    // Without its parameters, which is refused to nobody for want of rights.
    row("GET /api/locks", SignedIn),
    row("PUT /api/locks/{}/heartbeat", SignedIn).at(nothing),
    row("DELETE /api/locks/{}", SignedIn).at(nothing).succeeds(),
    row("POST /api/locks/{}", Everybody)
        .at(nothing)
        .with(|_| Body::Json(json!({ "_method": "DELETE" })))
        .succeeds(),
    row("POST /api/locks/verify", SignedIn)
        .with(|s| {
            let (id, token) = (&s.world.nothing, 1);
            Body::Json(json!({ "resourceType": "case", "resourceId": id, "lockToken": token }))
        })
        .succeeds(),
    // E52–E59
    row("GET /api/cases/{}/export/word", OpenCase).at(the_case).succeeds(),
    row("POST /api/export/department-list/word", Roles(FIN_OR_ADMIN)).with(list_order),
    row("POST /api/export/department-list/pdf", Roles(FIN_OR_ADMIN)).with(list_order),
    row("POST /api/export/cases/excel", SignedIn).with(unknown_columns),
    row("POST /api/export/cases/word", SignedIn).with(unknown_columns),
    row("POST /api/export/cases/pdf", SignedIn).with(unknown_columns),
    row("POST /api/events/ticket", SignedIn).succeeds(),
    row("GET /api/export/jobs", SignedIn).succeeds(),
    row("GET /api/export/jobs/{}", RequesterOrNotFound).at(the_job).succeeds(),
    row("POST /api/export/jobs/{}/retry", RequesterOrNotFound).at(the_job),
    row("POST /api/export/jobs/{}/cancel", RequesterOrNotFound).at(the_job),
    row("GET /api/export/jobs/{}/download", RequesterOrNotFound).at(the_job),
    // E60–E64
    row("GET /api/cases/{}/conclusions", OpenCase).at(the_case).succeeds(),
    row("POST /api/cases/{}/conclusions", RolesOnCase(FIN_OR_ADMIN))
        .at(the_case)
        .with(|_| Body::Json(json!({ "text": "Forslaget støttes.", "sortOrder": 2 })))
        .succeeds(),
    row("PUT /api/cases/{}/conclusions/{}", RolesOnCase(FIN_OR_ADMIN))
        .at(|s, allowed| {
            vec![s.case().id.clone(), nothing_if_allowed(&s.case().conclusion, s, allowed)]
        })
        .with(|_| Body::Json(text("text"))),
    row("DELETE /api/cases/{}/conclusions/{}", RolesOnCase(FIN_OR_ADMIN)).at(|s, allowed| {
        vec![s.case().id.clone(), nothing_if_allowed(&s.case().conclusion, s, allowed)]
    }),
    row("PUT /api/cases/{}/conclusions", RolesOnCase(FIN_OR_ADMIN)).at(the_case).with(|_| {
        // An empty text, so that nothing is replaced.
        Body::Json(json!([{ "text": "", "sortOrder": 1 }]))
    }),
    // E65–E66
    row("POST /api/uploads/image", SignedIn).with(useless_file),
    row("GET /uploads/images/{}", Everybody).at(nothing),
    row("GET /uploads/figures/{}", Everybody).at(nothing),
    // E67–E75
    row("GET /api/department-list-templates", SignedIn).succeeds(),
    row("GET /api/department-list-templates/{}", SignedIn).at(the_template).succeeds(),
    row("POST /api/department-list-templates", Roles(FIN_LEAD_OR_ADMIN)).with(|_| {
        // A name that is too long: refused, but not for want of rights.
        Body::Json(json!({ "name": "x".repeat(201), "budgetRoundType": "mars" }))
    }),
    row("PUT /api/department-list-templates/{}", Roles(FIN_LEAD_OR_ADMIN))
        .at(the_template)
        .with(empty)
        .succeeds(),
    row("DELETE /api/department-list-templates/{}", Roles(ADMINS)).at(a_template_to_change),
    row("PUT /api/department-list-templates/{}/sections", Roles(FIN_LEAD_OR_ADMIN))
        .at(a_template_to_change)
        .with(|_| Body::Json(json!([]))),
    row("POST /api/department-list-templates/{}/sections", Roles(FIN_LEAD_OR_ADMIN))
        .at(a_template_to_change)
        .with(new_section),
    row("PUT /api/department-list-templates/{}/sections/{}", Roles(FIN_LEAD_OR_ADMIN))
        .at(a_template_section)
        .with(empty),
    row("DELETE /api/department-list-templates/{}/sections/{}", Roles(FIN_LEAD_OR_ADMIN))
        .at(a_template_section),
    // E76–E88
    row("GET /api/department-lists/{}/export/word", Roles(FIN_OR_ADMIN)).at(the_list).succeeds(),
    row("GET /api/department-lists", Roles(FIN_OR_ADMIN)).succeeds(),
    row("GET /api/department-lists/{}", Roles(FIN_OR_ADMIN)).at(the_list).succeeds(),
    row("POST /api/department-lists", Roles(FIN_OR_ADMIN)).with(|s| {
        let id = &s.world.nothing;
        Body::Json(json!({ "templateId": id, "budgetRoundId": id, "departmentId": id }))
    }),
    row("PUT /api/department-lists/{}/status", Roles(FIN_OR_ADMIN))
        .at(the_list)
        .with(|_| Body::Json(json!({ "status": "in_progress" })))
        .succeeds(),
    row("DELETE /api/department-lists/{}", Roles(FIN_OR_ADMIN)).at(a_list_to_change),
    row("PUT /api/department-lists/{}/sections/{}", Roles(FIN_OR_ADMIN))
        .at(|s, _| vec![s.world.list.clone(), s.world.list_section.clone()])
        .with(empty)
        .succeeds(),
    row("POST /api/department-lists/{}/case-entries", Roles(FIN_OR_ADMIN)).at(the_list).with(|s| {
        let (section, case) = (&s.world.list_section, &s.world.nothing);
        Body::Json(json!({ "sectionId": section, "caseId": case, "sortOrder": 1 }))
    }),
    row("PUT /api/department-lists/{}/case-entries/{}", Roles(FIN_OR_ADMIN))
        .at(a_list_entry)
        .with(empty),
    row("DELETE /api/department-lists/{}/case-entries/{}", Roles(FIN_OR_ADMIN)).at(a_list_entry),
    row("POST /api/department-lists/{}/auto-place", Roles(FIN_OR_ADMIN)).at(a_list_to_change),
    row("POST /api/department-lists/{}/place-case/{}", Roles(FIN_OR_ADMIN))
        .at(|s, _| vec![s.world.list.clone(), s.world.nothing.clone()]),
    row("POST /api/department-lists/{}/figures", Roles(FIN_OR_ADMIN))
        .at(the_list)
        .with(useless_file),
    // E89–E90
    row("GET /api/health", Everybody).succeeds(),
    // Whoever may wipe the database does so in a test of its own.
    row("POST /api/admin/reset-database", Roles(ADMINS)).sparing(ADMIN),
];
