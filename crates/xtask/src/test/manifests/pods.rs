//! Rules about how pods run: with as few rights as possible, and replaced without anybody noticing.

use serde_json::{Value, json};

use super::objects::{Cluster, Pod, at, list, text};
use super::references::{Rule, ours};
use crate::services::NAMES;

pub(super) const RULES: [Rule; 5] = [
    ("every pod has the fewest rights", rights),
    ("every container says what it needs", resources),
    ("every service is replaced without a gap", replacement),
    ("the gateway ends before it is killed", gateway_end),
    ("default is to refuse every connection", default_deny),
];

/// How long running requests and jobs may take after SIGTERM, when `SHUTDOWN_GRACE_SECS` is not set.
const SHUTDOWN_GRACE_SECS: u64 = 30;

/// What a service does before and after that, at worst, in seconds; the constants lie in its code.
const AROUND_GRACE_SECS: [(&str, u64); 3] = [
    // The door, background tasks, the broker's goodbye, telemetry.
    ("cases-api", 1 + 5 + 5 + 2),
    // The door, background tasks, locks that are given back, telemetry.
    ("locks-api", 1 + 5 + 5 + 2),
    // Jobs that are told to stop, the broker's goodbye, background tasks, telemetry.
    ("export-worker", 10 + 5 + 5 + 2),
];

const NGINX: &str = include_str!("../../../../../compose/nginx/nginx.conf.template");

/// What the `restricted` level of pod security asks, and a read-only root file system.
fn rights(cluster: &Cluster) -> Vec<String> {
    let mut breaches = Vec::new();
    for pod in ours(cluster) {
        for (pointer, wanted) in [
            ("/securityContext/runAsNonRoot", json!(true)),
            ("/securityContext/seccompProfile/type", json!("RuntimeDefault")),
            // Otherwise every Service of the namespace adds variables of its own.
            ("/enableServiceLinks", json!(false)),
        ] {
            complain(&mut breaches, &pod, pod.spec, pointer, &wanted);
        }
        for container in pod.containers() {
            for (pointer, wanted) in [
                ("/securityContext/allowPrivilegeEscalation", json!(false)),
                ("/securityContext/readOnlyRootFilesystem", json!(true)),
                ("/securityContext/capabilities/drop", json!(["ALL"])),
            ] {
                complain(&mut breaches, &pod, container, pointer, &wanted);
            }
        }
    }
    breaches
}

fn complain(
    breaches: &mut Vec<String>,
    pod: &Pod<'_>,
    value: &Value,
    pointer: &str,
    wanted: &Value,
) {
    if at(value, pointer) != wanted {
        breaches.push(format!("{}: {pointer} is not {wanted}", pod.owner));
    }
}

fn resources(cluster: &Cluster) -> Vec<String> {
    let needed =
        ["/resources/requests/cpu", "/resources/requests/memory", "/resources/limits/memory"];
    ours(cluster)
        .flat_map(|pod| {
            pod.containers()
                .iter()
                .flat_map(|container| needed.iter().filter(|p| container.pointer(p).is_none()))
                .map(|pointer| format!("{}: there is no {pointer}", pod.owner))
                .collect::<Vec<_>>()
        })
        .collect()
}

/// One more before one less; probes on the admin port; time to finish; never all at once.
fn replacement(cluster: &Cluster) -> Vec<String> {
    let mut breaches = Vec::new();
    for service in NAMES {
        let Some(deployment) = cluster.get("Deployment", service) else {
            breaches.push(format!("there is no Deployment {service}"));
            continue;
        };
        let container = at(deployment, "/spec/template/spec/containers/0");
        for (value, pointer, wanted) in [
            (deployment, "/spec/strategy/rollingUpdate/maxSurge", json!(1)),
            (deployment, "/spec/strategy/rollingUpdate/maxUnavailable", json!(0)),
            // A process that waits for its database is alive; to restart it helps nobody.
            (container, "/startupProbe/httpGet/path", json!("/health/live")),
            (container, "/startupProbe/httpGet/port", json!("admin")),
            (container, "/livenessProbe/httpGet/path", json!("/health/live")),
            (container, "/livenessProbe/httpGet/port", json!("admin")),
            (container, "/readinessProbe/httpGet/path", json!("/health/ready")),
            (container, "/readinessProbe/httpGet/port", json!("admin")),
        ] {
            if at(value, pointer) != &wanted {
                breaches.push(format!("{service}: {pointer} is not {wanted}"));
            }
        }
        let own = shutdown_grace(&cluster.environment(container));
        breaches.extend(hurried(service, deployment, own + around_grace(service)));
        if list(deployment, "/spec/template/spec/topologySpreadConstraints").is_empty() {
            breaches.push(format!("{service}: all pods may stand on one node"));
        }
        let labels = at(deployment, "/spec/template/metadata/labels");
        let is_guarded = cluster
            .of("PodDisruptionBudget")
            .any(|budget| super::objects::selects(at(budget, "/spec/selector"), labels));
        if !is_guarded {
            breaches.push(format!("{service}: no PodDisruptionBudget"));
        }
        let is_scaled = cluster
            .of("HorizontalPodAutoscaler")
            .chain(cluster.of("ScaledObject"))
            .any(|scaler| text(scaler, "/spec/scaleTargetRef/name") == service);
        if !is_scaled {
            breaches.push(format!("{service}: nothing scales it"));
        }
    }
    breaches
}

