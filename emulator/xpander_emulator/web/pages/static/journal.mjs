/* The journal: what was asked of the emulated API, what it answered, and why. */

import { signal } from "./vendor/signals.mjs";
import { html, render } from "./vendor/htm-preact.mjs";
import { ask, follow } from "./control.mjs";
import { Entry } from "./entry.mjs";
import { Banners, Bar, Said, useIsXpander } from "./frame.mjs";

const PER_PAGE = 100;
// As many as the control API gives at once.
const MOST = 500;
// Between two readings, so that a burst of requests is one reading.
const REST_MS = 100;

const namespace = signal(new URLSearchParams(location.search).get("namespace"));
const entries = signal(null);
const total = signal(0);
const pages = signal(1);
const broken = signal(false);
const connected = signal(true);
const problem = signal("");
const picked = signal(Number(location.hash.slice(1)) || null);
const shown = signal(null);

const tell = (path, query = {}) => ask("GET", path, { namespace: namespace.value, query });

let reading = false;
let again = false;

/** Read everything, once at a time: what happens meanwhile is read once more afterwards. */
async function read() {
  again = true;
  if (reading) return;
  reading = true;
  while (again) {
    again = false;
    await load();
    await new Promise((done) => setTimeout(done, REST_MS));
  }
  reading = false;
}

async function load() {
  try {
    const path = broken.value ? "/requests/unmatched" : "/requests";
    const listed = await tell(path, { per_page: Math.min(MOST, PER_PAGE * pages.value) });
    entries.value = listed.items;
    total.value = listed.total;
    connected.value = true;
    await readEntry();
  } catch (error) {
    if (error.status) problem.value = error.message;
    else connected.value = false;
  }
}

const wanted = () => picked.value ?? entries.value?.[0]?.id;

async function readEntry() {
  const id = wanted();
  if (!id) {
    shown.value = null;
    return;
  }
  // An entry is whole once it is answered, but for a stream that goes on.
  if (shown.value?.entry.id === id && shown.value.of === namespace.value && shown.value.entry.ms !== null) return;
  const entry = await tell(`/requests/${id}`).catch(() => null);
  if (id !== wanted()) return;
  if (entry === null) {
    picked.value = null;
    shown.value = null;
    return;
  }
  const task = entry.task_id && (await tell(`/tasks/${encodeURIComponent(entry.task_id)}`).catch(() => null));
  if (id === wanted()) shown.value = { entry, task: task || null, of: namespace.value };
}

addEventListener("hashchange", () => {
  picked.value = Number(location.hash.slice(1)) || null;
  readEntry();
});

let unfollow = () => {};

function begin() {
  unfollow();
  const heard = new Set(["request", "reset", "stale"]);
  unfollow = follow(
    namespace.value,
    (event) => heard.has(event.type) && read(),
    (is) => (connected.value = is),
  );
}

function enter(name) {
  const url = new URL(location.href);
  if (name === null) url.searchParams.delete("namespace");
  else url.searchParams.set("namespace", name);
  url.hash = "";
  history.replaceState(null, "", url);
  namespace.value = name;
  picked.value = null;
  entries.value = null;
  shown.value = null;
  begin();
}

function filter(value) {
  broken.value = value;
  read();
}

function Page() {
  const isEmpty = entries.value?.length === 0 && !broken.value;
  return html`<${Bar} namespace=${namespace.value} enter=${enter} />
    <${Banners} connected=${connected.value} problem=${problem.value} dismiss=${() => (problem.value = "")} />
    <main class=${`board ${picked.value ? "picked" : ""}`}>
      ${entries.value === null ? html`<p class="soft wide">Reading…</p>` : isEmpty ? html`<${Empty} />` : html`<${List} />${shown.value ? html`<${Entry} ...${shown.value} back=${() => (location.hash = "")} />` : html`<section class="detail" />`}`}
    </main>
    <${Said}>${total.value ? `${total.value} requests` : ""}<//>`;
}

function Empty() {
  const isXpander = useIsXpander();
  const curl = `curl ${location.origin}/v1/tasks -H 'x-api-key: local'`;
  return html`<section class="empty">
    <h2>Nothing was asked yet</h2>
    <p>Every request of your program appears here, with its answer and the reason for it.${isXpander && " Ask for something:"}</p>
    ${isXpander && html`<pre class="curl" tabindex="0">${curl}</pre>`}
    <p class="soft">Requests with another key stand in its own namespace. The requests of this page are not recorded.</p>
  </section>`;
}

function List() {
  const older = () => {
    pages.value += 1;
    read();
  };
  return html`<aside class="list" aria-label="Requests">
    <div class="head">
      <h2>${total.value} ${total.value === 1 ? "request" : "requests"}</h2>
      <label class="check"><input type="checkbox" checked=${broken.value} onChange=${(event) => filter(event.target.checked)} /> Wrong ones only</label>
    </div>
    <ol class="entries">
      ${entries.value.map((entry) => html`<${Row} key=${entry.id} entry=${entry} isShown=${entry.id === shown.value?.entry.id} />`)}
    </ol>
    ${!entries.value.length && html`<p class="soft none">No request broke the contract.</p>`}
    ${entries.value.length < Math.min(total.value, MOST) && html`<button class="plain older" onClick=${older}>Show older ones</button>`}
  </aside>`;
}

function Row({ entry, isShown }) {
  const isWrong = entry.violations.length > 0 || entry.operation === null;
  return html`<li><a href=${`#${entry.id}`} class="request" aria-current=${isShown ? "true" : null}>
    <span class=${`code c${Math.floor(entry.status / 100)}`}>${entry.status}</span>
    <span class="asked"><strong>${entry.method}</strong> <span class="mono">${entry.path}</span></span>
    <span class="soft told">#${entry.id}<span class="dot">·</span>${isWrong ? html`<span class="wrong">breaks the contract</span>` : told(entry)}</span>
  </a></li>`;
}

function told(entry) {
  return [entry.fault ? `fault ${entry.fault}` : entry.operation, entry.task_status].filter(Boolean).join(" · ");
}

render(html`<${Page} />`, document.getElementById("page"));
begin();
