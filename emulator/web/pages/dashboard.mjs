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
  return html`<tr>
    <td class="nowrap"><span class="state ${task.status}"></span> ${task.status}</td>
    <td>${task.pause?.title ?? task.pause?.connector_name ?? task.scenario}</td>
    <td class="mono">${task.id}</td>
    <td>${task.pause && html`<a href=${new URL(task.pause.link).pathname}>Decide</a>`}</td>
  </tr>`;
}

function Page() {
  if (problem.value) return html`<p class="note" role="alert">${problem.value}</p>`;
  if (tasks.value === null) return html`<p class="soft">Reading…</p>`;
  if (!tasks.value.length) {
    return html`<p>No task yet. Start one with the curl that <code>serve</code> prints; it appears here by itself.</p>`;
  }
  return html`<table>
    <caption class="unseen">Tasks</caption>
    <thead><tr><th scope="col">Status</th><th scope="col">What</th><th scope="col">Task</th><th scope="col">Decide</th></tr></thead>
    <tbody>${tasks.value.map((task) => html`<${Task} key=${task.id} task=${task} />`)}</tbody>
  </table>`;
}

const page = document.getElementById("page");
page.replaceChildren();
render(html`<${Page} />`, page);
follow(null, read);
