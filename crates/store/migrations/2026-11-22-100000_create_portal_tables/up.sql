-- Every entity of the domain contract (sections 1.1 to 1.23), in dependency order.
-- Lengths are the contract's. CHECKs guard enumerations that the API itself refuses to extend;
-- values the contract shows verbatim when unknown (round type, heading style, section type) have none.
-- Unique keys whose name the requirement prescribes come with the requirement's indexes.

CREATE TABLE departments (
    id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    code VARCHAR(10) NOT NULL CONSTRAINT departments_code_key UNIQUE,
    name VARCHAR(200) NOT NULL
);
COMMENT ON TABLE departments IS 'Ministries, by the code users know (contract 1.1).';
COMMENT ON COLUMN departments.code IS 'FIN is the budget side of the Ministry of Finance, FIN-FAG its own spending departments.';

CREATE TABLE users (
    id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    email VARCHAR(200) NOT NULL,
    full_name VARCHAR(200) NOT NULL,
    department_id UUID NOT NULL REFERENCES departments (id),
    role VARCHAR(30) NOT NULL CONSTRAINT users_role_check CHECK (role IN (
        'saksbehandler_fag', 'budsjettenhet_fag', 'underdirektor_fag', 'avdelingsdirektor_fag',
        'ekspedisjonssjef_fag', 'departementsraad_fag', 'saksbehandler_fin', 'underdirektor_fin',
        'avdelingsdirektor_fin', 'ekspedisjonssjef_fin', 'departementsraad_fin', 'administrator'
    )),
    division VARCHAR(100),
    section VARCHAR(100),
    job_title VARCHAR(100),
    leader_level VARCHAR(30) CONSTRAINT users_leader_level_check CHECK (leader_level IN (
        'underdirektor', 'avdelingsdirektor', 'ekspedisjonssjef', 'departementsraad'
    )),
    entra_object_id VARCHAR(100),
    password_hash TEXT,
    is_active BOOLEAN NOT NULL DEFAULT TRUE
);
COMMENT ON TABLE users IS 'People who sign in; deactivated, never deleted (contract 1.2).';
COMMENT ON COLUMN users.password_hash IS 'Argon2id in PHC format; null means that no password opens the account.';

-- Sign-in compares addresses without regard to case, and so must uniqueness.
CREATE UNIQUE INDEX idx_users_email_lower ON users (lower(email));

CREATE TABLE user_department_assignments (
    id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    user_id UUID NOT NULL REFERENCES users (id),
    department_id UUID NOT NULL REFERENCES departments (id),
    is_primary BOOLEAN NOT NULL DEFAULT FALSE,
    CONSTRAINT user_department_assignments_user_id_department_id_key UNIQUE (user_id, department_id)
);
COMMENT ON TABLE user_department_assignments IS 'Portfolio of a FIN user: a default filter, never an access right (contract 1.3 and 6).';

CREATE TABLE budget_rounds (
    id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    name VARCHAR(50) NOT NULL,
    type VARCHAR(20) NOT NULL,
    year INTEGER NOT NULL,
    status VARCHAR(20) NOT NULL DEFAULT 'open'
        CONSTRAINT budget_rounds_status_check CHECK (status IN ('open', 'closed', 'archived')),
    deadline TIMESTAMPTZ,
    closed_at TIMESTAMPTZ
);
COMMENT ON TABLE budget_rounds IS 'Budget conferences and propositions that cases belong to (contract 1.4).';

CREATE TABLE round_field_overrides (
    id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    budget_round_id UUID NOT NULL REFERENCES budget_rounds (id) ON DELETE CASCADE,
    case_type_code VARCHAR(50) NOT NULL,
    fin_field_keys JSONB NOT NULL
        CONSTRAINT round_field_overrides_fin_field_keys_check CHECK (jsonb_typeof(fin_field_keys) = 'array'),
    created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    updated_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    CONSTRAINT round_field_overrides_budget_round_id_case_type_code_key UNIQUE (budget_round_id, case_type_code)
);
COMMENT ON TABLE round_field_overrides IS 'Which content keys counted as FIN fields in a round (contract 1.5).';

