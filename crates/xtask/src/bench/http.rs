//! An endpoint's throughput against pgbench running the endpoint's own statements through the same
//! PgBouncer: what is lost is the service's price for HTTP, tokens, JSON and rules.

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};

use super::statistics::verdict;
use super::{Bench, load, replay, statements};
use crate::database::DATABASE;
use crate::servers::postgres::Login;
use crate::stack::Stack;

/// How many cases the load is spread over; pgbench takes no more than 128 scripts.
const CASES: usize = 64;
/// As a user that may open and save every case, so that only the endpoint is measured.
const USER: &str = "admin@test.no";
const PASSWORD: &str = "Test1234!";
const TARGET: f64 = 0.6;

/// One endpoint to measure.
pub(super) struct Endpoint {
    name: &'static str,
    service: Service,
    method: &'static str,
    path: &'static str,
    body: Option<&'static str>,
    /// The column that the script reads and writes back, when a save depends on it.
    counter: Option<&'static str>,
}

#[derive(Clone, Copy)]
enum Service {
    Cases,
    Locks,
}

/// `PUT /api/cases/{id}/content`.
pub(super) const SAVE: Endpoint = Endpoint {
    name: "save",
    service: Service::Cases,
    method: "PUT",
    path: "/api/cases/{case}/content",
    body: Some(r#"{"justification":"Kostnadsanslaget er oppdatert etter ny gjennomgang."}"#),
    counter: Some("version"),
};

/// `GET /api/cases/{id}`.
pub(super) const DETAIL: Endpoint = Endpoint {
    name: "detail",
    service: Service::Cases,
    method: "GET",
    path: "/api/cases/{case}",
    body: None,
    counter: None,
};

/// `POST /api/locks`.
pub(super) const LOCK: Endpoint = Endpoint {
    name: "lock",
    service: Service::Locks,
    method: "POST",
    path: "/api/locks",
    body: Some(r#"{"resourceType":"case","resourceId":"{case}"}"#),
    counter: None,
};

pub(super) fn measure(bench: &Bench<'_>, endpoint: &Endpoint) -> Result<Value> {
    let client = Client::sign_in(bench.stack)?;
    let cases = some_cases(bench.stack)?;
    let scripts = replay_scripts(bench, &client, endpoint, &cases)?;
    let (login, base) = endpoint.service.reach(bench.stack);
    let wrk_script = bench.scratch.join(format!("{}.lua", endpoint.name));
    fs::write(&wrk_script, lua(endpoint, &client.token, &cases)?)?;
    // Each side once before it counts, to fill caches and prepare statements.
    let warm = Bench { secs: 2, ..bench.clone() };
    load::requests_per_second(&warm, &base, &wrk_script)?;
    load::pgbench(&warm, &login, load::CLIENTS, &scripts)?;
    let ours = load::requests_per_second(bench, &base, &wrk_script)?;
    let limit = load::pgbench(bench, &login, load::CLIENTS, &scripts)?;
    Ok(json!({
        "bench": endpoint.name,
        "requests_per_second": ours,
        "pgbench_per_second": limit,
        "ratio": ours / limit,
        "target": format!("ratio >= {TARGET}"),
        "verdict": verdict(ours / limit >= TARGET),
        "clients": load::CLIENTS,
    }))
}

/// One script per case, since pgbench's variables hold no ids.
fn replay_scripts(
    bench: &Bench<'_>,
    client: &Client,
    endpoint: &Endpoint,
    cases: &[String],
) -> Result<Vec<PathBuf>> {
    let sample = cases.first().context("no case to measure with")?;
    let call = |case: &str| client.send(bench.stack, endpoint, case);
    // The first call may do more than the rest, such as insert what later calls find.
    call(sample)?;
    let role = endpoint.service.reach(bench.stack).0.user.to_owned();
    let first = statements::capture(bench.stack, &role, || call(sample))?;
    let second = statements::capture(bench.stack, &role, || call(sample))?;
    let script = replay::script(&first, &second, endpoint.counter)?;
    ensure!(script.contains(sample.as_str()), "the statements do not name the case:\n{script}");
    cases
        .iter()
        .enumerate()
        .map(|(index, case)| {
            let path = bench.scratch.join(format!("{}-{index}.sql", endpoint.name));
            fs::write(&path, script.replace(sample.as_str(), case))?;
            Ok(path)
        })
        .collect()
}

fn some_cases(stack: &Stack) -> Result<Vec<String>> {
    let cases = Login::owner(stack).query(
        DATABASE,
        &format!("SELECT id FROM cases WHERE status = 'klarert' ORDER BY id LIMIT {CASES}"),
    )?;
    Ok(cases.lines().map(str::to_owned).collect())
}

fn lua(endpoint: &Endpoint, token: &str, cases: &[String]) -> Result<String> {
    let mut script = String::from("local cases = {\n");
    for case in cases {
        writeln!(script, "  \"{case}\",")?;
    }
    let body = endpoint.body.unwrap_or_default();
    write!(
        script,
        "}}\nlocal headers = {{ [\"Authorization\"] = \"Bearer {token}\", \
         [\"Content-Type\"] = \"application/json\" }}\n\
         local path, body = [[{path}]], [[{body}]]\n\
         request = function()\n\
         \x20 local case = cases[math.random(#cases)]\n\
         \x20 return wrk.format(\"{method}\", path:gsub(\"{{case}}\", case), headers,\n\
         \x20   (body:gsub(\"{{case}}\", case)))\n\
         end\n",
        path = endpoint.path,
        method = endpoint.method,
    )?;
    // gsub returns two values; wrk.format must not take the count for its headers.
    Ok(script.replace("path:gsub(\"{case}\", case)", "(path:gsub(\"{case}\", case))"))
}

impl Service {
    /// The role whose statements it makes, through PgBouncer, and its address.
    fn reach(self, stack: &Stack) -> (Login<'_>, String) {
        let (user, password, port) = match self {
            Self::Cases => {
                ("portal_cases_api", &stack.secrets.portal_cases_api, stack.ports.cases_api)
            }
            Self::Locks => {
                ("portal_locks_api", &stack.secrets.portal_locks_api, stack.ports.locks_api)
            }
        };
        let login = Login { port: stack.ports.pgbouncer, user, password };
        (login, format!("http://127.0.0.1:{port}"))
    }
}

/// A signed-in caller.
pub(super) struct Client {
    agent: ureq::Agent,
    cases_api: String,
    token: String,
}

impl Client {
    pub(super) fn sign_in(stack: &Stack) -> Result<Self> {
        Self::sign_in_as(stack, USER)
    }

    pub(super) fn sign_in_as(stack: &Stack, email: &str) -> Result<Self> {
        let agent: ureq::Agent = ureq::Agent::config_builder()
            .timeout_global(Some(Duration::from_secs(30)))
            .build()
            .into();
        let cases_api = Service::Cases.reach(stack).1;
        let body = json!({ "email": email, "password": PASSWORD }).to_string();
        let answer = agent
            .post(format!("{cases_api}/api/auth/login"))
            .header("Content-Type", "application/json")
            .send(body)?
            .body_mut()
            .read_to_string()?;
        let answer: Value = serde_json::from_str(&answer)?;
        let token = answer["token"].as_str().context("sign-in gave no token")?.to_owned();
        Ok(Self { agent, cases_api, token })
    }

    pub(super) fn get(&self, path: &str) -> Result<String> {
        let mut answer = self
            .agent
            .get(format!("{}{path}", self.cases_api))
            .header("Authorization", format!("Bearer {}", self.token))
            .call()?;
        Ok(answer.body_mut().read_to_string()?)
    }

    /// An answer as it is sent to a client that takes these encodings, and the one that was chosen.
    pub(super) fn packed(&self, path: &str, accepted: &str) -> Result<(Vec<u8>, String)> {
        let mut answer = self
            .agent
            .get(format!("{}{path}", self.cases_api))
            .header("Authorization", format!("Bearer {}", self.token))
            .header("Accept-Encoding", accepted)
            .call()?;
        let encoding = answer.headers().get("Content-Encoding").context("it is not compressed")?;
        let encoding = encoding.to_str()?.to_owned();
        Ok((answer.body_mut().read_to_vec()?, encoding))
    }

    /// What it shows to say who it is.
    pub(super) fn token(&self) -> &str {
        &self.token
    }

    fn send(&self, stack: &Stack, endpoint: &Endpoint, case: &str) -> Result<()> {
        let (_, base) = endpoint.service.reach(stack);
        let url = base + &endpoint.path.replace("{case}", case);
        let authorization = format!("Bearer {}", self.token);
        let body = endpoint.body.unwrap_or_default().replace("{case}", case);
        let request = match endpoint.method {
            "GET" => return self.get(&endpoint.path.replace("{case}", case)).map(drop),
            "POST" => self.agent.post(url),
            "PUT" => self.agent.put(url),
            other => bail!("no request of method {other} is measured"),
        };
        request
            .header("Authorization", authorization)
            .header("Content-Type", "application/json")
            .send(body)?;
        Ok(())
    }
}