/// A pod that is killed before it is through, or is sent requests while it goes.
fn hurried(name: &str, deployment: &Value, needed: u64) -> Option<String> {
    let container = at(deployment, "/spec/template/spec/containers/0");
    let pause = at(container, "/lifecycle/preStop/sleep/seconds").as_u64().unwrap_or(0);
    let grace = at(deployment, "/spec/template/spec/terminationGracePeriodSeconds").as_u64()?;
    (pause == 0 || grace <= pause + needed)
        .then(|| format!("{name}: {grace} s are no time for preStop {pause} s and {needed} s"))
}

/// Seconds that a service takes at worst besides those that running requests and jobs get.
pub(super) fn around_grace(service: &str) -> u64 {
    AROUND_GRACE_SECS.iter().find(|(name, _)| *name == service).map_or(0, |(_, secs)| *secs)
}

/// Seconds that running requests and jobs get; of two values of a variable the last one holds.
pub(super) fn shutdown_grace(variables: &[(String, Option<String>)]) -> u64 {
    let given = variables.iter().rev().find(|(name, _)| name == "SHUTDOWN_GRACE_SECS");
    given.and_then(|(_, value)| value.as_deref()?.parse().ok()).unwrap_or(SHUTDOWN_GRACE_SECS)
}

/// nginx waits for streams of events that would never end.
fn gateway_end(cluster: &Cluster) -> Vec<String> {
    let Some(deployment) = cluster.get("Deployment", "gateway") else {
        return vec!["there is no Deployment gateway".to_owned()];
    };
    match worker_shutdown_timeout(NGINX) {
        None => vec!["nginx has no worker_shutdown_timeout in seconds".to_owned()],
        Some(secs) => hurried("gateway", deployment, secs).into_iter().collect(),
    }
}

fn worker_shutdown_timeout(configuration: &str) -> Option<u64> {
    let (_, rest) = configuration.split_once("\nworker_shutdown_timeout ")?;
    rest.split_once("s;")?.0.parse().ok()
}

fn default_deny(cluster: &Cluster) -> Vec<String> {
    let denies = cluster.of("NetworkPolicy").any(|policy| {
        at(policy, "/spec/podSelector") == &json!({})
            && at(policy, "/spec/policyTypes") == &json!(["Ingress", "Egress"])
            && policy.pointer("/spec/ingress").is_none()
            && policy.pointer("/spec/egress").is_none()
    });
    if denies { Vec::new() } else { vec!["no policy denies everything".to_owned()] }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pod(spec: &Value) -> Cluster {
        Cluster::new(vec![json!({ "kind": "Job", "metadata": { "name": "j" },
            "spec": { "template": { "metadata": {}, "spec": spec } } })])
    }

    #[test]
    fn each_missing_restriction_is_named() {
        let mut spec = json!({
            "serviceAccountName": "j", "enableServiceLinks": false,
            "securityContext": { "runAsNonRoot": true, "seccompProfile": { "type": "RuntimeDefault" } },
            "containers": [{
                "securityContext": { "allowPrivilegeEscalation": false,
                    "readOnlyRootFilesystem": true, "capabilities": { "drop": ["ALL"] } },
                "resources": { "requests": { "cpu": "1", "memory": "1" }, "limits": { "memory": "1" } },
            }],
        });
        assert!(rights(&pod(&spec)).is_empty() && resources(&pod(&spec)).is_empty());
        spec["containers"][0]["securityContext"]["readOnlyRootFilesystem"] = json!(false);
        spec["securityContext"]["runAsNonRoot"] = json!(false);
        assert_eq!(rights(&pod(&spec)).len(), 2);
        spec["containers"][0]["resources"]["limits"] = json!({});
        assert_eq!(resources(&pod(&spec)).len(), 1);
    }

    #[test]
    fn a_pod_has_time_for_everything_it_does_at_the_end() {
        let deployment = |grace: u64, pause: u64| {
            json!({ "spec": { "template": { "spec": { "terminationGracePeriodSeconds": grace,
                "containers": [{ "lifecycle": { "preStop": { "sleep": { "seconds": pause } } } }],
            }}}})
        };
        assert_eq!(hurried("a", &deployment(45, 5), 39), None);
        assert!(hurried("a", &deployment(45, 5), 40).is_some());
        assert!(hurried("a", &deployment(45, 0), 30).is_some());
        let variable = |value: &str| ("SHUTDOWN_GRACE_SECS".to_owned(), Some(value.to_owned()));
        assert_eq!(shutdown_grace(&[]), 30);
        assert_eq!(shutdown_grace(&[variable("25"), variable("15")]), 15);
        assert!(NAMES.iter().all(|name| around_grace(name) > 0));
        assert_eq!(worker_shutdown_timeout("a;\nworker_shutdown_timeout 35s;\n"), Some(35));
        assert_eq!(worker_shutdown_timeout("worker_processes auto;"), None);
    }

    #[test]
    fn a_cluster_without_the_services_or_the_policy_is_refused() {
        let cluster = Cluster::new(Vec::new());
        assert_eq!(replacement(&cluster).len(), NAMES.len());
        assert_eq!(default_deny(&cluster).len(), 1);
    }
}
