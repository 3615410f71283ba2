//! Rules about names: what one Kubernetes object calls another by must be there.

use serde_json::{Value, json};

use super::objects::{Cluster, Pod, at, id, list, name, port_of, selects, text};

/// A rule of this module: its sentence, and how to find what breaks it.
pub(super) type Rule = (&'static str, fn(&Cluster) -> Vec<String>);

pub(super) const RULES: [Rule; 8] = [
    ("every selector chooses pods, or Services that have pods", selectors),
    ("every port of a Service is a port of its pods", service_ports),
    ("every probe asks a port of its container", probes),
    ("everything that scales has something to scale", scale_targets),
    ("every route leads from a listener to a port of a Service", routes),
    ("every pod has an account of its own namespace, without a token", accounts),
    ("every volume is mounted from what exists", volumes),
    ("every monitor asks a port of a Service", monitors),
];

fn selectors(cluster: &Cluster) -> Vec<String> {
    let mut breaches = Vec::new();
    for owner in ["Deployment", "StatefulSet"].iter().flat_map(|kind| cluster.of(kind)) {
        let labels = at(owner, "/spec/template/metadata/labels");
        if owner.get("madeBy").is_none() && !selects(at(owner, "/spec/selector"), labels) {
            breaches.push(format!("{} does not choose its own pods", id(owner)));
        }
        for spread in list(owner, "/spec/template/spec/topologySpreadConstraints") {
            if !selects(at(spread, "/labelSelector"), labels) {
                breaches.push(format!("{} spreads other pods than its own", id(owner)));
            }
        }
    }
    for service in cluster.of("Service") {
        if cluster.behind(service).is_empty() {
            breaches.push(format!("{} has no pods", id(service)));
        }
    }
    let budgets = cluster.of("PodDisruptionBudget").map(|budget| (budget, "/spec/selector"));
    let policies = cluster.of("NetworkPolicy").map(|policy| (policy, "/spec/podSelector"));
    for (object, pointer) in budgets.chain(policies) {
        if cluster.chosen(at(object, pointer)).is_empty() {
            breaches.push(format!("{} chooses no pods", id(object)));
        }
    }
    for policy in cluster.of("NetworkPolicy") {
        for peer in peers(policy) {
            let is_ours = peer.get("namespaceSelector").is_none();
            if is_ours && cluster.chosen(at(peer, "/podSelector")).is_empty() {
                breaches.push(format!("{} names pods that do not exist: {peer}", id(policy)));
            }
        }
    }
    breaches
}

fn peers(policy: &Value) -> impl Iterator<Item = &Value> {
    let ingress = list(policy, "/spec/ingress").iter().flat_map(|rule| list(rule, "/from"));
    let egress = list(policy, "/spec/egress").iter().flat_map(|rule| list(rule, "/to"));
    ingress.chain(egress)
}

fn service_ports(cluster: &Cluster) -> Vec<String> {
    let mut breaches = Vec::new();
    for service in cluster.of("Service") {
        for pod in cluster.behind(service) {
            for port in list(service, "/spec/ports") {
                let target = port.get("targetPort").unwrap_or_else(|| at(port, "/port"));
                if pod.port(target).is_none() {
                    breaches.push(format!("{}: {} has no port {target}", id(service), pod.owner));
                }
            }
        }
    }
    breaches
}

fn probes(cluster: &Cluster) -> Vec<String> {
    let mut breaches = Vec::new();
    for pod in cluster.pods() {
        for container in pod.containers() {
            for probe in ["startupProbe", "livenessProbe", "readinessProbe"] {
                for way in ["httpGet", "tcpSocket"] {
                    let Some(port) = container.pointer(&format!("/{probe}/{way}/port")) else {
                        continue;
                    };
                    if port_of(container, port).is_none() {
                        breaches.push(format!("{}: {probe} asks port {port}", pod.owner));
                    }
                }
            }
        }
    }
    breaches
}

fn scale_targets(cluster: &Cluster) -> Vec<String> {
    let scalers = cluster.of("HorizontalPodAutoscaler").chain(cluster.of("ScaledObject"));
    let mut breaches: Vec<String> = scalers
        .filter(|scaler| {
            let kind = at(scaler, "/spec/scaleTargetRef/kind").as_str().unwrap_or("Deployment");
            let target = cluster.get(kind, text(scaler, "/spec/scaleTargetRef/name"));
            // A number of replicas of its own would fight the scaler's at every update.
            target.is_none_or(|target| target.pointer("/spec/replicas").is_some())
        })
        .map(|scaler| format!("{} has no target that leaves the number to it", id(scaler)))
        .collect();
    for scaled in cluster.of("ScaledObject") {
        for trigger in list(scaled, "/spec/triggers") {
            let wanted = text(trigger, "/authenticationRef/name");
            if cluster.get("TriggerAuthentication", wanted).is_none() {
                breaches
                    .push(format!("{}: there is no TriggerAuthentication {wanted}", id(scaled)));
            }
        }
    }
    breaches
}

fn routes(cluster: &Cluster) -> Vec<String> {
    let mut breaches = Vec::new();
    for route in cluster.of("HTTPRoute") {
        for parent in list(route, "/spec/parentRefs") {
            let gateway = cluster.get("Gateway", text(parent, "/name"));
            let has_listener = gateway.is_some_and(|gateway| {
                list(gateway, "/spec/listeners")
                    .iter()
                    .any(|listener| listener.get("name") == parent.get("sectionName"))
            });
            if !has_listener {
                breaches.push(format!("{} hangs on no listener: {parent}", id(route)));
            }
        }
        for backend in list(route, "/spec/rules").iter().flat_map(|rule| list(rule, "/backendRefs"))
        {
            let service = cluster.get("Service", text(backend, "/name"));
            if !service.is_some_and(|service| has_port(service, "port", at(backend, "/port"))) {
                breaches.push(format!("{} leads nowhere: {backend}", id(route)));
            }
        }
    }
    breaches
}

fn has_port(service: &Value, key: &str, wanted: &Value) -> bool {
    list(service, "/spec/ports").iter().any(|port| port.get(key) == Some(wanted))
}

fn accounts(cluster: &Cluster) -> Vec<String> {
    ours(cluster)
        .filter(|pod| {
            let account = cluster.get("ServiceAccount", text(pod.spec, "/serviceAccountName"));
            let gives_none = json!(false);
            pod.spec.get("automountServiceAccountToken") != Some(&gives_none)
                || account.and_then(|account| account.get("automountServiceAccountToken"))
                    != Some(&gives_none)
        })
        .map(|pod| pod.owner)
        .collect()
}

/// The pods that the manifests describe themselves.
pub(super) fn ours(cluster: &Cluster) -> impl Iterator<Item = Pod<'_>> {
    cluster.pods().into_iter().filter(|pod| !text(pod.spec, "/serviceAccountName").is_empty())
}

