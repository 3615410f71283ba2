//! The heaviest queries on 100,000 content versions: they use their indexes, and none ever reads the
//! contents from end to end.

use diesel_async::RunQueryDsl;
use domain::ids::{BudgetRoundId, CaseId, DepartmentId};
use store::case_lists::{CaseQuery, CaseScope, list_cases};
use store::contents::{find_case_detail, list_versions};
use store::events::list_events;
use store::seed::{Scale, SeedOptions};
use test_support::TestDatabase;
use uuid::Uuid;

use crate::explain::{ExplainingConnection, Plan};

/// The entries of a department list with the newest texts (E78).
const DEPARTMENT_LIST_ENTRIES: &str = "
    SELECT entries.id, entries.subgroup, entries.sort_order, cases.case_name, cases.amount,
           case_contents.proposal_text, case_contents.fin_assessment, case_contents.fin_verbal,
           case_contents.fin_r_conclusion
    FROM department_list_case_entries AS entries
    JOIN cases ON cases.id = entries.case_id
    LEFT JOIN case_contents ON case_contents.id = cases.latest_content_id
    WHERE entries.department_list_id = $1
    ORDER BY entries.section_id, entries.sort_order";

/// A department list with one section and all cases, for each ministry and large round.
const DEPARTMENT_LISTS: &str = "
    INSERT INTO department_lists (template_id, budget_round_id, department_id, created_by)
    SELECT DISTINCT sections.template_id, cases.budget_round_id, cases.department_id, users.id
    FROM cases
    JOIN budget_rounds ON budget_rounds.id = cases.budget_round_id AND budget_rounds.name LIKE 'XL%'
    CROSS JOIN (SELECT template_id FROM department_list_template_sections LIMIT 1) AS sections
    CROSS JOIN (SELECT id FROM users LIMIT 1) AS users;

    INSERT INTO department_list_sections (department_list_id, template_section_id, sort_order)
    SELECT lists.id, (array_agg(sections.id))[1], 1
    FROM department_lists AS lists
    JOIN department_list_template_sections AS sections USING (template_id)
    WHERE NOT EXISTS (SELECT FROM department_list_sections WHERE department_list_id = lists.id)
    GROUP BY lists.id;

    INSERT INTO department_list_case_entries (department_list_id, section_id, case_id, sort_order)
    SELECT lists.id, (SELECT id FROM department_list_sections WHERE department_list_id = lists.id LIMIT 1),
           cases.id, row_number() OVER (PARTITION BY lists.id ORDER BY cases.case_name)
    FROM department_lists AS lists
    JOIN cases USING (budget_round_id, department_id)
    ON CONFLICT DO NOTHING;

    ANALYZE department_lists, department_list_sections, department_list_case_entries";

/// Where the queries look.
struct Target {
    round: BudgetRoundId,
    department: DepartmentId,
    case: CaseId,
    list: Uuid,
}

#[tokio::test]
async fn the_heaviest_queries_use_their_indexes_and_never_scan_the_contents() {
    let database = TestDatabase::create().await;
    let options = SeedOptions { scale: Scale::Xl, ..SeedOptions::default() };
    store::seed::run(&mut database.owner().await, &options).await.unwrap();
    database.owner().await.batch_execute(DEPARTMENT_LISTS).await.unwrap();
    let target = find_target(&database).await;
    // A prepared statement that is used often may get a plan that does not know its parameters.
    for plan_cache_mode in ["force_custom_plan", "force_generic_plan"] {
        let mut explaining = ExplainingConnection::open(&database, plan_cache_mode).await;
        the_check_sees_a_scan(&mut explaining).await;
        for query in QUERIES {
            query.run(&mut explaining, &target).await;
            let plans = explaining.take_plans().await;
            assert!(!plans.is_empty(), "{}: no plan was reported", query.name());
            query.check(plan_cache_mode, &plans);
        }
    }
}

/// Without this, a plan format that the check no longer understands would pass for a good plan.
async fn the_check_sees_a_scan(explaining: &mut ExplainingConnection) {
    let scan = "SELECT id FROM case_contents WHERE proposal_text LIKE '%finnes ikke%'";
    diesel::sql_query(scan).execute(&mut explaining.conn).await.unwrap();
    let plans = explaining.take_plans().await;
    assert!(plans.iter().any(|plan| plan.scans("case_contents")), "{plans:#?}");
}

