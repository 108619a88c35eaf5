/* The words of the pages for states, signals, causes, instants and durations. Pure. */

export const ENDED = new Set(["completed", "failed", "error", "stopped"]);
const CONSENTS = ["approve", "authorize"];
const REFUSALS = ["reject", "deny"];

/** @type {Record<string, string>} */
const SIGNALS = {
  approve: "Approve",
  reject: "Reject",
  authorize: "Authorize",
  deny: "Deny",
  expire: "Let it expire",
  stop: "Stop",
};

/** @type {Record<string, string>} */
const CAUSES = {
  start: "Started",
  after: "Time passed",
  polls: "Read often enough",
  approve: "Approved",
  reject: "Rejected",
  authorize: "Authorized",
  deny: "Denied",
  expire: "Expired",
  stop: "Stopped",
  update: "Updated from outside",
};

/** @type {[string, number][]} */
const UNITS = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["min", 60_000],
  ["s", 1000],
];

/**
 * Return a name such as `webhook_received` as words.
 * @param {string} name
 */
export function humanize(name) {
  const text = name.replaceAll(/[_-]+/g, " ");
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** @param {string} name */
export const signalWord = (name) => SIGNALS[name] ?? humanize(name);

/** @param {string} cause */
export const causeWord = (cause) => CAUSES[cause] ?? humanize(cause);

/**
 * Return the signals that a task waits for, without `stop`, which every live task accepts.
 * @param {Task} task
 */
const decisions = (task) => task.waits_for.filter((name) => name !== "stop");

/**
 * Return the decisions that a task waits for; `own` are the signals that its scenario defines.
 * @param {Task} task
 */
export function groupDecisions(task) {
  const names = decisions(task);
  return {
    consents: names.filter((name) => CONSENTS.includes(name)),
    refusals: names.filter((name) => REFUSALS.includes(name)),
    own: names.filter((name) => ![...CONSENTS, ...REFUSALS, "expire"].includes(name)),
    expires: names.includes("expire"),
  };
}

/**
 * Return whether a task waits for a decision.
 * @param {Task} task
 */
export const waits = (task) => decisions(task).length > 0;

/**
 * Return who a task waits for: `person`, `credential` or `signal`.
 * @param {Task} task
 */
export function waitsFor(task) {
  if (task.pause?.connector_name) return "credential";
  return task.pause?.wait_node_id ? "person" : "signal";
}

export const WAITING = {
  person: "Waiting for a person",
  credential: "Waiting for a credential",
  signal: "Waiting for a signal",
};

/**
 * Return the title of a task in a list.
 * @param {Task} task
 * @returns {string}
 */
export function titleOf(task) {
  return task.pause?.title || task.pause?.connector_name || humanize(task.scenario);
}

/**
 * Return a duration with at most two units: `1 h 5 min`, `1.1 s`, `300 ms`.
 * @param {number} ms
 */
export function duration(ms) {
  const whole = Math.max(0, Math.round(ms));
  if (whole < 1000) return `${whole} ms`;
  if (whole < 60_000) return `${+(whole / 1000).toFixed(whole < 10_000 ? 1 : 0)} s`;
  const first = UNITS.findIndex(([, size]) => whole >= size);
  const [unit, size] = UNITS[first];
  const [smaller, part] = UNITS[first + 1];
  const rest = Math.floor((whole % size) / part);
  return `${Math.floor(whole / size)} ${unit}${rest ? ` ${rest} ${smaller}` : ""}`;
}

/**
 * Return how long after another instant an instant is: `+1.1 s`.
 * @param {string} at
 * @param {string} base
 */
export const offset = (at, base) => `+${duration(Date.parse(at) - Date.parse(base))}`;

/**
 * Return an instant as `2026-01-01` and `00:00:05`, both UTC.
 * @param {number} ms
 */
export function instant(ms) {
  const text = new Date(ms).toISOString();
  return { day: text.slice(0, 10), time: text.slice(11, 19) };
}
