/* The tasks of the default namespace, live; who waits for somebody stands first. */

import { signal } from "./vendor/signals.mjs";
import { html, render } from "./vendor/htm-preact.mjs";
import { ask, follow, wait } from "./control.mjs";

const tasks = signal(null);
const problem = signal("");
let reading = null;
let again = null;

/** Read everything, once at a time: what happens meanwhile is read once more afterwards. */
function read() {
  again = reading !== null;
  reading ??= load().finally(() => {
    reading = null;
    if (again) read();
  });
}

let timer = null;

async function load() {
  try {
    const [listed, clock] = await Promise.all([
      ask("GET", "/tasks", { query: { per_page: 100 } }),
      ask("GET", "/clock"),
    ]);
    const waiting = (task) => (task.status === "paused" ? 0 : 1);
    tasks.value = listed.items.toSorted((one, other) => waiting(one) - waiting(other));
    problem.value = "";
    const waits = listed.items.map((task) => wait(task.next_change, clock)).filter((each) => each !== null);
    clearTimeout(timer);
    if (waits.length) timer = setTimeout(read, Math.min(...waits) + 1);
  } catch (error) {
    problem.value = error.message;
  }
}

function Task({ task }) {
  const title = task.pause?.title ?? task.pause?.connector_name ?? task.scenario;
  return html`<li>
    <span class="state ${task.status}"></span>
    <div class="what">
      <div>${title} <span class="soft">${task.status}</span></div>
      <div class="mono soft">${task.id}</div>
    </div>
    ${task.pause && html`<a class="button" href=${new URL(task.pause.link).pathname}>Decide<span class="unseen">: ${title}</span></a>`}
  </li>`;
}

function Page() {
  if (problem.value) return html`<p class="note" role="alert">${problem.value}</p>`;
  if (tasks.value === null) return html`<p class="soft">Reading…</p>`;
  if (!tasks.value.length) {
    return html`<p>No task yet. Start one with the curl that <code>serve</code> prints; it appears here by itself.</p>`;
  }
  return html`<ul class="tasks" aria-label="Tasks">${tasks.value.map((task) => html`<${Task} key=${task.id} task=${task} />`)}</ul>`;
}

const page = document.getElementById("page");
page.replaceChildren();
render(html`<${Page} />`, page);
follow(null, read);
