/* The state of the dashboard: the tasks of a namespace, its clock and the selected task. */

import { msUntil, Problem } from "./control.mjs";
import { live, namespaceInAddress } from "./live.mjs";
import { computed, signal } from "./vendor/signals.mjs";
import { titleOf, waits } from "./words.mjs";

const PER_PAGE = 500;
const MAX_PAGES = 4;

const idInAddress = () => decodeURIComponent(location.hash.slice(1));

export const tasks = signal(/** @type {Task[] | null} */ (null));
export const total = signal(0);
export const clock = signal(/** @type {(Clock & {readAt: number}) | null} */ (null));
export const detail = signal(/** @type {TaskDetails | null} */ (null));
export const announcement = signal("");
export const selectedId = signal(idInAddress());

export const page = live({
  namespace: namespaceInAddress(),
  load,
  concerns: (event) => event.type !== "request",
  clear,
});

/** The tasks in the order of the list: waiting tasks first, then the newest first. */
export const ordered = computed(() => {
  const all = tasks.value ?? [];
  return [...all.filter(waits), ...all.filter((task) => !waits(task))];
});

// The task that is shown when none is selected. It stays the same while it exists, so that nothing moves under a click.
const firstId = signal(/** @type {string | null} */ (null));
const shownId = computed(() => selectedId.value || firstId.value);

/** @param {Task} task */
export const isShown = (task) => task.id === shownId.value;

/** @type {Set<string> | null} */
let waitingBefore = null;

addEventListener("hashchange", () => {
  selectedId.value = idInAddress();
  loadDetail();
});

/**
 * Show a task; the address names it from then on. No id shows the first task of the list.
 * @param {string} id
 */
export function select(id) {
  selectedId.value = id;
  location.hash = encodeURIComponent(id);
}

/** @returns {Promise<number>} */
async function load() {
  const name = page.namespace.value;
  const [list, time] = await Promise.all([listTasks(), page.call("GET", "/clock")]);
  if (name !== page.namespace.value) return Infinity;
  const isListed = (/** @type {string | null} */ id) => list.items.some((task) => task.id === id);
  clock.value = { ...time, readAt: performance.now() };
  tasks.value = list.items;
  total.value = list.total;
  if (!isListed(firstId.value)) firstId.value = ordered.value[0]?.id ?? null;
  if (selectedId.value && list.total === list.items.length && !isListed(selectedId.value)) select("");
  announce(list.items.filter(waits));
  await loadDetail(list.items);
  return Math.min(...list.items.map((task) => msUntil(task.next_change, time)));
}

/** @returns {Promise<{items: Task[], total: number}>} */
async function listTasks() {
  const pageOf = (/** @type {number} */ number) => page.call("GET", `/tasks?per_page=${PER_PAGE}&page=${number}`);
  const first = await pageOf(1);
  const pages = Math.min(MAX_PAGES, Math.ceil(first.total / PER_PAGE));
  const rest = await Promise.all(Array.from({ length: Math.max(0, pages - 1) }, (_, index) => pageOf(index + 2)));
  return { items: [first, ...rest].flatMap((each) => each.items), total: first.total };
}

/**
 * Read the shown task. A task that changed since the list was read is shown with the next reading of everything:
 * the button of the clock for the next change would do nothing if the task were newer than the list.
 * @param {Task[]} list  empty where the list does not matter
 */
async function loadDetail(list = []) {
  const id = shownId.value;
  if (id === null) {
    detail.value = null;
    return;
  }
  try {
    const task = await page.call("GET", `/tasks/${encodeURIComponent(id)}`);
    if (id !== shownId.value) return;
    const listed = list.find((each) => each.id === id);
    if (!listed || (listed.status === task.status && listed.next_change === task.next_change)) detail.value = task;
    else page.read();
  } catch (error) {
    if (!(error instanceof Problem)) return;
    if (error.status === 404 && selectedId.value) select("");
    else page.problem.value = error.message;
  }
}

/**
 * Announce to screen readers which tasks have begun to wait, and count all of them in the title of the window.
 * @param {Task[]} waiting
 */
function announce(waiting) {
  const before = waitingBefore;
  const fresh = before === null ? [] : waiting.filter((task) => !before.has(task.id));
  waitingBefore = new Set(waiting.map((task) => task.id));
  document.title = `${waiting.length ? `(${waiting.length} waiting) ` : ""}Tasks – xpander-emulator`;
  if (fresh.length === 1) announcement.value = `${titleOf(fresh[0])} is waiting for somebody.`;
  else if (fresh.length) announcement.value = `${fresh.length} tasks are waiting for somebody.`;
}

function clear() {
  selectedId.value = "";
  tasks.value = null;
  detail.value = null;
  waitingBefore = null;
}
