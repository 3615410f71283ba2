"use strict";
// Shows how the portal is, from the report that anybody may read.

const INTERVAL_MS = 10_000;
const NAMES = { database: "Database", redis: "Hurtiglager", rabbitmq: "Meldingskø" };

async function readHealth() {
  const response = await fetch("/api/health", { headers: { accept: "application/json" } });
  const report = await response.json();
  if (!report.checks) throw new Error(`answered ${response.status} without a report`);
  return report;
}

function describe(name, check) {
  const item = document.createElement("li");
  const isUp = check.status === "ok";
  item.classList.toggle("up", isUp);
  const title = document.createElement("strong");
  title.textContent = NAMES[name] ?? name;
  const state = document.createElement("span");
  state.className = "state";
  state.textContent = isUp ? `Svarer på ${check.responseTimeMs} ms` : check.message ?? "Svarer ikke";
  item.append(title, state);
  return item;
}

function show(report) {
  const list = document.getElementById("checks");
  const checks = Object.entries(report.checks);
  list.replaceChildren(...checks.map(([name, check]) => describe(name, check)));
  list.hidden = false;
  const down = checks.filter(([, check]) => check.status !== "ok").length;
  tell(down === 0 ? "Alt svarer som det skal." : `${down} av ${checks.length} deler svarer ikke.`);
  // Demo users exist only where the portal says that it is not in production.
  document.getElementById("demo").hidden = report.environment === "production";
}

function tell(text) {
  const summary = document.getElementById("summary");
  // A screen reader reads it aloud when it changes, and only then.
  if (summary.textContent !== text) summary.textContent = text;
}

async function refresh() {
  try {
    show(await readHealth());
  } catch {
    document.getElementById("checks").hidden = true;
    tell("Tjenestene svarer ikke.");
  }
  setTimeout(refresh, INTERVAL_MS);
}

refresh();
