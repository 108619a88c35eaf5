/* An entry of the journal as a curl command, as a pytest test, as a scenario. Pure. */

const KEY = "$XPANDER_API_KEY";
// Headers that a client sends by itself.
const CLIENT_HEADERS = new Set(
  "host user-agent accept-encoding connection content-length accept-language origin referer".split(" "),
);
const REDACTED = "[redacted]";
const TIMED = new Set(["start", "after", "polls"]);
// The signals that are methods of a task in the test kit.
const METHODS = new Set(["approve", "reject", "authorize", "deny", "expire", "stop"]);
const END = "the-end";
const TERMINAL = new Set(["completed", "failed", "error", "stopped"]);

/** @param {string} text */
const shellQuoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;

/** @param {unknown} body */
const bodyText = (body) => (typeof body === "string" ? body : JSON.stringify(body));

/**
 * @param {string} name
 * @param {string} value
 */
const isClientHeader = (name, value) =>
  CLIENT_HEADERS.has(name) || name.startsWith("sec-") || (name === "accept" && value === "*/*");

/**
 * Return the path of a request with its query.
 * @param {JournalEntry} entry
 */
export function target(entry) {
  const pairs = Object.entries(entry.query).flatMap(([name, value]) => [value].flat().map((each) => [name, each]));
  return pairs.length ? `${entry.path}?${new URLSearchParams(pairs)}` : entry.path;
}

/**
 * Return a command that sends the same request. The API key is the variable that the SDK reads.
 * @param {JournalEntry} entry
 * @param {string} origin
 */
export function asCurl(entry, origin) {
  const parts = [entry.method === "GET" ? "curl" : `curl -X ${entry.method}`, shellQuoted(origin + target(entry))];
  for (const [name, value] of Object.entries(entry.request.headers)) {
    if (isClientHeader(name, value)) continue;
    parts.push(`-H ${value === REDACTED ? `"${name}: ${KEY}"` : shellQuoted(`${name}: ${value}`)}`);
  }
  if (entry.request.body !== null) parts.push(`--data-raw ${shellQuoted(bodyText(entry.request.body))}`);
  return `${parts[0]} ${parts.slice(1).join(" \\\n  ")}`;
}

/**
 * Return a value as Python writes it.
 * @param {any} value
 * @returns {string}
 */
export function python(value) {
  if (value === null || value === undefined) return "None";
  if (value === true || value === false) return value ? "True" : "False";
  if (Array.isArray(value)) return `[${value.map(python).join(", ")}]`;
  if (typeof value !== "object") return JSON.stringify(value);
  const items = Object.entries(value).map(([name, each]) => `${python(name)}: ${python(each)}`);
  return `{${items.join(", ")}}`;
}

/**
 * Return a name as an identifier: `invokeWorkflowAsync` is `invoke_workflow_async`.
 * @param {string} name
 */
function identifier(name) {
  const words = name.replaceAll(/([a-z0-9])([A-Z])/g, "$1_$2").replaceAll(/\W+/g, "_");
  return words.replaceAll(/^_+|_+$/g, "").toLowerCase();
}

/**
 * Return a pytest test that sends the same request and expects the same response.
 * @param {JournalEntry} entry
 * @param {TaskDetails | null} task  the task that the request is about
 */
export function asPytest(entry, task) {
  const id = encodeURIComponent(entry.task_id ?? "");
  const isAboutTask = task !== null && id !== "" && entry.path.includes(id);
  const useLines = entry.scenario ? [`emulator.use(${python(entry.scenario)})`] : [];
  const setup = isAboutTask ? taskSetup(entry, task) : useLines;
  const address = target(entry);
  const path = isAboutTask
    ? `f${JSON.stringify(address.replaceAll(/[{}]/g, "$&$&").replace(id, "{task.id}"))}`
    : python(address);
  const call = `answer = http.request(${python(entry.method)}, ${path}${bodyArgument(entry.request.body)})`;
  const lines = (/** @type {string} */ indent, /** @type {string[]} */ texts) =>
    texts.map((text) => indent + text).join("\n");
  return `import httpx
import pytest


@pytest.mark.emulator(clock="manual")
def test_${identifier(entry.operation ?? entry.path)}(emulator):
    with httpx.Client(base_url=emulator.base_url, headers={"x-api-key": emulator.api_key}) as http:
${lines("        ", [...setup, call])}

${lines("    ", checks(entry))}
`;
}

/** @param {unknown} body */
function bodyArgument(body) {
  if (body === null) return "";
  return typeof body === "string" ? `, content=${python(body)}` : `, json=${python(body)}`;
}

