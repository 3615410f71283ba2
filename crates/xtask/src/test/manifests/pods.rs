//! Rules about how pods run: with as few rights as possible, and replaced without anybody noticing.

use serde_json::{Value, json};

use super::objects::{Cluster, Pod, at, list, text};
use super::references::{Rule, ours};
use crate::services::NAMES;

pub(super) const RULES: [Rule; 4] = [
    ("every pod has the fewest rights", rights),
    ("every container says what it needs", resources),
    ("every service is replaced without a gap", replacement),
    ("default is to refuse every connection", default_deny),
];

/// How long running requests and jobs may take after SIGTERM, when `SHUTDOWN_GRACE_SECS` is not set.
const SHUTDOWN_GRACE_SECS: u64 = 30;

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
            (container, "/livenessProbe/httpGet/path", json!("/health/live")),
            (container, "/livenessProbe/httpGet/port", json!("admin")),
            (container, "/readinessProbe/httpGet/path", json!("/health/ready")),
            (container, "/readinessProbe/httpGet/port", json!("admin")),
        ] {
            if at(value, pointer) != &wanted {
                breaches.push(format!("{service}: {pointer} is not {wanted}"));
            }
        }
        let pause = at(container, "/lifecycle/preStop/sleep/seconds").as_u64().unwrap_or(0);
        let grace = at(deployment, "/spec/template/spec/terminationGracePeriodSeconds").as_u64();
        if pause == 0 || grace.is_none_or(|grace| grace <= pause + SHUTDOWN_GRACE_SECS) {
            breaches.push(format!("{service}: no time to finish in"));
        }
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
    fn a_cluster_without_the_services_or_the_policy_is_refused() {
        let cluster = Cluster::new(Vec::new());
        assert_eq!(replacement(&cluster).len(), NAMES.len());
        assert_eq!(default_deny(&cluster).len(), 1);
    }
}