#[derive(Clone, Copy, Debug)]
enum HeavyQuery {
    DepartmentRoundList,
    FinRoundList,
    CaseDetail,
    VersionList,
    DepartmentListEntries,
    EventLog,
}

const QUERIES: [HeavyQuery; 6] = [
    HeavyQuery::DepartmentRoundList,
    HeavyQuery::FinRoundList,
    HeavyQuery::CaseDetail,
    HeavyQuery::VersionList,
    HeavyQuery::DepartmentListEntries,
    HeavyQuery::EventLog,
];

impl HeavyQuery {
    async fn run(self, explaining: &mut ExplainingConnection, target: &Target) {
        let conn = &mut explaining.conn;
        match self {
            Self::DepartmentRoundList => {
                let query = CaseQuery {
                    budget_round_id: Some(target.round),
                    ..CaseQuery::new(CaseScope::Department(target.department))
                };
                assert!(!list_cases(conn, &query).await.unwrap().is_empty());
            }
            Self::FinRoundList => {
                let query = CaseQuery {
                    budget_round_id: Some(target.round),
                    ..CaseQuery::new(CaseScope::FinVisible)
                };
                assert!(!list_cases(conn, &query).await.unwrap().is_empty());
            }
            Self::CaseDetail => {
                assert!(find_case_detail(conn, target.case).await.unwrap().is_some());
            }
            Self::VersionList => {
                assert_eq!(list_versions(conn, target.case).await.unwrap().len(), 50);
            }
            Self::DepartmentListEntries => {
                let entries = diesel::sql_query(DEPARTMENT_LIST_ENTRIES);
                let read = entries.bind::<diesel::sql_types::Uuid, _>(target.list).execute(conn);
                assert!(read.await.unwrap() > 0);
            }
            Self::EventLog => {
                assert!(!list_events(conn, target.case).await.unwrap().is_empty());
            }
        }
    }

    /// Indexes of which at least one must be read.
    fn expected_indexes(self) -> &'static [&'static str] {
        match self {
            Self::DepartmentRoundList => &["idx_cases_dept_round"],
            Self::FinRoundList => &["idx_cases_round_status", "idx_cases_status"],
            Self::CaseDetail => &["case_contents_pkey"],
            Self::VersionList => &["idx_case_content_latest"],
            Self::DepartmentListEntries => &["idx_deplist_entries_section"],
            Self::EventLog => &["idx_case_events_case_time"],
        }
    }

    fn name(self) -> String {
        format!("{self:?}")
    }

    fn check(self, mode: &str, plans: &[Plan]) {
        for plan in plans {
            println!("{mode} {self:?}: {} pages, {:?}", plan.pages(), plan.indexes());
            assert!(!plan.scans("case_contents"), "{mode} {self:?}: {plan:#?}");
        }
        let uses = |index: &&str| plans.iter().any(|plan| plan.indexes().contains(*index));
        assert!(self.expected_indexes().iter().any(uses), "{mode} {self:?}: {plans:#?}");
        if matches!(self, Self::DepartmentRoundList | Self::FinRoundList) {
            for plan in plans {
                assert!(!plan.touches("case_contents"), "{}", plan.statement());
            }
        }
    }
}

/// The round and department with the most cases, one of its cases, and the longest department list.
async fn find_target(database: &TestDatabase) -> Target {
    let owner = database.owner().await;
    let busiest = "SELECT budget_round_id, department_id, (array_agg(cases.id ORDER BY cases.id))[1]
                   FROM cases JOIN budget_rounds ON budget_rounds.id = budget_round_id
                   WHERE budget_rounds.name LIKE 'XL%' GROUP BY 1, 2 ORDER BY count(*) DESC, 1, 2 LIMIT 1";
    let row = owner.query_one(busiest, &[]).await.unwrap();
    let longest = "SELECT department_list_id FROM department_list_case_entries
                   GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1";
    Target {
        round: row.get::<_, Uuid>(0).into(),
        department: row.get::<_, Uuid>(1).into(),
        case: row.get::<_, Uuid>(2).into(),
        list: owner.query_one(longest, &[]).await.unwrap().get(0),
    }
}
