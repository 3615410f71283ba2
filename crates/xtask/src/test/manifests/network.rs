//! Rules about who talks to whom: every address that a pod is given is a Service's, and the network
//! policies let the two talk.

use serde_json::Value;

use super::objects::{Cluster, Pod, at, id, list, selects};
use super::references::ours;

/// An address among a container's variables: host and port.
type Address = (String, u64);

/// Addresses that lead nowhere, or that a policy closes.
pub(super) fn findings(cluster: &Cluster) -> Vec<String> {
    let mut breaches = Vec::new();
    for pod in ours(cluster) {
        for container in pod.containers() {
            for (host, port) in addresses(&cluster.environment(container)) {
                breaches.extend(check(cluster, &pod, &host, port));
            }
        }
    }
    for (prober, host, port) in probed(cluster) {
        breaches.extend(check(cluster, &prober, &host, port));
    }
    breaches.sort();
    breaches.dedup();
    breaches
}

/// Addresses that a monitor has the pods behind its Services ask.
fn probed(cluster: &Cluster) -> Vec<(Pod<'_>, String, u64)> {
    let mut probed = Vec::new();
    for monitor in cluster.of("ServiceMonitor") {
        let targets = list(monitor, "/spec/endpoints")
            .iter()
            .flat_map(|endpoint| list(endpoint, "/params/target"))
            .filter_map(|target| address(target.as_str()?));
        for (host, port) in targets.filter(|(host, _)| !host.contains('.')) {
            let services = cluster.of("Service").filter(|service| {
                selects(at(monitor, "/spec/selector"), at(service, "/metadata/labels"))
            });
            let probers = services.flat_map(|service| cluster.behind(service));
            probed.extend(probers.map(|prober| (prober, host.clone(), port)));
        }
    }
    probed
}

fn check(cluster: &Cluster, client: &Pod<'_>, host: &str, port: u64) -> Option<String> {
    let owner = &client.owner;
    let Some(service) = cluster.get("Service", host) else {
        return Some(format!("{owner}: there is no Service {host}"));
    };
    let known = list(service, "/spec/ports").iter().find(|known| at(known, "/port") == port);
    let Some(known) = known else {
        return Some(format!("{owner}: {} has no port {port}", id(service)));
    };
    let target = known.get("targetPort").unwrap_or_else(|| at(known, "/port"));
    cluster.behind(service).iter().find_map(|server| {
        let number = server.port(target)?;
        let ends = [("egress", "/to", client, server), ("ingress", "/from", server, client)];
        ends.iter()
            .find(|(way, peers, subject, peer)| !lets(cluster, way, peers, subject, peer, number))
            .map(|(way, ..)| format!("{owner} may not reach {} at {number}: {way}", server.owner))
    })
}

/// Whether the policies of `subject` let it talk with `peer` in this direction. `port` is always the
/// server's.
fn lets(
    cluster: &Cluster,
    way: &str,
    peers: &str,
    subject: &Pod<'_>,
    peer: &Pod<'_>,
    port: u64,
) -> bool {
    cluster
        .of("NetworkPolicy")
        .filter(|policy| selects(at(policy, "/spec/podSelector"), subject.labels))
        .flat_map(|policy| list(policy, &format!("/spec/{way}")))
        .any(|rule| {
            let named = list(rule, peers);
            let is_named = named.iter().any(|one| {
                one.get("namespaceSelector").is_none()
                    && selects(at(one, "/podSelector"), peer.labels)
            });
            let ports = list(rule, "/ports");
            let is_open = ports.is_empty() || ports.iter().any(|open| at(open, "/port") == port);
            is_open && (named.is_empty() || is_named)
        })
}

/// Hosts of this namespace with their ports: in URLs, in nginx's `server HOST:PORT`, and in pairs of
/// variables `…_HOST` and `…_PORT`. A host with a dot lies elsewhere.
fn addresses(variables: &[(String, Option<String>)]) -> Vec<Address> {
    let known = || variables.iter().filter_map(|(name, value)| Some((name, value.as_deref()?)));
    let words = known().flat_map(|(_, value)| value.split([' ', ',', ';'])).filter_map(address);
    let pairs = known().filter_map(|(name, host)| {
        let port = format!("{}_PORT", name.strip_suffix("_HOST")?);
        let port = known().find(|(name, _)| **name == port)?.1;
        Some((host.to_owned(), port.parse().ok()?))
    });
    words.chain(pairs).filter(|(host, _)| !host.contains('.') && host != "localhost").collect()
}