CREATE TABLE case_type_definitions (
    id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    code VARCHAR(50) NOT NULL CONSTRAINT case_type_definitions_code_key UNIQUE,
    name VARCHAR(200) NOT NULL,
    description VARCHAR(500) NOT NULL,
    is_active BOOLEAN NOT NULL DEFAULT TRUE,
    sort_order INTEGER NOT NULL,
    fields JSONB NOT NULL
        CONSTRAINT case_type_definitions_fields_check CHECK (jsonb_typeof(fields) = 'array'),
    created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    updated_at TIMESTAMPTZ NOT NULL DEFAULT now()
);
COMMENT ON TABLE case_type_definitions IS 'Kinds of cases and the text fields each asks for (contract 1.6).';

CREATE TABLE cases (
    id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    budget_round_id UUID NOT NULL REFERENCES budget_rounds (id),
    department_id UUID NOT NULL REFERENCES departments (id),
    case_name VARCHAR(500) NOT NULL,
    chapter VARCHAR(10),
    post VARCHAR(10),
    amount BIGINT,
    fin_amount BIGINT,
    gov_amount BIGINT,
    case_type VARCHAR(30) NOT NULL,
    status VARCHAR(30) NOT NULL DEFAULT 'draft' CONSTRAINT cases_status_check CHECK (status IN (
        'draft', 'under_arbeid', 'til_avklaring', 'klarert', 'godkjent_pol', 'sendt_til_fin',
        'under_vurdering_fin', 'ferdigbehandlet_fin', 'sendt_til_regjeringen', 'regjeringsbehandlet',
        'returnert_til_fag', 'avvist_av_fin'
    )),
    assigned_to UUID REFERENCES users (id),
    fin_assigned_to UUID REFERENCES users (id),
    created_by UUID NOT NULL REFERENCES users (id),
    version INTEGER NOT NULL DEFAULT 1 CONSTRAINT cases_version_check CHECK (version >= 1),
    origin VARCHAR(10) NOT NULL DEFAULT 'fag'
        CONSTRAINT cases_origin_check CHECK (origin IN ('fag', 'fin')),
    responsible_division VARCHAR(100),
    fin_list_placement VARCHAR(20)
        CONSTRAINT cases_fin_list_placement_check CHECK (fin_list_placement IN ('a_list', 'b_list')),
    priority_number INTEGER,
    created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    updated_at TIMESTAMPTZ NOT NULL DEFAULT now()
) WITH (fillfactor = 85);
-- fillfactor: a save that changes only texts touches version, updated_at and latest_content_id.
-- None of them is indexed, so with room on the page the update stays heap-only.
COMMENT ON TABLE cases IS 'Budget cases with the columns their lists show (contract 1.7).';
COMMENT ON COLUMN cases.amount IS 'Proposal of the spending ministry, in 1 000 NOK.';
COMMENT ON COLUMN cases.fin_amount IS 'Recommendation of the Ministry of Finance, in 1 000 NOK.';
COMMENT ON COLUMN cases.gov_amount IS 'Decision of the government, in 1 000 NOK.';
COMMENT ON COLUMN cases.version IS 'The newest content version (invariant I2).';

CREATE TABLE case_contents (
    id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    case_id UUID NOT NULL REFERENCES cases (id) ON DELETE CASCADE,
    version INTEGER NOT NULL CONSTRAINT case_contents_version_check CHECK (version >= 1),
    case_name VARCHAR(500),
    chapter VARCHAR(10),
    post VARCHAR(10),
    amount BIGINT,
    fin_amount BIGINT,
    gov_amount BIGINT,
    status VARCHAR(30),
    proposal_text TEXT,
    justification TEXT,
    verbal_conclusion TEXT,
    socioeconomic_analysis TEXT,
    goal_indicator TEXT,
    benefit_plan TEXT,
    comment TEXT,
    fin_assessment TEXT,
    fin_verbal TEXT,
    fin_r_conclusion TEXT,
    content_json JSONB,
    track_changes_active BOOLEAN NOT NULL DEFAULT FALSE,
    created_by UUID NOT NULL REFERENCES users (id),
    created_at TIMESTAMPTZ NOT NULL DEFAULT now()
);
COMMENT ON TABLE case_contents IS 'Immutable snapshots, one for each save of a case (contract 1.8).';

