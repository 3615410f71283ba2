//! A real OpenID Connect provider in a process of its own, and a person who signs in there.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

use jsonwebtoken::{Algorithm, EncodingKey, Header};
use reqwest::{Method, Url};
use serde_json::{Value, json};
use test_support::{Answer, Http};
use uuid::Uuid;

/// Where `cargo xtask test identity` installs it, below the workspace's root.
const HOME: &str = "../../.local/tools/oidc-provider";
/// Where the person is sent back to. Nobody listens there: the address holds all that is needed.
const REDIRECT: &str = "http://127.0.0.1:1/signed-in";
/// A verifier and its challenge (RFC 7636, appendix B).
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
/// Steps from the first request to the code, with room to spare.
const STEPS: usize = 12;

/// An issuer at one address, which runs with the keys it was last told to.
pub(crate) struct Provider {
    port: u16,
    keys: PathBuf,
    algorithm: &'static str,
    process: Option<Running>,
}

struct Running {
    child: Child,
    /// Held open, because it goes on to talk and would die of a closed pipe.
    _says: BufReader<ChildStdout>,
}

impl Provider {
    /// Starts an issuer that signs with the first of the keys `publish`.
    pub(crate) fn start(algorithm: &'static str, publish: &[&str]) -> Self {
        let free = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = free.local_addr().unwrap().port();
        drop(free);
        let keys = std::env::temp_dir().join(format!("oidc-keys-{}.json", Uuid::new_v4()));
        let mut provider = Self { port, keys, algorithm, process: None };
        provider.restart(publish);
        provider
    }

    /// Starts it again at the same address, with other keys.
    pub(crate) fn restart(&mut self, publish: &[&str]) {
        self.stop();
        let home = Path::new(env!("CARGO_MANIFEST_DIR")).join(HOME);
        assert!(home.is_dir(), "no {}: run `cargo xtask test identity` once", home.display());
        let mut child = Command::new("node")
            .arg("provider.mjs")
            .current_dir(home)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let told = json!({
            "port": self.port, "keys": self.keys, "publish": publish,
            "algorithm": self.algorithm,
        });
        writeln!(child.stdin.as_mut().unwrap(), "{told}").unwrap();
        let mut says = BufReader::new(child.stdout.take().unwrap());
        let mut lines = says.by_ref().lines().map_while(Result::ok);
        assert!(lines.any(|line| line == "ready"), "it ended at once");
        self.process = Some(Running { child, _says: says });
    }

    /// Takes it off the network.
    pub(crate) fn stop(&mut self) {
        if let Some(Running { mut child, .. }) = self.process.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    pub(crate) fn issuer(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The same process under another name.
    pub(crate) fn other_name(&self) -> String {
        format!("http://localhost:{}", self.port)
    }

    /// How often its keys were fetched since it was started.
    pub(crate) async fn fetches(&self) -> u32 {
        Http::anonymous(self.issuer()).get("/fetches").await.text().parse().unwrap()
    }

    /// The ID token that a person with this address gets for `client`, by the authorization code
    /// flow with PKCE.
    pub(crate) async fn sign_in(&self, client: &str, login: &str) -> String {
        let mut browser = Browser::new(self.issuer());
        let mut at = with_query(
            &format!("{}/auth", self.issuer()),
            &[
                ("client_id", client),
                ("response_type", "code"),
                ("redirect_uri", REDIRECT),
                ("scope", "openid email profile"),
                ("code_challenge", CHALLENGE),
                ("code_challenge_method", "S256"),
                ("state", "anything"),
                ("nonce", "anything"),
            ],
        );
        for _ in 0..STEPS {
            if at.starts_with(REDIRECT) {
                return self.redeem(client, &at).await;
            }
            at = browser.follow(&at, login).await;
        }
        panic!("no code after {STEPS} steps, but {at}");
    }

    async fn redeem(&self, client: &str, at: &str) -> String {
        let at = Url::parse(at).unwrap();
        let code = at.query_pairs().find(|(name, _)| name == "code");
        let (_, code) = code.unwrap_or_else(|| panic!("refused: {at}"));
        let form = [
            ("grant_type", "authorization_code"),
            ("client_id", client),
            ("code", &code),
            ("redirect_uri", REDIRECT),
            ("code_verifier", VERIFIER),
        ];
        let answer = Browser::new(self.issuer()).send("/token", Some(&form)).await;
        answer.assert_status(200).json()["id_token"].as_str().unwrap().to_owned()
    }

    /// A token with these claims, signed with the issuer's own key `kid` under any header.
    pub(crate) fn sign(&self, header: &Header, kid: &str, claims: &Value) -> String {
        let pem = self.key(kid, "pem");
        let key = match self.algorithm {
            "ES256" => EncodingKey::from_ec_pem(pem.as_bytes()),
            "EdDSA" => EncodingKey::from_ed_pem(pem.as_bytes()),
            _ => EncodingKey::from_rsa_pem(pem.as_bytes()),
        };
        jsonwebtoken::encode(header, claims, &key.unwrap()).unwrap()
    }

    /// The header of its own tokens.
    pub(crate) fn header(&self, kid: &str) -> Header {
        let algorithm: Algorithm = self.algorithm.parse().unwrap();
        Header { kid: Some(kid.to_owned()), ..Header::new(algorithm) }
    }

    /// One form of a key that it has had: `pem` or `publicPem`.
    pub(crate) fn key(&self, kid: &str, form: &str) -> String {
        let keys: Value = serde_json::from_slice(&std::fs::read(&self.keys).unwrap()).unwrap();
        keys[kid][form].as_str().unwrap().to_owned()
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        self.stop();
        std::fs::remove_file(&self.keys).ok();
    }
}

/// As much of a browser as the provider's own pages need.
struct Browser {
    http: Http,
    base: String,
    cookies: BTreeMap<String, String>,
}

impl Browser {
    fn new(base: String) -> Self {
        Self { http: Http::anonymous(&base), base, cookies: BTreeMap::new() }
    }

    /// Opens a page, fills in its form if it has one, and says where that leads.
    async fn follow(&mut self, address: &str, login: &str) -> String {
        let path = address.strip_prefix(&self.base).unwrap_or(address).to_owned();
        let mut answer = self.send(&path, None).await;
        if answer.status == 200 {
            let prompt =
                if answer.text().contains("value=\"login\"") { "login" } else { "consent" };
            let form = [("prompt", prompt), ("login", login), ("password", "any")];
            answer = self.send(&path, Some(&form)).await;
        }
        assert!(answer.status.is_redirection(), "{} {path}: {}", answer.status, answer.text());
        answer.header("location").to_owned()
    }

    async fn send(&mut self, path: &str, form: Option<&[(&str, &str)]>) -> Answer {
        let method = if form.is_some() { Method::POST } else { Method::GET };
        let mut request = self.http.request(method, path);
        if let Some(form) = form {
            let encoded = with_query("http://form", form);
            let (_, body) = encoded.split_once('?').unwrap();
            request = request
                .header("content-type", "application/x-www-form-urlencoded")
                .body(body.to_owned());
        }
        let cookies: Vec<_> =
            self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let answer = self.http.send(request.header("cookie", cookies.join("; "))).await;
        for line in answer.headers.get_all("set-cookie") {
            let cookie = line.to_str().unwrap().split(';').next().unwrap();
            let (name, value) = cookie.split_once('=').unwrap();
            if value.is_empty() {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        answer
    }
}

fn with_query(address: &str, query: &[(&str, &str)]) -> String {
    Url::parse_with_params(address, query).unwrap().to_string()
}
