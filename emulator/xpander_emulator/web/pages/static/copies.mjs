/* An entry of the journal as a curl, as a test, as a scenario. Pure: texts from what the control API tells. */

const KEY = "$XPANDER_API_KEY";
// What a client sends by itself, and what says nothing.
const OWN = new Set(["host", "user-agent", "accept-encoding", "connection", "content-length", "accept-language", "origin", "referer"]);
const REDACTED = "[redacted]";
const TIMED = new Set(["start", "after", "polls"]);
const METHODS = new Set(["approve", "reject", "authorize", "deny", "expire", "stop"]);
const END = "the-end";
const TERMINAL = new Set(["completed", "failed", "error", "stopped"]);

const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;
const bodyText = (body) => (typeof body === "string" ? body : JSON.stringify(body));
const isOwn = (name, value) => OWN.has(name) || name.startsWith("sec-") || (name === "accept" && value === "*/*");

/** Return the path with its query, as it is sent. */
export function target(entry) {
  const pairs = Object.entries(entry.query).flatMap(([name, value]) => [value].flat().map((each) => [name, each]));
  return pairs.length ? `${entry.path}?${new URLSearchParams(pairs)}` : entry.path;
}

/** Return a command that asks the same; the key is the variable that the SDK reads. */
export function asCurl(entry, origin) {
  const parts = [entry.method === "GET" ? "curl" : `curl -X ${entry.method}`, quoted(origin + target(entry))];
  for (const [name, value] of Object.entries(entry.request.headers)) {
    if (isOwn(name, value)) continue;
    parts.push(`-H ${value === REDACTED ? `"${name}: ${KEY}"` : quoted(`${name}: ${value}`)}`);
  }
  if (entry.request.body !== null) parts.push(`--data-raw ${quoted(bodyText(entry.request.body))}`);
  return `${parts[0]} ${parts.slice(1).join(" \\\n  ")}`;
}

/** Return a value as Python writes it. */
export function python(value) {
  if (value === null || value === undefined) return "None";
  if (value === true || value === false) return value ? "True" : "False";
  if (Array.isArray(value)) return `[${value.map(python).join(", ")}]`;
  if (typeof value === "object") {
    return `{${Object.entries(value).map(([name, each]) => `${python(name)}: ${python(each)}`).join(", ")}}`;
  }
  return JSON.stringify(value);
}

const identifier = (text) => text.replaceAll(/([a-z0-9])([A-Z])/g, "$1_$2").replaceAll(/\W+/g, "_").replaceAll(/^_+|_+$/g, "").toLowerCase();

/**
 * Return a pytest test that asks the same and expects the same.
 * task: what the control API tells of the task that the request is about; null for none.
 */
export function asPytest(entry, task) {
  const isAbout = task !== null && entry.task_id !== null && entry.path.includes(encodeURIComponent(entry.task_id));
  const lines = isAbout ? prepared(entry, task) : entry.scenario ? [`emulator.use(${python(entry.scenario)})`] : [];
  const path = isAbout
    ? `f${JSON.stringify(target(entry).replaceAll(/[{}]/g, "$&$&").replace(encodeURIComponent(entry.task_id), "{task.id}"))}`
    : python(target(entry));
  const { body } = entry.request;
  const sent = body === null ? "" : typeof body === "string" ? `, content=${python(body)}` : `, json=${python(body)}`;
  const expected = entry.answer.body;
  const checks = [`assert answer.status_code == ${entry.status}`];
  if (expected?.status && typeof expected.status === "string") checks.push(`assert answer.json()["status"] == ${python(expected.status)}`);
  if (typeof expected?.detail === "string") checks.push(`assert answer.json()["detail"] == ${python(expected.detail)}`);
  return `import httpx
import pytest


@pytest.mark.emulator(clock="manual")
def test_${identifier(entry.operation ?? entry.path)}(emulator):
    with httpx.Client(base_url=emulator.base_url, headers={"x-api-key": emulator.api_key}) as http:
${[...lines, `answer = http.request(${python(entry.method)}, ${path}${sent})`].map((line) => `        ${line}`).join("\n")}

${checks.map((line) => `    ${line}`).join("\n")}
`;
}