fn volumes(cluster: &Cluster) -> Vec<String> {
    let mut breaches = Vec::new();
    for pod in ours(cluster) {
        let owner = pod.owner.split_once('/').and_then(|(kind, name)| cluster.get(kind, name));
        let claims = owner.map_or(&[][..], |owner| list(owner, "/spec/volumeClaimTemplates"));
        let mut there: Vec<&str> = claims.iter().map(name).collect();
        for volume in list(pod.spec, "/volumes") {
            there.push(text(volume, "/name"));
            let claim = text(volume, "/persistentVolumeClaim/claimName");
            if !claim.is_empty() && cluster.get("PersistentVolumeClaim", claim).is_none() {
                breaches.push(format!("{}: there is no claim {claim}", pod.owner));
            }
        }
        let mounts = pod.containers().iter().flat_map(|container| list(container, "/volumeMounts"));
        let mounted: Vec<&str> = mounts.map(|mount| text(mount, "/name")).collect();
        for missing in mounted.iter().filter(|name| !there.contains(name)) {
            breaches.push(format!("{}: there is no volume {missing}", pod.owner));
        }
        for idle in there.iter().filter(|name| !mounted.contains(name)) {
            breaches.push(format!("{}: nobody mounts {idle}", pod.owner));
        }
    }
    breaches
}

