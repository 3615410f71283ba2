// @generated automatically by Diesel CLI.

diesel::table! {
    /// Defined by the contract without endpoints (contract 1.23).
    attachments (id) {
        id -> Uuid,
        case_id -> Uuid,
        uploaded_by -> Uuid,
        #[max_length = 500]
        file_name -> Varchar,
        #[max_length = 1000]
        file_path -> Varchar,
        file_size -> Nullable<Int8>,
        #[max_length = 100]
        mime_type -> Nullable<Varchar>,
        uploaded_at -> Timestamptz,
    }
}

diesel::table! {
    /// Budget conferences and propositions that cases belong to (contract 1.4).
    budget_rounds (id) {
        id -> Uuid,
        #[max_length = 50]
        name -> Varchar,
        #[sql_name = "type"]
        #[max_length = 20]
        type_ -> Varchar,
        year -> Int4,
        #[max_length = 20]
        status -> Varchar,
        deadline -> Nullable<Timestamptz>,
        closed_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    /// Margin comments tied to a mark in the document (contract 1.11).
    case_comments (id) {
        id -> Uuid,
        case_id -> Uuid,
        /// Id of the comment mark in the document; replies share it.
        #[max_length = 50]
        comment_id -> Varchar,
        comment_text -> Text,
        anchor_text -> Nullable<Text>,
        #[max_length = 20]
        status -> Varchar,
        parent_comment_id -> Nullable<Uuid>,
        author_id -> Uuid,
        created_at -> Timestamptz,
        resolved_at -> Nullable<Timestamptz>,
        resolved_by -> Nullable<Uuid>,
    }
}

diesel::table! {
    /// Lettered conclusions of a case (contract 1.12).
    case_conclusions (id) {
        id -> Uuid,
        case_id -> Uuid,
        sort_order -> Int4,
        text -> Text,
        created_by -> Uuid,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    /// Immutable snapshots, one for each save of a case (contract 1.8).
    case_contents (id) {
        id -> Uuid,
        case_id -> Uuid,
        version -> Int4,
        #[max_length = 500]
        case_name -> Nullable<Varchar>,
        #[max_length = 10]
        chapter -> Nullable<Varchar>,
        #[max_length = 10]
        post -> Nullable<Varchar>,
        amount -> Nullable<Int8>,
        fin_amount -> Nullable<Int8>,
        gov_amount -> Nullable<Int8>,
        #[max_length = 30]
        status -> Nullable<Varchar>,
        proposal_text -> Nullable<Text>,
        justification -> Nullable<Text>,
        verbal_conclusion -> Nullable<Text>,
        socioeconomic_analysis -> Nullable<Text>,
        goal_indicator -> Nullable<Text>,
        benefit_plan -> Nullable<Text>,
        comment -> Nullable<Text>,
        fin_assessment -> Nullable<Text>,
        fin_verbal -> Nullable<Text>,
        fin_r_conclusion -> Nullable<Text>,
        content_json -> Nullable<Jsonb>,
        track_changes_active -> Bool,
        created_by -> Uuid,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    /// Append-only log of who did what when (contract 1.9 and 13).
    case_events (id) {
        id -> Uuid,
        case_id -> Uuid,
        #[max_length = 30]
        event_type -> Varchar,
        event_data -> Nullable<Jsonb>,
        user_id -> Uuid,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    /// Requested opinions and approvals; a pending one blocks status changes (contract 1.10).
    case_opinions (id) {
        id -> Uuid,
        case_id -> Uuid,
        #[sql_name = "type"]
        #[max_length = 30]
        type_ -> Varchar,
        requested_by -> Uuid,
        assigned_to -> Uuid,
        #[max_length = 30]
        status -> Varchar,
        opinion_text -> Nullable<Text>,
        request_comment -> Nullable<Text>,
        forwarded_from_id -> Nullable<Uuid>,
        original_opinion_id -> Nullable<Uuid>,
        created_at -> Timestamptz,
        resolved_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    /// Kinds of cases and the text fields each asks for (contract 1.6).
    case_type_definitions (id) {
        id -> Uuid,
        #[max_length = 50]
        code -> Varchar,
        #[max_length = 200]
        name -> Varchar,
        #[max_length = 500]
        description -> Varchar,
        is_active -> Bool,
        sort_order -> Int4,
        fields -> Jsonb,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    /// Budget cases with the columns their lists show (contract 1.7).
    cases (id) {
        id -> Uuid,
        budget_round_id -> Uuid,
        department_id -> Uuid,
        #[max_length = 500]
        case_name -> Varchar,
        #[max_length = 10]
        chapter -> Nullable<Varchar>,
        #[max_length = 10]
        post -> Nullable<Varchar>,
        /// Proposal of the spending ministry, in 1 000 NOK.
        amount -> Nullable<Int8>,
        /// Recommendation of the Ministry of Finance, in 1 000 NOK.
        fin_amount -> Nullable<Int8>,
        /// Decision of the government, in 1 000 NOK.
        gov_amount -> Nullable<Int8>,
        #[max_length = 30]
        case_type -> Varchar,
        #[max_length = 30]
        status -> Varchar,
        assigned_to -> Nullable<Uuid>,
        fin_assigned_to -> Nullable<Uuid>,
        created_by -> Uuid,
        /// The newest content version (invariant I2).
        version -> Int4,
        #[max_length = 10]
        origin -> Varchar,
        #[max_length = 100]
        responsible_division -> Nullable<Varchar>,
        #[max_length = 20]
        fin_list_placement -> Nullable<Varchar>,
        priority_number -> Nullable<Int4>,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        /// The content row with the highest version; set in the transaction of every save (invariant I2).
        latest_content_id -> Nullable<Uuid>,
    }
}

diesel::table! {
    /// Defined by the contract without endpoints; superseded by opinions (contract 1.23).
    clearances (id) {
        id -> Uuid,
        case_id -> Uuid,
        requested_by -> Uuid,
        assigned_to -> Uuid,
        #[max_length = 30]
        role_type -> Nullable<Varchar>,
        #[max_length = 20]
        status -> Varchar,
        comment -> Nullable<Text>,
        created_at -> Timestamptz,
        resolved_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    /// Cases placed in a department list (contract 1.20).
    department_list_case_entries (id) {
        id -> Uuid,
        department_list_id -> Uuid,
        section_id -> Uuid,
        case_id -> Uuid,
        #[max_length = 20]
        subgroup -> Nullable<Varchar>,
        sort_order -> Int4,
        override_content -> Nullable<Jsonb>,
        included_at -> Timestamptz,
    }
}

diesel::table! {
    /// Uploaded figures of a department list (contract 1.21).
    department_list_figures (id) {
        id -> Uuid,
        department_list_id -> Uuid,
        section_id -> Uuid,
        #[max_length = 500]
        file_url -> Varchar,
        #[max_length = 10]
        file_type -> Varchar,
        caption -> Nullable<Text>,
        width_percent -> Int4,
        sort_order -> Int4,
        uploaded_by -> Uuid,
        uploaded_at -> Timestamptz,
    }
}

diesel::table! {
    /// Sections of a department list, made from its template (contract 1.19).
    department_list_sections (id) {
        id -> Uuid,
        department_list_id -> Uuid,
        template_section_id -> Uuid,
        parent_id -> Nullable<Uuid>,
        #[max_length = 500]
        title -> Nullable<Varchar>,
        sort_order -> Int4,
        content_json -> Nullable<Jsonb>,
    }
}

diesel::table! {
    /// Tree of sections of a template (contract 1.17).
    department_list_template_sections (id) {
        id -> Uuid,
        template_id -> Uuid,
        parent_id -> Nullable<Uuid>,
        #[max_length = 500]
        title_template -> Varchar,
        #[max_length = 40]
        heading_style -> Varchar,
        #[max_length = 40]
        section_type -> Varchar,
        sort_order -> Int4,
        /// How the section is rendered (contract 7.4), exactly as its author wrote it.
        config -> Nullable<Json>,
    }
}

diesel::table! {
    /// Templates of the department lists (contract 1.16).
    department_list_templates (id) {
        id -> Uuid,
        #[max_length = 200]
        name -> Varchar,
        #[max_length = 20]
        budget_round_type -> Varchar,
        #[max_length = 50]
        department_name_placeholder -> Varchar,
        is_active -> Bool,
        classification_text -> Nullable<Text>,
        created_by -> Uuid,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    /// One list for each ministry and round (contract 1.18).
    department_lists (id) {
        id -> Uuid,
        template_id -> Uuid,
        budget_round_id -> Uuid,
        department_id -> Uuid,
        #[max_length = 30]
        status -> Varchar,
        created_by -> Uuid,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    /// Ministries, by the code users know (contract 1.1).
    departments (id) {
        id -> Uuid,
        /// FIN is the budget side of the Ministry of Finance, FIN-FAG its own spending departments.
        #[max_length = 10]
        code -> Varchar,
        #[max_length = 200]
        name -> Varchar,
    }
}

diesel::table! {
    /// Ordered exports; each row is its own outbox entry (contract 1.22).
    export_jobs (id) {
        id -> Uuid,
        #[max_length = 30]
        job_type -> Varchar,
        #[max_length = 20]
        status -> Varchar,
        requested_by -> Uuid,
        parameters -> Jsonb,
        #[max_length = 500]
        result_url -> Nullable<Varchar>,
        error_message -> Nullable<Text>,
        created_at -> Timestamptz,
        started_at -> Nullable<Timestamptz>,
        completed_at -> Nullable<Timestamptz>,
        /// When the broker confirmed the job; null until then.
        published_at -> Nullable<Timestamptz>,
        /// W3C trace context of the request, so that request and export are one trace.
        trace_parent -> Nullable<Text>,
        #[max_length = 200]
        idempotency_key -> Nullable<Varchar>,
        attempts -> Int4,
        /// Worker that holds or last held the lease.
        claimed_by -> Nullable<Text>,
        /// A processing job whose lease has run out may be claimed again.
        lease_until -> Nullable<Timestamptz>,
        percent -> Int2,
        step -> Nullable<Text>,
        /// Object in the blob store; null before completion and after retention.
        result_key -> Nullable<Text>,
        /// File name that a download is offered under.
        result_file_name -> Nullable<Text>,
        result_bytes -> Nullable<Int8>,
        /// When its owner gave the job up; its status is failed then.
        cancelled_at -> Nullable<Timestamptz>,
        /// When it was ordered, or last put back in the queue by its owner.
        queued_at -> Timestamptz,
    }
}

diesel::table! {
    /// Workers that take orders from the queue, each with its last sign of life.
    export_workers (instance_id) {
        instance_id -> Text,
        seen_at -> Timestamptz,
    }
}

diesel::table! {
    /// Questions from FIN to the spending ministry, one answer each (contract 1.13).
    questions (id) {
        id -> Uuid,
        case_id -> Uuid,
        asked_by -> Uuid,
        question_text -> Text,
        answer_text -> Nullable<Text>,
        answer_json -> Nullable<Jsonb>,
        answered_by -> Nullable<Uuid>,
        created_at -> Timestamptz,
        answered_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    /// Editing leases (contract 1.15 and 12).
    resource_locks (id) {
        id -> Uuid,
        #[max_length = 30]
        resource_type -> Varchar,
        resource_id -> Uuid,
        locked_by -> Uuid,
        locked_by_name -> Text,
        locked_at -> Timestamptz,
        expires_at -> Timestamptz,
        last_heartbeat -> Timestamptz,
        /// Instance that last served the lock, so that it can hand it back at shutdown.
        pod_id -> Nullable<Text>,
        /// Set when an instance hands the lock back at shutdown; the next heartbeat of the holder clears it.
        released_at -> Nullable<Timestamptz>,
        /// Strictly increasing per resource, also across releases (invariant I3).
        fencing_token -> Int8,
    }
}

diesel::table! {
    /// Which content keys counted as FIN fields in a round (contract 1.5).
    round_field_overrides (id) {
        id -> Uuid,
        budget_round_id -> Uuid,
        #[max_length = 50]
        case_type_code -> Varchar,
        fin_field_keys -> Jsonb,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    /// The cases of a submission (contract 1.14).
    submission_cases (submission_id, case_id) {
        submission_id -> Uuid,
        case_id -> Uuid,
    }
}

diesel::table! {
    /// Sets of cases that a ministry sent to FIN together; immutable (contract 1.14).
    submissions (id) {
        id -> Uuid,
        budget_round_id -> Uuid,
        department_id -> Uuid,
        submitted_by -> Uuid,
        is_supplement -> Bool,
        submitted_at -> Timestamptz,
    }
}

diesel::table! {
    /// Portfolio of a FIN user: a default filter, never an access right (contract 1.3 and 6).
    user_department_assignments (id) {
        id -> Uuid,
        user_id -> Uuid,
        department_id -> Uuid,
        is_primary -> Bool,
    }
}

diesel::table! {
    /// People who sign in; deactivated, never deleted (contract 1.2).
    users (id) {
        id -> Uuid,
        #[max_length = 200]
        email -> Varchar,
        #[max_length = 200]
        full_name -> Varchar,
        department_id -> Uuid,
        #[max_length = 30]
        role -> Varchar,
        #[max_length = 100]
        division -> Nullable<Varchar>,
        #[max_length = 100]
        section -> Nullable<Varchar>,
        #[max_length = 100]
        job_title -> Nullable<Varchar>,
        #[max_length = 30]
        leader_level -> Nullable<Varchar>,
        #[max_length = 100]
        entra_object_id -> Nullable<Varchar>,
        /// Argon2id in PHC format; null means that no password opens the account.
        password_hash -> Nullable<Text>,
        is_active -> Bool,
    }
}

diesel::joinable!(attachments -> cases (case_id));
diesel::joinable!(attachments -> users (uploaded_by));
diesel::joinable!(case_comments -> cases (case_id));
diesel::joinable!(case_conclusions -> cases (case_id));
diesel::joinable!(case_conclusions -> users (created_by));
diesel::joinable!(case_contents -> users (created_by));
diesel::joinable!(case_events -> cases (case_id));
diesel::joinable!(case_events -> users (user_id));
diesel::joinable!(case_opinions -> cases (case_id));
diesel::joinable!(cases -> budget_rounds (budget_round_id));
diesel::joinable!(cases -> departments (department_id));
diesel::joinable!(clearances -> cases (case_id));
diesel::joinable!(department_list_case_entries -> cases (case_id));
diesel::joinable!(department_list_case_entries -> department_list_sections (section_id));
diesel::joinable!(department_list_case_entries -> department_lists (department_list_id));
diesel::joinable!(department_list_figures -> department_list_sections (section_id));
diesel::joinable!(department_list_figures -> department_lists (department_list_id));
diesel::joinable!(department_list_figures -> users (uploaded_by));
diesel::joinable!(department_list_sections -> department_list_template_sections (template_section_id));
diesel::joinable!(department_list_sections -> department_lists (department_list_id));
diesel::joinable!(department_list_template_sections -> department_list_templates (template_id));
diesel::joinable!(department_list_templates -> users (created_by));
diesel::joinable!(department_lists -> budget_rounds (budget_round_id));
diesel::joinable!(department_lists -> department_list_templates (template_id));
diesel::joinable!(department_lists -> departments (department_id));
diesel::joinable!(department_lists -> users (created_by));
diesel::joinable!(export_jobs -> users (requested_by));
diesel::joinable!(questions -> cases (case_id));
diesel::joinable!(round_field_overrides -> budget_rounds (budget_round_id));
diesel::joinable!(submission_cases -> cases (case_id));
diesel::joinable!(submission_cases -> submissions (submission_id));
diesel::joinable!(submissions -> budget_rounds (budget_round_id));
diesel::joinable!(submissions -> departments (department_id));
diesel::joinable!(submissions -> users (submitted_by));
diesel::joinable!(user_department_assignments -> departments (department_id));
diesel::joinable!(user_department_assignments -> users (user_id));
diesel::joinable!(users -> departments (department_id));

diesel::allow_tables_to_appear_in_same_query!(
    attachments,
    budget_rounds,
    case_comments,
    case_conclusions,
    case_contents,
    case_events,
    case_opinions,
    case_type_definitions,
    cases,
    clearances,
    department_list_case_entries,
    department_list_figures,
    department_list_sections,
    department_list_template_sections,
    department_list_templates,
    department_lists,
    departments,
    export_jobs,
    export_workers,
    questions,
    resource_locks,
    round_field_overrides,
    submission_cases,
    submissions,
    user_department_assignments,
    users,
);
