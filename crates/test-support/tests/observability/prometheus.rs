//! A few questions to Prometheus.

use reqwest::Method;
use serde_json::Value;
use test_support::{Http, Stack};

/// The stack's Prometheus.
pub(crate) struct Prometheus(Http);

impl Prometheus {
    pub(crate) fn of_the_stack() -> Self {
        let url = Stack::load().prometheus_url.as_deref().expect("a stack that is watched");
        Self(Http::anonymous(url))
    }

    /// Values of a query now; those that are no number are left out.
    pub(crate) async fn query(&self, expression: &str) -> Vec<f64> {
        let encoded: String = form_urlencoded::byte_serialize(expression.as_bytes()).collect();
        let answer = self.get(&format!("/api/v1/query?query={encoded}")).await;
        let series = answer["data"]["result"].as_array().cloned().unwrap_or_default();
        let values = series.iter().filter_map(|one| one["value"][1].as_str()?.parse().ok());
        values.filter(|value: &f64| !value.is_nan()).collect()
    }

    /// Names of all metrics there are.
    pub(crate) async fn names(&self) -> Vec<String> {
        let answer = self.get("/api/v1/label/__name__/values").await;
        let names = answer["data"].as_array().cloned().unwrap_or_default();
        names.iter().filter_map(|name| name.as_str().map(str::to_owned)).collect()
    }

    /// Names and expressions of all rules.
    pub(crate) async fn rules(&self) -> Vec<(String, String)> {
        let answer = self.get("/api/v1/rules").await;
        let groups = answer["data"]["groups"].as_array().cloned().unwrap_or_default();
        let rules = groups.iter().filter_map(|group| group["rules"].as_array().cloned());
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        rules.flatten().map(|rule| (text(&rule["name"]), text(&rule["query"]))).collect()
    }

    async fn get(&self, path: &str) -> Value {
        let answer = self.0.send(self.0.request(Method::GET, path)).await;
        assert!(answer.status.is_success(), "{path}: {}", answer.text());
        answer.json()
    }
}