/** Return the lines that start a task and take it to the step that the answer shows. */
function prepared(entry, task) {
  const text = task.snapshot.input?.text ?? "";
  const start = `http.post("/v1/workflows/${encodeURIComponent(task.runs)}/invoke/async", json=${python({ input: { text } })})`;
  const last = task.history.findLastIndex((visit) => visit.step === entry.step);
  const moves = [];
  task.history.slice(0, last + 1).forEach((visit, index) => {
    if (index === 0 || TIMED.has(visit.cause)) return;
    moves.push(advance(task.history[index - 1], index - 1), call(visit));
  });
  const end = task.history[last];
  if (end && last > 0 && TIMED.has(end.cause)) moves.push(advance(end, last));
  const chain = moves.join("");
  return [`emulator.use(${python(task.scenario)})`, `task = emulator.task(${start}.json()["id"])`, ...(chain ? [`task${chain}`] : [])];
}

const advance = (visit, index) => (index > 0 ? `.advance(until=${python(visit.step)})` : "");

function call(visit) {
  const said = [["by", visit.by], ["reason", visit.reason]].filter(([, value]) => value !== null);
  const told = said.map(([name, value]) => `${name}=${python(value)}`);
  if (visit.cause === "expire") return ".expire()";
  if (METHODS.has(visit.cause)) return `.${visit.cause}(${told.join(", ")})`;
  return `.signal(${[python(visit.cause), ...told].join(", ")})`;
}

/** Return a text as a scenario has it: what looks like a template is none. */
const literal = (text) => JSON.stringify(text.replaceAll(/\{[{%#]/g, (mark) => `{{ '${mark}' }}`));

/** Return a scenario in YAML that goes as this task has gone so far, for starts of the same workflow. */
export function asScenario(task) {
  const ids = new Map();
  const steps = task.history.map((visit) => {
    const count = (ids.get(visit.step) ?? 0) + 1;
    ids.set(visit.step, count);
    return { ...visit, id: count === 1 ? visit.step : `${visit.step}-${count}` };
  });
  const lines = steps.flatMap((visit, index) => step(visit, steps[index + 1], task));
  if (!TERMINAL.has(steps.at(-1).status) || lines.some((line) => line.includes(END))) {
    lines.push(`  - {id: ${END}, status: completed, result: Done}`);
  }
  return `scenario: ${identifier(`${task.scenario}_copy`)}
description: ${literal(`As task ${task.id} went.`)}
match:
  workflow_id: [${JSON.stringify(task.runs)}]
steps:
${lines.join("\n")}
`;
}

function step(visit, next, task) {
  const lines = [`  - id: ${JSON.stringify(visit.id)}`, `    status: ${visit.status}`];
  const decisions = next ? (TIMED.has(next.cause) ? [] : [next.cause]) : task.waits_for.filter((name) => name !== "stop");
  if (TERMINAL.has(visit.status)) {
    if (task.snapshot.result) lines.push(`    result: ${literal(task.snapshot.result)}`);
    return lines;
  }
  const goto = next?.id ?? END;
  const signals = decisions.filter((name) => name !== "expire" && name !== "stop");
  const ways = new Map(signals.map((name) => [name, goto]));
  if (visit.status === "paused") lines.push(...asked(ways, visit));
  if (next?.cause === "polls") lines.push("    polls: 1");
  else if (ways.size) lines.push(`    on: {${[...ways].map(([name, to]) => `${name}: ${JSON.stringify(to)}`).join(", ")}}`);
  else lines.push(`    after: ${next ? Math.max(0, Date.parse(next.at) - Date.parse(visit.at)) : 1000}ms`);
  return lines;
}

/** Return what is asked at a pause; who is asked may say yes as well. */
function asked(ways, visit) {
  const [hitl, eca] = [["approve", "reject"], ["authorize", "deny"]].map((names) => names.some((name) => ways.has(name)));
  if (hitl && !ways.has("approve")) ways.set("approve", END);
  if (hitl) return [`    hitl: {wait_node_id: ${JSON.stringify(visit.step)}}`];
  if (eca && !ways.has("authorize")) ways.set("authorize", END);
  return eca ? ["    eca: {connector_name: A connector}"] : [];
}
