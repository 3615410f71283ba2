//! Rendered Kubernetes objects and what they say of each other, as far as our rules ask.

use serde_json::{Value, json};

/// What an overlay renders to, its migration included.
pub(super) struct Cluster {
    objects: Vec<Value>,
}

/// A pod that some object makes.
pub(super) struct Pod<'a> {
    /// `Deployment/cases-api`.
    pub(super) owner: String,
    pub(super) labels: &'a Value,
    pub(super) spec: &'a Value,
}

impl Cluster {
    /// Takes the rendered objects, and adds what an operator makes of them.
    pub(super) fn new(mut objects: Vec<Value>) -> Self {
        let made: Vec<Value> = objects
            .iter()
            .filter(|object| text(object, "/kind") == "RabbitmqCluster")
            .flat_map(|cluster| made_of_rabbitmq(name(cluster)))
            .collect();
        objects.extend(made);
        Self { objects }
    }

    pub(super) fn of(&self, kind: &str) -> impl Iterator<Item = &Value> {
        self.objects.iter().filter(move |object| text(object, "/kind") == kind)
    }

    pub(super) fn get(&self, kind: &str, wanted: &str) -> Option<&Value> {
        self.of(kind).find(|object| name(object) == wanted)
    }

    /// The pods of everything that makes pods.
    pub(super) fn pods(&self) -> Vec<Pod<'_>> {
        ["Deployment", "StatefulSet", "Job"]
            .iter()
            .flat_map(|kind| self.of(kind))
            .map(|owner| Pod {
                owner: id(owner),
                labels: at(owner, "/spec/template/metadata/labels"),
                spec: at(owner, "/spec/template/spec"),
            })
            .collect()
    }

    /// The pods that a label selector chooses; none if it is empty or missing.
    pub(super) fn chosen(&self, selector: &Value) -> Vec<Pod<'_>> {
        self.pods().into_iter().filter(|pod| selects(selector, pod.labels)).collect()
    }

    /// The pods behind a Service, whose selector is labels alone.
    pub(super) fn behind(&self, service: &Value) -> Vec<Pod<'_>> {
        self.chosen(&json!({ "matchLabels": at(service, "/spec/selector") }))
    }

    /// Every variable of a container, with its value where the manifests know it.
    pub(super) fn environment(&self, container: &Value) -> Vec<(String, Option<String>)> {
        let mut variables = Vec::new();
        for source in list(container, "/envFrom") {
            let (kind, data, reference) = match source.get("configMapRef") {
                Some(reference) => ("ConfigMap", "/data", reference),
                None => ("Secret", "/stringData", at(source, "/secretRef")),
            };
            let known = self.get(kind, text(reference, "/name"));
            let pairs = known.and_then(|object| at(object, data).as_object()).into_iter().flatten();
            variables
                .extend(pairs.map(|(key, value)| (key.clone(), value.as_str().map(str::to_owned))));
        }
        for variable in list(container, "/env") {
            let key = at(variable, "/valueFrom/secretKeyRef");
            let value = match variable.get("value") {
                Some(value) => value.as_str(),
                None => self
                    .get("Secret", text(key, "/name"))
                    .and_then(|secret| at(secret, "/stringData").get(text(key, "/key")))
                    .and_then(Value::as_str),
            };
            variables.push((text(variable, "/name").to_owned(), value.map(str::to_owned)));
        }
        variables
    }
}

impl<'a> Pod<'a> {
    pub(super) fn containers(&self) -> &'a [Value] {
        list(self.spec, "/containers")
    }

    /// The number of a port that a Service or a probe calls by name or number.
    pub(super) fn port(&self, wanted: &Value) -> Option<u64> {
        self.containers().iter().find_map(|container| port_of(container, wanted))
    }
}

/// The number of a container's port.
pub(super) fn port_of(container: &Value, wanted: &Value) -> Option<u64> {
    list(container, "/ports")
        .iter()
        .find(|port| port.get("name") == Some(wanted) || port.get("containerPort") == Some(wanted))
        .and_then(|port| at(port, "/containerPort").as_u64())
}

/// What a pointer leads to; null if nothing is there.
pub(super) fn at<'a>(value: &'a Value, pointer: &str) -> &'a Value {
    value.pointer(pointer).unwrap_or(&Value::Null)
}

pub(super) fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    at(value, pointer).as_str().unwrap_or_default()
}