-- Documents of 3 to 20 KB are compressed out of line. lz4 reads and writes them several times faster
-- than pglz at nearly the same size, but a server may have been built without it.
DO $$
BEGIN
    ALTER TABLE case_contents ALTER COLUMN content_json SET COMPRESSION lz4;
EXCEPTION WHEN feature_not_supported THEN
    RAISE NOTICE 'this server has no lz4; case documents keep the default compression';
END
$$;

CREATE TABLE case_events (
    id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    case_id UUID NOT NULL REFERENCES cases (id) ON DELETE CASCADE,
    event_type VARCHAR(30) NOT NULL,
    event_data JSONB,
    user_id UUID NOT NULL REFERENCES users (id),
    -- Not now(): two events of one transaction must keep the order in which they happened.
    created_at TIMESTAMPTZ NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON TABLE case_events IS 'Append-only log of who did what when (contract 1.9 and 13).';

CREATE TABLE case_opinions (
    id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    case_id UUID NOT NULL REFERENCES cases (id) ON DELETE CASCADE,
    type VARCHAR(30) NOT NULL,
    requested_by UUID NOT NULL REFERENCES users (id),
    assigned_to UUID NOT NULL REFERENCES users (id),
    status VARCHAR(30) NOT NULL DEFAULT 'pending',
    opinion_text TEXT,
    request_comment TEXT,
    forwarded_from_id UUID REFERENCES case_opinions (id),
    original_opinion_id UUID REFERENCES case_opinions (id),
    created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    resolved_at TIMESTAMPTZ,
    CONSTRAINT case_opinions_type_status_check CHECK (
        (type = 'uttalelse' AND status IN ('pending', 'given', 'declined'))
        OR (type = 'godkjenning' AND status IN ('pending', 'approved', 'rejected', 'forwarded'))
    )
);
COMMENT ON TABLE case_opinions IS 'Requested opinions and approvals; a pending one blocks status changes (contract 1.10).';

CREATE TABLE case_comments (
    id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    case_id UUID NOT NULL REFERENCES cases (id) ON DELETE CASCADE,
    comment_id VARCHAR(50) NOT NULL,
    comment_text TEXT NOT NULL,
    anchor_text TEXT,
    status VARCHAR(20) NOT NULL DEFAULT 'open'
        CONSTRAINT case_comments_status_check CHECK (status IN ('open', 'resolved', 'closed')),
    parent_comment_id UUID REFERENCES case_comments (id) ON DELETE CASCADE,
    author_id UUID NOT NULL REFERENCES users (id),
    created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    resolved_at TIMESTAMPTZ,
    resolved_by UUID REFERENCES users (id)
);
COMMENT ON TABLE case_comments IS 'Margin comments tied to a mark in the document (contract 1.11).';
COMMENT ON COLUMN case_comments.comment_id IS 'Id of the comment mark in the document; replies share it.';

CREATE TABLE case_conclusions (
    id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    case_id UUID NOT NULL REFERENCES cases (id) ON DELETE CASCADE,
    sort_order INTEGER NOT NULL,
    text TEXT NOT NULL,
    created_by UUID NOT NULL REFERENCES users (id),
    created_at TIMESTAMPTZ NOT NULL DEFAULT now()
);
COMMENT ON TABLE case_conclusions IS 'Lettered conclusions of a case (contract 1.12).';

CREATE TABLE questions (
    id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    case_id UUID NOT NULL REFERENCES cases (id) ON DELETE CASCADE,
    asked_by UUID NOT NULL REFERENCES users (id),
    question_text TEXT NOT NULL,
    answer_text TEXT,
    answer_json JSONB,
    answered_by UUID REFERENCES users (id),
    created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    answered_at TIMESTAMPTZ
);
COMMENT ON TABLE questions IS 'Questions from FIN to the spending ministry, one answer each (contract 1.13).';

CREATE TABLE submissions (
    id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    budget_round_id UUID NOT NULL REFERENCES budget_rounds (id),
    department_id UUID NOT NULL REFERENCES departments (id),
    submitted_by UUID NOT NULL REFERENCES users (id),
    is_supplement BOOLEAN NOT NULL DEFAULT FALSE,
    submitted_at TIMESTAMPTZ NOT NULL DEFAULT now()
);
COMMENT ON TABLE submissions IS 'Sets of cases that a ministry sent to FIN together; immutable (contract 1.14).';

CREATE TABLE submission_cases (
    submission_id UUID NOT NULL REFERENCES submissions (id) ON DELETE CASCADE,
    case_id UUID NOT NULL REFERENCES cases (id) ON DELETE CASCADE,
    PRIMARY KEY (submission_id, case_id)
);
COMMENT ON TABLE submission_cases IS 'The cases of a submission (contract 1.14).';

-- Fencing tokens of all resources come from one sequence: a token only has to grow per resource, and
-- one counter cannot be lost with a deleted row. CACHE 1, or sessions would hand out old blocks.
CREATE SEQUENCE resource_lock_fencing_token AS BIGINT CACHE 1;

-- Written by locks-api alone, which sees no other table: the holder's name is copied from the token,
-- and there is no foreign key to users, whose rows it may not lock.
CREATE TABLE resource_locks (
    id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    resource_type VARCHAR(30) NOT NULL
        CONSTRAINT resource_locks_resource_type_check CHECK (resource_type IN ('case', 'department_list')),
    resource_id UUID NOT NULL,
    locked_by UUID NOT NULL,
    locked_by_name TEXT NOT NULL,
    locked_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    expires_at TIMESTAMPTZ NOT NULL,
    last_heartbeat TIMESTAMPTZ NOT NULL DEFAULT now(),
    pod_id TEXT,
    released_at TIMESTAMPTZ,
    fencing_token BIGINT NOT NULL DEFAULT nextval('resource_lock_fencing_token')
) WITH (fillfactor = 50);
-- fillfactor: every row is rewritten by a heartbeat each minute.
ALTER SEQUENCE resource_lock_fencing_token OWNED BY resource_locks.fencing_token;
COMMENT ON TABLE resource_locks IS 'Editing leases (contract 1.15 and 12).';
COMMENT ON COLUMN resource_locks.pod_id IS 'Instance that last served the lock, so that it can hand it back at shutdown.';
COMMENT ON COLUMN resource_locks.released_at IS 'Set when an instance hands the lock back at shutdown; the next heartbeat of the holder clears it.';
COMMENT ON COLUMN resource_locks.fencing_token IS 'Strictly increasing per resource, also across releases (invariant I3).';

CREATE TABLE department_list_templates (
    id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    name VARCHAR(200) NOT NULL,
    budget_round_type VARCHAR(20) NOT NULL,
    department_name_placeholder VARCHAR(50) NOT NULL DEFAULT 'XX',
    is_active BOOLEAN NOT NULL DEFAULT TRUE,
    classification_text TEXT,
    created_by UUID NOT NULL REFERENCES users (id),
    created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    updated_at TIMESTAMPTZ NOT NULL DEFAULT now()
);
COMMENT ON TABLE department_list_templates IS 'Templates of the department lists (contract 1.16).';

CREATE TABLE department_list_template_sections (
    id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    template_id UUID NOT NULL REFERENCES department_list_templates (id) ON DELETE CASCADE,
    parent_id UUID REFERENCES department_list_template_sections (id) ON DELETE CASCADE,
    title_template VARCHAR(500) NOT NULL,
    heading_style VARCHAR(40) NOT NULL,
    section_type VARCHAR(40) NOT NULL,
    sort_order INTEGER NOT NULL,
    config JSONB
);
COMMENT ON TABLE department_list_template_sections IS 'Tree of sections of a template (contract 1.17).';

CREATE TABLE department_lists (
    id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    template_id UUID NOT NULL REFERENCES department_list_templates (id) ON DELETE RESTRICT,
    budget_round_id UUID NOT NULL REFERENCES budget_rounds (id),
    department_id UUID NOT NULL REFERENCES departments (id),
    status VARCHAR(30) NOT NULL DEFAULT 'draft'
        CONSTRAINT department_lists_status_check CHECK (status IN ('draft', 'in_progress', 'completed')),
    created_by UUID NOT NULL REFERENCES users (id),
    created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    updated_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    CONSTRAINT department_lists_budget_round_id_department_id_key UNIQUE (budget_round_id, department_id)
);
COMMENT ON TABLE department_lists IS 'One list for each ministry and round (contract 1.18).';

CREATE TABLE department_list_sections (
    id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    department_list_id UUID NOT NULL REFERENCES department_lists (id) ON DELETE CASCADE,
    template_section_id UUID NOT NULL REFERENCES department_list_template_sections (id) ON DELETE CASCADE,
    parent_id UUID REFERENCES department_list_sections (id) ON DELETE CASCADE,
    title VARCHAR(500),
    sort_order INTEGER NOT NULL,
    content_json JSONB
);
COMMENT ON TABLE department_list_sections IS 'Sections of a department list, made from its template (contract 1.19).';

CREATE TABLE department_list_case_entries (
    id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    department_list_id UUID NOT NULL REFERENCES department_lists (id) ON DELETE CASCADE,
    section_id UUID NOT NULL REFERENCES department_list_sections (id) ON DELETE CASCADE,
    case_id UUID NOT NULL REFERENCES cases (id) ON DELETE CASCADE,
    subgroup VARCHAR(20),
    sort_order INTEGER NOT NULL,
    override_content JSONB,
    included_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    CONSTRAINT department_list_case_entries_department_list_id_case_id_key UNIQUE (department_list_id, case_id)
);
COMMENT ON TABLE department_list_case_entries IS 'Cases placed in a department list (contract 1.20).';

CREATE TABLE department_list_figures (
    id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    department_list_id UUID NOT NULL REFERENCES department_lists (id) ON DELETE CASCADE,
    section_id UUID NOT NULL REFERENCES department_list_sections (id) ON DELETE CASCADE,
    file_url VARCHAR(500) NOT NULL,
    file_type VARCHAR(10) NOT NULL,
    caption TEXT,
    width_percent INTEGER NOT NULL DEFAULT 100,
    sort_order INTEGER NOT NULL DEFAULT 0,
    uploaded_by UUID NOT NULL REFERENCES users (id),
    uploaded_at TIMESTAMPTZ NOT NULL DEFAULT now()
);
COMMENT ON TABLE department_list_figures IS 'Uploaded figures of a department list (contract 1.21).';

CREATE TABLE export_jobs (
    id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    job_type VARCHAR(30) NOT NULL CONSTRAINT export_jobs_job_type_check CHECK (job_type IN (
        'department_list_word', 'department_list_pdf', 'case_list_excel', 'case_list_word', 'case_list_pdf'
    )),
    status VARCHAR(20) NOT NULL DEFAULT 'queued' CONSTRAINT export_jobs_status_check CHECK (
        status IN ('queued', 'processing', 'completed', 'failed')
    ),
    requested_by UUID NOT NULL REFERENCES users (id),
    parameters JSONB NOT NULL,
    result_url VARCHAR(500),
    error_message TEXT,
    created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    started_at TIMESTAMPTZ,
    completed_at TIMESTAMPTZ
);
COMMENT ON TABLE export_jobs IS 'Ordered exports; each row is its own outbox entry (contract 1.22).';

CREATE TABLE clearances (
    id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    case_id UUID NOT NULL REFERENCES cases (id) ON DELETE CASCADE,
    requested_by UUID NOT NULL REFERENCES users (id),
    assigned_to UUID NOT NULL REFERENCES users (id),
    role_type VARCHAR(30) CONSTRAINT clearances_role_type_check CHECK (role_type IN (
        'fagavdeling', 'pol', 'underdirektor', 'sbr'
    )),
    status VARCHAR(20) NOT NULL DEFAULT 'pending',
    comment TEXT,
    created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    resolved_at TIMESTAMPTZ
);
COMMENT ON TABLE clearances IS 'Defined by the contract without endpoints; superseded by opinions (contract 1.23).';

CREATE TABLE attachments (
    id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    case_id UUID NOT NULL REFERENCES cases (id) ON DELETE CASCADE,
    uploaded_by UUID NOT NULL REFERENCES users (id),
    file_name VARCHAR(500) NOT NULL,
    file_path VARCHAR(1000) NOT NULL,
    file_size BIGINT,
    mime_type VARCHAR(100),
    uploaded_at TIMESTAMPTZ NOT NULL DEFAULT now()
);
COMMENT ON TABLE attachments IS 'Defined by the contract without endpoints (contract 1.23).';
