/* What the dashboard knows: the tasks of one namespace, its clock, the chosen task. It reads, and writes nothing. */

import { computed, signal } from "./vendor/signals.mjs";
import { ask, follow, wait } from "./control.mjs";
import { titleOf, waits } from "./words.mjs";

const PER_PAGE = 500;
const MOST_PAGES = 4;
// Between two readings of everything, so that a burst of events is one reading; with many tasks as long as it takes.
const REST_MS = 60;

export const namespace = signal(new URLSearchParams(location.search).get("namespace"));
export const tasks = signal(null);
export const total = signal(0);
export const clock = signal(null);
export const detail = signal(null);
export const connected = signal(true);
export const problem = signal("");
export const said = signal("");
export const picked = signal(decodeURIComponent(location.hash.slice(1)));

/** The tasks in the order of the list: those that wait first, then newest first. */
export const ordered = computed(() => {
  const all = tasks.value ?? [];
  return [...all.filter(waits), ...all.filter((task) => !waits(task))];
});

// The first of the list when nothing was picked; it stays, so that nothing moves under somebody's hands.
const first = signal(null);

/** The id of the task that is shown; null without tasks. */
export const shownId = computed(() => picked.value || first.value);

addEventListener("hashchange", () => {
  picked.value = decodeURIComponent(location.hash.slice(1));
  readDetail();
});

/** Show a task; the address names it from then on. */
export function pick(id) {
  location.hash = id ? encodeURIComponent(id) : "";
}

function unpick() {
  pick("");
  picked.value = "";
}

/** Speak to the control API about the chosen namespace. */
export const tell = (method, path, body = null, query = {}) =>
  ask(method, path, { namespace: namespace.value, body, query });

/** Do something that changes a task or the clock, then read again; what was refused is told. Returns its answer. */
export async function act(method, path, body = {}) {
  try {
    const answer = await tell(method, path, body);
    problem.value = "";
    return answer;
  } catch (error) {
    problem.value = error.status ? error.message : "Nothing was sent: the server does not answer.";
    return null;
  } finally {
    read();
  }
}

let reading = false;
let again = false;
let timer = null;
let waitingBefore = null;

/** Read everything, once at a time: what happens meanwhile is read once more afterwards. */
export async function read() {
  again = true;
  if (reading) return;
  reading = true;
  while (again) {
    again = false;
    const began = performance.now();
    await load();
    const took = performance.now() - began;
    await new Promise((done) => setTimeout(done, Math.max(REST_MS, took)));
  }
  reading = false;
}

async function load() {
  const of = namespace.value;
  try {
    const [listed, seen] = await Promise.all([allTasks(), tell("GET", "/clock")]);
    if (of !== namespace.value) return;
    const isKnown = (id) => listed.items.some((task) => task.id === id);
    clock.value = { ...seen, readAt: performance.now() };
    tasks.value = listed.items;
    total.value = listed.total;
    if (!isKnown(first.value)) first.value = ordered.value[0]?.id ?? null;
    if (picked.value && listed.total === listed.items.length && !isKnown(picked.value)) unpick();
    announce(listed.items);
    plan(listed.items, seen);
    connected.value = true;
    await readDetail((task) => isAsListed(task, listed.items));
  } catch (error) {
    if (error.status) problem.value = error.message;
    else connected.value = false;
  }
}

async function allTasks() {
  const page = (number) => tell("GET", "/tasks", null, { per_page: PER_PAGE, page: number });
  const first = await page(1);
  const pages = Math.min(MOST_PAGES, Math.ceil(first.total / PER_PAGE));
  const rest = await Promise.all(Array.from({ length: Math.max(0, pages - 1) }, (_, index) => page(index + 2)));
  return { items: [first, ...rest].flatMap((each) => each.items), total: first.total };
}

/** Whether a task has not changed since the list was read. */
function isAsListed(task, items) {
  const listed = items.find((each) => each.id === task.id);
  return !listed || (listed.status === task.status && listed.next_change === task.next_change);
}

/**
 * Read the task that is shown. One that does not fit what was read before it is shown with the next reading of
 * everything: were it newer than what is due, a click on that would do nothing.
 */
export async function readDetail(fits = () => true) {
  const id = shownId.value;
  if (id === null) {
    detail.value = null;
    return;
  }
  try {
    const task = await tell("GET", `/tasks/${encodeURIComponent(id)}`);
    if (id !== shownId.value) return;
    if (fits(task)) detail.value = task;
    else again = true;
  } catch (error) {
    if (error.status === 404 && picked.value) pick("");
    else if (error.status) problem.value = error.message;
  }
}

/** Read again when the first of the tasks changes by time alone. */
function plan(items, seen) {
  const dues = items.map((task) => wait(task.next_change, seen)).filter((due) => due !== null);
  clearTimeout(timer);
  if (dues.length) timer = setTimeout(read, dues.reduce((one, other) => Math.min(one, other)) + 2);
}

/** Say which tasks have begun to wait, to those who cannot see it. */
function announce(items) {
  const waiting = items.filter(waits);
  const fresh = waitingBefore === null ? [] : waiting.filter((task) => !waitingBefore.has(task.id));
  waitingBefore = new Set(waiting.map((task) => task.id));
  document.title = `${waiting.length ? `(${waiting.length} waiting) ` : ""}Tasks – xpander-emulator`;
  if (fresh.length === 1) said.value = `${titleOf(fresh[0])} is waiting for somebody.`;
  else if (fresh.length) said.value = `${fresh.length} tasks are waiting for somebody.`;
}

let unfollow = () => {};

/** Begin to follow the chosen namespace. */
export function begin() {
  unfollow();
  const hear = (event) => event.type !== "request" && read();
  unfollow = follow(namespace.value, hear, (is) => (connected.value = is));
}

/** Turn to another namespace; null is the default one. */
export function enter(name) {
  const url = new URL(location.href);
  if (name === null) url.searchParams.delete("namespace");
  else url.searchParams.set("namespace", name);
  url.hash = "";
  history.replaceState(null, "", url);
  namespace.value = name;
  picked.value = "";
  tasks.value = null;
  detail.value = null;
  waitingBefore = null;
  begin();
}
