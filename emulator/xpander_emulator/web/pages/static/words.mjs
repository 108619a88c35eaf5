/* How the pages put things into words: states, signals, causes, instants and lengths of time. Pure. */

export const STATUSES = ["pending", "executing", "paused", "completed", "failed", "error", "stopped"];
export const ENDED = new Set(["completed", "failed", "error", "stopped"]);

const SIGNALS = {
  approve: "Approve",
  reject: "Reject",
  authorize: "Authorize",
  deny: "Deny",
  expire: "Let it expire",
  stop: "Stop",
};

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

const UNITS = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["min", 60_000],
  ["s", 1000],
];

/** Return a name such as `webhook_received` as words. */
export function humanize(name) {
  const text = name.replaceAll(/[_-]+/g, " ");
  return text.charAt(0).toUpperCase() + text.slice(1);
}

export const signalWord = (name) => SIGNALS[name] ?? humanize(name);
export const causeWord = (cause) => CAUSES[cause] ?? humanize(cause);

/** Return the signals that a task waits for, without `stop`, which every live task takes. */
export const decisions = (task) => task.waits_for.filter((name) => name !== "stop");

/** Tell whether a task waits for somebody. */
export const waits = (task) => decisions(task).length > 0;

/** Return whom a task waits for: `person`, `credential` or `signal`. */
export function waitsFor(task) {
  if (task.pause?.connector_name) return "credential";
  return task.pause?.wait_node_id ? "person" : "signal";
}

export const WAITING = {
  person: "Waiting for a person",
  credential: "Waiting for a credential",
  signal: "Waiting for a signal",
};

/** Return what a task is called in a list. */
export function titleOf(task) {
  return task.pause?.title || task.pause?.connector_name || humanize(task.scenario);
}

/** Return a length of time with at most two units: `1 h 5 min`, `1.1 s`, `300 ms`. */
export function length(ms) {
  const whole = Math.max(0, Math.round(ms));
  if (whole < 1000) return `${whole} ms`;
  if (whole < 60_000) return `${+(whole / 1000).toFixed(whole < 10_000 ? 1 : 0)} s`;
  const first = UNITS.findIndex(([, size]) => whole >= size);
  const [unit, size] = UNITS[first];
  const [smaller, part] = UNITS[first + 1];
  const rest = Math.round((whole % size) / part);
  return `${Math.floor(whole / size)} ${unit}${rest ? ` ${rest} ${smaller}` : ""}`;
}

/** Return how long after `base` an instant was: `+1.1 s`. */
export const offset = (at, base) => `+${length(Date.parse(at) - Date.parse(base))}`;

/** Return an instant, given in ms, as `2026-01-01` and `00:00:05`, both UTC. */
export function instant(ms) {
  const text = new Date(ms).toISOString();
  return { day: text.slice(0, 10), time: text.slice(11, 19) };
}