fn address(word: &str) -> Option<Address> {
    let after_scheme = word.split_once("://").map_or(word, |(_, rest)| rest);
    let authority = after_scheme.split(['/', '?']).next()?;
    let (host, port) = authority.rsplit('@').next()?.rsplit_once(':')?;
    let is_name =
        !host.is_empty() && host.chars().all(|c| c.is_ascii_alphanumeric() || "-.".contains(c));
    if is_name { Some((host.to_owned(), port.parse().ok()?)) } else { None }
}

/// The addresses among a Compose service's variables.
pub(super) fn of_environment(environment: &Value) -> Vec<Address> {
    let variables: Vec<(String, Option<String>)> = environment
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, value)| (name.clone(), value.as_str().map(str::to_owned)))
        .collect();
    addresses(&variables)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn addresses_are_found_in_every_spelling() {
        let value = |text: &str| Some(text.to_owned());
        let found = addresses(&[
            ("A".to_owned(), value("amqp://user:pass@rabbitmq:5672/%2f")),
            ("B".to_owned(), value("server cases-api:8081 max_fails=1;")),
            ("C".to_owned(), value("http://collector.monitoring.svc:4318")),
            ("PG_HOST".to_owned(), value("postgres")),
            ("PG_PORT".to_owned(), value("5432")),
        ]);
        let expected = [("rabbitmq", 5672), ("cases-api", 8081), ("postgres", 5432)];
        assert_eq!(found, expected.map(|(host, port)| (host.to_owned(), port)));
    }

    fn cluster(url: &str, client_in_policy: &str) -> Cluster {
        let deployment = |name: &str, url: &str| {
            json!({ "kind": "Deployment", "metadata": { "name": name }, "spec": { "template": {
                "metadata": { "labels": { "app": name } },
                "spec": { "serviceAccountName": name, "containers": [{
                    "ports": [{ "name": "p", "containerPort": 80 }],
                    "env": [{ "name": "URL", "value": url }],
                }]},
            }}})
        };
        let of = |name: &str| json!({ "podSelector": { "matchLabels": { "app": name } } });
        Cluster::new(vec![
            deployment("client", url),
            deployment("server", ""),
            json!({ "kind": "Service", "metadata": { "name": "server" }, "spec": {
                "selector": { "app": "server" }, "ports": [{ "port": 8080, "targetPort": "p" }] } }),
            json!({ "kind": "NetworkPolicy", "spec": {
                "podSelector": { "matchLabels": { "app": "client" } },
                "egress": [{ "to": [of("server")], "ports": [{ "port": 80 }] }] } }),
            json!({ "kind": "NetworkPolicy", "spec": {
                "podSelector": { "matchLabels": { "app": "server" } },
                "ingress": [{ "from": [of(client_in_policy)], "ports": [{ "port": 80 }] }] } }),
        ])
    }

    #[test]
    fn what_a_monitor_has_others_ask_is_an_address_too() {
        let asked = |target: &str| {
            let mut objects = cluster("", "client").of("Deployment").cloned().collect::<Vec<_>>();
            objects.extend([
                json!({ "kind": "Service", "metadata": { "name": "c", "labels": { "app": "c" } },
                    "spec": { "selector": { "app": "client" } } }),
                json!({ "kind": "ServiceMonitor", "spec": {
                    "selector": { "matchLabels": { "app": "c" } },
                    "endpoints": [{ "params": { "target": [target] } }] } }),
            ]);
            findings(&Cluster::new(objects))
        };
        assert_eq!(asked("http://nobody:8080/").len(), 1);
        assert!(asked("https://portal.example.no/").is_empty());
    }

    #[test]
    fn an_address_must_exist_and_be_open_from_both_ends() {
        assert!(findings(&cluster("http://server:8080/x", "client")).is_empty());
        assert_eq!(findings(&cluster("http://server:80/x", "client")).len(), 1);
        assert_eq!(findings(&cluster("http://nobody:8080/x", "client")).len(), 1);
        assert_eq!(findings(&cluster("http://server:8080/x", "other")).len(), 1);
    }
}
