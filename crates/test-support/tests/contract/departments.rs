//! Departments (contract 4).

use serde_json::Value;
use test_support::portal::User;

#[tokio::test]
async fn e04_every_department_is_listed_by_code_with_exactly_the_contracts_keys() {
    let user = User::fag("kld").await;
    let departments: Vec<Value> =
        user.http.get("/api/departments").await.assert_status(200).parse();
    let codes: Vec<&str> = departments.iter().filter_map(|one| one["code"].as_str()).collect();
    assert!(codes.is_sorted(), "{codes:?}");
    assert_eq!(codes.len(), departments.len());
    assert!(codes.contains(&"FIN") && codes.contains(&"FIN-FAG"), "{codes:?}");
    for department in &departments {
        let keys: Vec<&String> = department.as_object().expect("an object").keys().collect();
        assert_eq!(keys, ["code", "id", "name"]);
    }
}