/** @param {JournalEntry} entry */
function checks(entry) {
  const body = /** @type {Record<string, unknown> | null} */ (entry.answer.body);
  const checked = ["status", "detail"].filter((name) => body?.[name] && typeof body[name] === "string");
  return [
    `assert answer.status_code == ${entry.status}`,
    ...checked.map((name) => `assert answer.json()[${python(name)}] == ${python(body?.[name])}`),
  ];
}

/**
 * Return the lines that start a task and take it to the step of the response.
 * @param {JournalEntry} entry
 * @param {TaskDetails} task
 */
function taskSetup(entry, task) {
  const body = python({ input: { text: task.snapshot.input?.text ?? "" } });
  const start = `http.post("/v1/workflows/${encodeURIComponent(task.runs)}/invoke/async", json=${body})`;
  const last = task.history.findLastIndex((visit) => visit.step === entry.step);
  const moves = task.history.slice(0, last + 1).map((visit, index) => {
    if (index === 0 || TIMED.has(visit.cause)) return "";
    return advanceCall(task.history[index - 1], index - 1) + signalCall(visit);
  });
  const end = task.history[last];
  if (end && TIMED.has(end.cause)) moves.push(advanceCall(end, last));
  const chain = moves.join("");
  const lines = [`emulator.use(${python(task.scenario)})`, `task = emulator.task(${start}.json()["id"])`];
  return chain ? [...lines, `task${chain}`] : lines;
}

/**
 * @param {Visit} visit
 * @param {number} index
 */
const advanceCall = (visit, index) => (index > 0 ? `.advance(until=${python(visit.step)})` : "");

/** @param {Visit} visit */
function signalCall(visit) {
  if (visit.cause === "expire") return ".expire()";
  const details = Object.entries({ by: visit.by, reason: visit.reason }).filter(([, value]) => value !== null);
  const keywords = details.map(([name, value]) => `${name}=${python(value)}`);
  if (METHODS.has(visit.cause)) return `.${visit.cause}(${keywords.join(", ")})`;
  return `.signal(${[python(visit.cause), ...keywords].join(", ")})`;
}

/**
 * Return a text as YAML writes it, with the marks of templates as text.
 * @param {string} text
 */
const literal = (text) => JSON.stringify(text.replaceAll(/\{[{%#]/g, (mark) => `{{ '${mark}' }}`));

/** @typedef {Visit & {id: string}} StepVisit  with the id of its step in the new scenario */

/**
 * Return a scenario in YAML that takes the same steps as a task, for starts of the same workflow.
 * @param {TaskDetails} task
 */
export function asScenario(task) {
  const counts = /** @type {Map<string, number>} */ (new Map());
  const visits = task.history.map((visit) => {
    const count = (counts.get(visit.step) ?? 0) + 1;
    counts.set(visit.step, count);
    return { ...visit, id: count === 1 ? visit.step : `${visit.step}-${count}` };
  });
  const lines = visits.flatMap((visit, index) => stepLines(visit, visits[index + 1], task));
  if (!TERMINAL.has(task.history[task.history.length - 1].status) || lines.some((line) => line.includes(END))) {
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

/**
 * @param {StepVisit} visit
 * @param {StepVisit | undefined} next
 * @param {TaskDetails} task
 */
function stepLines(visit, next, task) {
  const lines = [`  - id: ${JSON.stringify(visit.id)}`, `    status: ${visit.status}`];
  if (TERMINAL.has(visit.status)) {
    return task.snapshot.result ? [...lines, `    result: ${literal(task.snapshot.result)}`] : lines;
  }
  const causes = next ? [next.cause] : task.waits_for;
  const signals = causes.filter((name) => !TIMED.has(name) && name !== "expire" && name !== "stop");
  const exits = new Map(signals.map((name) => [name, next?.id ?? END]));
  if (visit.status === "paused") lines.push(...pauseLines(exits, visit));
  if (next?.cause === "polls") lines.push("    polls: 1");
  else if (exits.size)
    lines.push(`    on: {${[...exits].map(([name, to]) => `${name}: ${JSON.stringify(to)}`).join(", ")}}`);
  else lines.push(`    after: ${next ? Math.max(0, Date.parse(next.at) - Date.parse(visit.at)) : 1000}ms`);
  return lines;
}

/**
 * Return the lines for what a pause asks; add the exit for consent, which every scenario must have.
 * @param {Map<string, string>} exits
 * @param {Visit} visit
 */
function pauseLines(exits, visit) {
  if (exits.has("approve") || exits.has("reject")) {
    if (!exits.has("approve")) exits.set("approve", END);
    return [`    hitl: {wait_node_id: ${JSON.stringify(visit.step)}}`];
  }
  if (exits.has("authorize") || exits.has("deny")) {
    if (!exits.has("authorize")) exits.set("authorize", END);
    return ["    eca: {connector_name: A connector}"];
  }
  return [];
}