fn monitors(cluster: &Cluster) -> Vec<String> {
    let mut breaches = Vec::new();
    for monitor in cluster.of("ServiceMonitor") {
        let services: Vec<&Value> = cluster
            .of("Service")
            .filter(|service| {
                selects(at(monitor, "/spec/selector"), at(service, "/metadata/labels"))
            })
            .collect();
        if services.is_empty() {
            breaches.push(format!("{} finds no Service", id(monitor)));
        }
        for endpoint in list(monitor, "/spec/endpoints") {
            for service in &services {
                if !has_port(service, "name", at(endpoint, "/port")) {
                    breaches.push(format!("{}: {} has no such port", id(monitor), id(service)));
                }
            }
        }
    }
    breaches
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A Deployment with a Service, an account, a probe, a scaler, a route and a monitor.
    fn sound() -> Vec<Value> {
        let labels = json!({ "app": "a" });
        let selector = json!({ "matchLabels": labels });
        vec![
            json!({ "kind": "ServiceAccount", "metadata": { "name": "a" },
                "automountServiceAccountToken": false }),
            json!({ "kind": "Deployment", "metadata": { "name": "a" }, "spec": {
                "selector": selector,
                "template": { "metadata": { "labels": labels }, "spec": {
                    "serviceAccountName": "a", "automountServiceAccountToken": false,
                    "containers": [{
                        "ports": [{ "name": "http", "containerPort": 80 }],
                        "readinessProbe": { "httpGet": { "path": "/", "port": "http" } },
                        "volumeMounts": [{ "name": "tmp" }],
                    }],
                    "volumes": [{ "name": "tmp", "emptyDir": {} }],
                }},
            }}),
            json!({ "kind": "Service", "metadata": { "name": "a", "labels": labels }, "spec": {
                "selector": labels, "ports": [{ "name": "http", "port": 80, "targetPort": "http" }],
            }}),
            json!({ "kind": "HorizontalPodAutoscaler", "metadata": { "name": "a" }, "spec": {
                "scaleTargetRef": { "kind": "Deployment", "name": "a" } } }),
            json!({ "kind": "Gateway", "metadata": { "name": "g" },
                "spec": { "listeners": [{ "name": "http" }] } }),
            json!({ "kind": "HTTPRoute", "metadata": { "name": "r" }, "spec": {
                "parentRefs": [{ "name": "g", "sectionName": "http" }],
                "rules": [{ "backendRefs": [{ "name": "a", "port": 80 }] }],
            }}),
            json!({ "kind": "ServiceMonitor", "metadata": { "name": "m" }, "spec": {
                "selector": selector, "endpoints": [{ "port": "http" }] } }),
        ]
    }

    /// How many rules complain when the object of this kind has `value` at `pointer`.
    fn complaints(kind: &str, pointer: &str, value: Value) -> usize {
        let mut objects = sound();
        let object = objects.iter_mut().find(|object| object["kind"] == kind).unwrap();
        *object.pointer_mut(pointer).unwrap() = value;
        let cluster = Cluster::new(objects);
        RULES.iter().filter(|(_, rule)| !rule(&cluster).is_empty()).count()
    }

    #[test]
    fn sound_manifests_break_no_rule() {
        let cluster = Cluster::new(sound());
        for (sentence, rule) in RULES {
            assert!(rule(&cluster).is_empty(), "{sentence}: {:?}", rule(&cluster));
        }
    }

    #[test]
    fn each_rule_finds_its_breach() {
        for (kind, pointer, value) in [
            ("Deployment", "/spec/selector/matchLabels/app", json!("b")),
            ("Service", "/spec/selector/app", json!("b")),
            ("Service", "/spec/ports/0/targetPort", json!("admin")),
            ("Service", "/spec/ports/0/name", json!("web")),
            (
                "Deployment",
                "/spec/template/spec/containers/0/readinessProbe/httpGet/port",
                json!("admin"),
            ),
            ("HorizontalPodAutoscaler", "/spec/scaleTargetRef/name", json!("b")),
            ("HTTPRoute", "/spec/rules/0/backendRefs/0/port", json!(81)),
            ("HTTPRoute", "/spec/parentRefs/0/sectionName", json!("https")),
            ("ServiceAccount", "/automountServiceAccountToken", json!(true)),
            ("Deployment", "/spec/template/spec/serviceAccountName", json!("b")),
            ("Deployment", "/spec/template/spec/volumes/0/name", json!("data")),
            ("ServiceMonitor", "/spec/endpoints/0/port", json!("admin")),
        ] {
            assert!(complaints(kind, pointer, value) > 0, "{kind} {pointer}");
        }
    }
}
