/* What the presenter mode knows and does: a playlist, one scenario of it, its task, in a namespace of its own. */

import { computed, signal } from "./vendor/signals.mjs";
import { ask, follow, wait } from "./control.mjs";
import { decisions } from "./words.mjs";

const NAMESPACE = "presenter";
const SPEEDS = [0.1, 0.25, 0.5, 1, 2, 5, 10, 60, 600];
const GOOD = ["approve", "authorize"];
const BAD = ["reject", "deny"];

export const playlist = signal(null);
export const index = signal(Math.max(0, (Number(location.hash.slice(1)) || 1) - 1));
export const graph = signal(null);
export const task = signal(null);
export const before = signal(undefined);
export const speed = signal(1);
export const connected = signal(true);
export const problem = signal("");
export const item = computed(() => playlist.value?.stories[index.value] ?? null);

/** The answers to what the task waits for, each with its key. */
export const answers = computed(() => {
  const names = task.value ? decisions(task.value) : [];
  const own = names.filter((name) => ![...GOOD, ...BAD, "expire"].includes(name));
  return [
    ...names.filter((name) => GOOD.includes(name)).map((name) => ({ name, key: "a", kind: "first" })),
    ...names.filter((name) => BAD.includes(name)).map((name) => ({ name, key: "r", kind: "danger" })),
    ...own.map((name, at) => ({ name, key: String(at + 1), kind: "" })),
    ...names.filter((name) => name === "expire").map((name) => ({ name, key: "x", kind: "plain" })),
  ];
});

const tell = (method, path, body = null, query = {}) => ask(method, path, { namespace: NAMESPACE, body, query });

/** Do something, and tell what was refused. */
async function attempt(work) {
  try {
    await work();
    problem.value = "";
    connected.value = true;
  } catch (error) {
    if (error.status) problem.value = error.message;
    else connected.value = false;
  }
}

let timer = null;
let known = null;

/** Return a task; null where it is no more, as after a restart of the server. */
const found = (path) =>
  tell("GET", path).catch((error) => {
    if (error.status === 404) return null;
    throw error;
  });

/** Read the task again, and once more when it changes by itself. */
export const read = () =>
  attempt(async () => {
    clearTimeout(timer);
    if (known === null) return;
    const id = known;
    const path = `/tasks/${encodeURIComponent(id)}`;
    const [seen, clock] = await Promise.all([found(path), tell("GET", "/clock")]);
    if (seen === null) return forget();
    const last = seen.history.length > 1 ? await tell("GET", `${path}/history/${seen.history.length - 1}`) : undefined;
    if (id !== known) return;
    before.value = last?.snapshot;
    task.value = seen;
    const due = wait(seen.next_change, clock);
    if (due !== null) timer = setTimeout(read, due + 2);
  });

function forget() {
  known = null;
  task.value = null;
  before.value = undefined;
  clearTimeout(timer);
}

/** Turn to a scenario of the playlist, at its beginning. */
export const turnTo = (to) =>
  attempt(async () => {
    if (!playlist.value?.stories[to]) return;
    forget();
    index.value = to;
    location.replace(`#${to + 1}`);
    speed.value = item.value.speed;
    graph.value = (await ask("GET", `/scenarios/${encodeURIComponent(item.value.scenario)}`)).graph;
  });

/** Start the scenario, from its beginning if it was started before. */
export const start = () =>
  attempt(async () => {
    forget();
    await pace();
    const { scenario, request } = item.value;
    const begun = await tell("POST", "/tasks", { scenario, request });
    known = begun.id;
    await read();
  });

const pace = () => tell("PUT", "/clock", { mode: "scaled", scale: speed.value });

/** Go faster by so many steps, or slower. */
export const hurry = (steps) =>
  attempt(async () => {
    const nearest = SPEEDS.findLastIndex((each) => each <= speed.value);
    speed.value = SPEEDS[Math.min(SPEEDS.length - 1, Math.max(0, nearest + steps))];
    await pace();
    await read();
  });

export const decide = (name) =>
  attempt(async () => {
    await tell("POST", `/tasks/${encodeURIComponent(known)}/signals`, { signal: name, by: "presenter" });
    await read();
  });

/** Take the task to its next change. */
export const skip = () =>
  attempt(async () => {
    if (task.value?.next_change == null) return;
    await tell("POST", `/tasks/${encodeURIComponent(known)}/skip`, {});
    await read();
  });

/** Bring everything back to the start. */
export const rewind = () =>
  attempt(async () => {
    forget();
    await tell("POST", "/reset", {});
    await turnTo(0);
  });

/** Read the playlist and begin to follow; a task that follows this scenario is taken up again. */
export const begin = () =>
  attempt(async () => {
    playlist.value = await ask("GET", "/playlist");
    await turnTo(Math.min(index.value, playlist.value.stories.length - 1));
    const newest = (await tell("GET", "/tasks", null, { per_page: 1 })).items[0];
    if (newest?.scenario === item.value.scenario) known = newest.id;
    await read();
    follow(
      NAMESPACE,
      (event) => (event.type === "stale" || event.data.task_id === known) && read(),
      (is) => (connected.value = is),
    );
  });
