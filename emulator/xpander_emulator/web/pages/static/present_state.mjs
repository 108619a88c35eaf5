/* The state of the presenter mode: a playlist, the scenario that is shown, and the task that follows it. */

import { msUntil, Problem } from "./control.mjs";
import { live } from "./live.mjs";
import { computed, signal } from "./vendor/signals.mjs";
import { groupDecisions } from "./words.mjs";

const SPEEDS = [0.1, 0.25, 0.5, 1, 2, 5, 10, 60, 600];

export const playlist = signal(/** @type {Playlist | null} */ (null));
export const index = signal(Math.max(0, (Number(location.hash.slice(1)) || 1) - 1));
export const item = computed(() => playlist.value?.stories[index.value] ?? null);
export const graph = signal(/** @type {Graph | null} */ (null));
export const task = signal(/** @type {TaskDetails | null} */ (null));
/** The snapshot of the task at the step before. */
export const before = signal(/** @type {Moment["snapshot"] | undefined} */ (undefined));
export const speed = signal(1);

/** @type {string | null} */
let taskId = null;

export const page = live({
  namespace: "presenter",
  load,
  concerns: (event) => event.type === "stale" || event.data.task_id === taskId,
});

/** The decisions that the task waits for, each with its key and the class of its button. */
export const answers = computed(() => {
  if (!task.value) return [];
  const { consents, refusals, own, expires } = groupDecisions(task.value);
  return [
    ...consents.map((name) => ({ name, key: "a", kind: "first" })),
    ...refusals.map((name) => ({ name, key: "r", kind: "danger" })),
    ...own.map((name, at) => ({ name, key: String(at + 1), kind: "" })),
    ...(expires ? [{ name: "expire", key: "x", kind: "plain" }] : []),
  ];
});

/** @returns {Promise<number>} */
async function load() {
  if (!playlist.value) await loadPlaylist();
  const shown = item.value;
  if (shown && !graph.value) {
    const scenario = await page.call("GET", `/scenarios/${encodeURIComponent(shown.scenario)}`);
    if (shown === item.value) graph.value = scenario.graph;
  }
  return taskId === null ? Infinity : loadTask(taskId);
}

/** Read the playlist; show the newest task again if it follows the scenario that is shown. */
async function loadPlaylist() {
  const [list, tasks] = await Promise.all([page.call("GET", "/playlist"), page.call("GET", "/tasks?per_page=1")]);
  playlist.value = list;
  show(Math.min(index.value, list.stories.length - 1));
  if (tasks.items[0]?.scenario === item.value?.scenario) taskId = tasks.items[0].id;
}

/** @param {string} id */
async function loadTask(id) {
  const path = `/tasks/${encodeURIComponent(id)}`;
  const [details, clock] = await Promise.all([
    page.call("GET", path).catch(nullIfNotFound),
    page.call("GET", "/clock"),
  ]);
  const last = details?.history.length - 1;
  const moment = last > 0 ? await page.call("GET", `${path}/history/${last}`) : undefined;
  if (id !== taskId) return Infinity;
  if (!details) dropTask();
  else {
    before.value = moment?.snapshot;
    task.value = details;
  }
  return msUntil(details?.next_change ?? null, clock);
}

/**
 * A task is no longer there after a restart of the server.
 * @param {unknown} error
 */
function nullIfNotFound(error) {
  if (error instanceof Problem && error.status === 404) return null;
  throw error;
}

function dropTask() {
  taskId = null;
  task.value = null;
  before.value = undefined;
}

/** @param {number} to */
function show(to) {
  dropTask();
  index.value = to;
  location.replace(`#${to + 1}`);
  speed.value = item.value?.speed ?? 1;
  graph.value = null;
}

/**
 * Turn to a scenario of the playlist, before its start.
 * @param {number} to
 */
export function turnTo(to) {
  if (!playlist.value?.stories[to]) return;
  show(to);
  page.read();
}

/** Start the scenario, or start it again. */
export async function start() {
  const shown = item.value;
  if (!shown) return;
  dropTask();
  await setSpeed();
  const started = await page.act("POST", "/tasks", { scenario: shown.scenario, request: shown.request });
  if (shown !== item.value) return;
  taskId = started?.id ?? null;
  page.read();
}

const setSpeed = () => page.act("PUT", "/clock", { mode: "scaled", scale: speed.value });

/**
 * Change the speed by a number of steps.
 * @param {number} steps
 */
export function hurry(steps) {
  const nearest = SPEEDS.findLastIndex((each) => each <= speed.value);
  speed.value = SPEEDS[Math.min(SPEEDS.length - 1, Math.max(0, nearest + steps))];
  setSpeed();
}

/**
 * Give the task a signal.
 * @param {string} signal
 */
export function decide(signal) {
  if (task.value) page.act("POST", `/tasks/${encodeURIComponent(task.value.id)}/signals`, { signal, by: "presenter" });
}

/** Skip the task to its next change. */
export function skip() {
  if (task.value?.next_change) page.act("POST", `/tasks/${encodeURIComponent(task.value.id)}/skip`);
}

/** Delete the tasks and return to the first scenario. */
export async function rewind() {
  dropTask();
  await page.act("POST", "/reset");
  turnTo(0);
}
