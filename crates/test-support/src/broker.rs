//! A RabbitMQ virtual host of its own for each test: its own exchanges, queues and dead letters.

use reqwest::{Client, RequestBuilder, Response};
use serde_json::{Value, json};
use tokio::sync::OnceCell;

use crate::cleanup::{block_on, dated_name, is_abandoned};
use crate::http;
use crate::stack::Stack;

const PREFIX: &str = "portal_test_";

/// A virtual host that lives as long as this value.
#[derive(Debug)]
pub struct Broker {
    name: String,
}

impl Broker {
    /// Makes a virtual host and gives the stack's user all rights in it.
    pub async fn vhost() -> Self {
        static SWEPT: OnceCell<()> = OnceCell::const_new();
        SWEPT.get_or_init(sweep).await;
        let broker = Self { name: dated_name(PREFIX) };
        let management = Management::connect();
        let name = &broker.name;
        management.send(management.client.put(management.url(&format!("vhosts/{name}")))).await;
        let rights = json!({ "configure": ".*", "write": ".*", "read": ".*" });
        let permissions = management.url(&format!("permissions/{name}/{}", management.user));
        management.send(management.client.put(permissions).json(&rights)).await;
        broker
    }

    /// Name of the virtual host.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// AMQP URL of the virtual host.
    #[must_use]
    pub fn amqp_url(&self) -> String {
        let (server, _default_vhost) =
            Stack::load().amqp_url.rsplit_once('/').expect("an AMQP URL ends in /vhost");
        format!("{server}/{}", self.name)
    }

    /// What the management API says of a queue, for example its `messages`; `None` when it does not exist.
    ///
    /// Counters lag behind by seconds: wait for a value with a deadline, never assert the first one.
    pub async fn queue(&self, queue: &str) -> Option<Value> {
        let management = Management::connect();
        let url = management.url(&format!("queues/{}/{queue}", self.name));
        let response = management.authorised(management.client.get(url)).send().await;
        let response = response.expect("RabbitMQ's management API answers");
        if response.status().is_success() { response.json().await.ok() } else { None }
    }

    /// Publishes any text, also what no service would send.
    pub async fn publish(&self, exchange: &str, routing_key: &str, payload: &str) {
        let management = Management::connect();
        let url = management.url(&format!("exchanges/{}/{exchange}/publish", self.name));
        let message = json!({
            "properties": {}, "routing_key": routing_key, "payload": payload,
            "payload_encoding": "string",
        });
        management.send(management.client.post(url).json(&message)).await;
    }

    /// Closes every client connection to the virtual host, as a restart of the broker would.
    pub async fn close_connections(&self) {
        let management = Management::connect();
        let url = management.url(&format!("vhosts/{}/connections", self.name));
        let connections = management.send(management.client.get(url)).await.json::<Vec<Value>>();
        for connection in connections.await.expect("a list of connections") {
            let name = connection["name"].as_str().expect("connections have names");
            let name = name.replace(' ', "%20").replace('>', "%3E");
            let url = management.url(&format!("connections/{name}"));
            // It may have closed by itself since it was listed.
            let _ = management.authorised(management.client.delete(url)).send().await;
        }
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        let name = std::mem::take(&mut self.name);
        block_on("deleting a virtual host", move || async move {
            let management = Management::connect();
            let url = management.url(&format!("vhosts/{name}"));
            let response = management.authorised(management.client.delete(url)).send().await;
            response.map(drop).map_err(|error| error.to_string())
        });
    }
}

/// Client of the management API; its URL carries the credentials.
struct Management {
    client: Client,
    base: String,
    user: &'static str,
    password: &'static str,
}

impl Management {
    fn connect() -> Self {
        let url = &Stack::load().amqp_management_url;
        let (scheme, rest) = url.split_once("://").expect("a URL has a scheme");
        let (credentials, host) = rest.rsplit_once('@').expect("the URL carries credentials");
        let (user, password) = credentials.split_once(':').expect("user and password");
        Self { client: http::client(), base: format!("{scheme}://{host}"), user, password }
    }

    fn url(&self, path: &str) -> String {
        format!("{}/api/{path}", self.base)
    }

    fn authorised(&self, request: RequestBuilder) -> RequestBuilder {
        request.basic_auth(self.user, Some(self.password))
    }

    async fn send(&self, request: RequestBuilder) -> Response {
        let response = self.authorised(request).send().await;
        response
            .and_then(Response::error_for_status)
            .unwrap_or_else(|error| panic!("RabbitMQ's management API: {error:?}"))
    }
}

/// Deletes virtual hosts that killed runs left behind.
async fn sweep() {
    let management = Management::connect();
    let vhosts = management.send(management.client.get(management.url("vhosts"))).await;
    for vhost in vhosts.json::<Vec<Value>>().await.expect("a list of virtual hosts") {
        let name = vhost["name"].as_str().expect("virtual hosts have names");
        if is_abandoned(name, PREFIX) {
            let url = management.url(&format!("vhosts/{name}"));
            // Another process may sweep at the same time.
            let _ = management.authorised(management.client.delete(url)).send().await;
        }
    }
}