pub(super) fn list<'a>(value: &'a Value, pointer: &str) -> &'a [Value] {
    at(value, pointer).as_array().map_or(&[], Vec::as_slice)
}

pub(super) fn name(object: &Value) -> &str {
    text(object, "/metadata/name")
}

/// `Deployment/cases-api`.
pub(super) fn id(object: &Value) -> String {
    format!("{}/{}", text(object, "/kind"), name(object))
}

/// Whether a label selector chooses these labels. An empty one chooses everything, a missing one
/// nothing.
pub(super) fn selects(selector: &Value, labels: &Value) -> bool {
    let Some(selector) = selector.as_object() else {
        return false;
    };
    let has_labels = selector
        .get("matchLabels")
        .and_then(Value::as_object)
        .is_none_or(|wanted| wanted.iter().all(|(key, value)| labels.get(key) == Some(value)));
    let fits = |expression: &Value| {
        let label = labels.get(text(expression, "/key"));
        let is_listed = label.is_some_and(|label| list(expression, "/values").contains(label));
        match text(expression, "/operator") {
            "In" => is_listed,
            "NotIn" => !is_listed,
            "Exists" => label.is_some(),
            _ => label.is_none(),
        }
    };
    let expressions = selector.get("matchExpressions").and_then(Value::as_array);
    has_labels && expressions.is_none_or(|all| all.iter().all(fits))
}

/// What RabbitMQ's cluster operator makes: a `Service`, a `Secret` and a `StatefulSet`.
fn made_of_rabbitmq(cluster: &str) -> Vec<Value> {
    let labels = json!({ "app.kubernetes.io/name": cluster });
    let port = |name: &str, number: u16| json!({ "name": name, "containerPort": number });
    let service =
        |name: &str, number: u16| json!({ "name": name, "port": number, "targetPort": number });
    vec![
        json!({
            "kind": "Service", "metadata": { "name": cluster, "labels": labels },
            "spec": { "selector": labels, "ports": [
                service("amqp", 5672), service("management", 15672), service("prometheus", 15692),
            ]},
        }),
        json!({
            "kind": "Secret", "metadata": { "name": format!("{cluster}-default-user") },
            "stringData": {
                "username": "", "password": "", "host": "", "port": "", "connection_string": "",
            },
        }),
        json!({
            "kind": "StatefulSet", "metadata": { "name": format!("{cluster}-server") },
            "madeBy": "operator",
            "spec": { "template": { "metadata": { "labels": labels }, "spec": { "containers": [{
                "name": "rabbitmq",
                "ports": [port("amqp", 5672), port("management", 15672), port("prometheus", 15692)],
            }]}}},
        }),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn selectors_choose_as_kubernetes_does() {
        let labels = json!({ "app": "a", "tier": "x" });
        assert!(selects(&json!({ "matchLabels": { "app": "a" } }), &labels));
        assert!(!selects(&json!({ "matchLabels": { "app": "b" } }), &labels));
        assert!(selects(&json!({}), &labels));
        assert!(!selects(&Value::Null, &labels));
        let among = |operator: &str| json!({ "matchExpressions": [{ "key": "tier", "operator": operator, "values": ["x", "y"] }] });
        assert!(selects(&among("In"), &labels) && !selects(&among("NotIn"), &labels));
        assert!(selects(&among("Exists"), &labels) && !selects(&among("DoesNotExist"), &labels));
    }

    #[test]
    fn variables_come_from_maps_secrets_and_the_container() {
        let cluster = Cluster::new(vec![
            json!({ "kind": "ConfigMap", "metadata": { "name": "m" }, "data": { "A": "1" } }),
            json!({ "kind": "Secret", "metadata": { "name": "s" }, "stringData": { "k": "2" } }),
        ]);
        let container = json!({
            "envFrom": [{ "configMapRef": { "name": "m" } }],
            "env": [
                { "name": "B", "valueFrom": { "secretKeyRef": { "name": "s", "key": "k" } } },
                { "name": "C", "valueFrom": { "fieldRef": { "fieldPath": "metadata.name" } } },
            ],
        });
        let value = |text: &str| Some(text.to_owned());
        assert_eq!(
            cluster.environment(&container),
            [("A".to_owned(), value("1")), ("B".to_owned(), value("2")), ("C".to_owned(), None)]
        );
    }
}
