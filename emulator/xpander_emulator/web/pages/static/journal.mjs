/* The journal: the requests to the emulated API, their responses, and why each response was given. */

import { Announcement, Banners, Bar, useIsXpander } from "./frame.mjs";
import { EntrySection } from "./journal_entry.mjs";
import { live, namespaceInAddress } from "./live.mjs";
import { html, render } from "./vendor/htm-preact.mjs";
import { signal } from "./vendor/signals.mjs";

const PER_PAGE = 100;
// The control API returns no more at once.
const MAX_ENTRIES = 500;
const CONCERNS = ["request", "reset", "stale"];

const idInAddress = () => Number(location.hash.slice(1)) || null;

const entries = signal(/** @type {JournalRow[] | null} */ (null));
const total = signal(0);
const pages = signal(1);
const isFiltered = signal(false);
const selectedId = signal(idInAddress());
const shown = signal(
  /** @type {{entry: JournalEntry, task: TaskDetails | null, namespace: string | null} | null} */ (null),
);
const shownId = () => selectedId.value ?? entries.value?.[0]?.id;

const page = live({
  namespace: namespaceInAddress(),
  load,
  concerns: (event) => CONCERNS.includes(event.type),
  clear: () => {
    selectedId.value = null;
    entries.value = null;
    shown.value = null;
  },
});

/** @returns {Promise<number>} */
async function load() {
  const name = page.namespace.value;
  const path = isFiltered.value ? "/requests/unmatched" : "/requests";
  const list = await page.call("GET", `${path}?per_page=${Math.min(MAX_ENTRIES, PER_PAGE * pages.value)}`);
  if (name === page.namespace.value) {
    entries.value = list.items;
    total.value = list.total;
    await loadEntry();
  }
  return Infinity;
}

async function loadEntry() {
  const namespace = page.namespace.value;
  const id = shownId();
  const isShown = shown.value?.entry.id === id && shown.value?.namespace === namespace;
  // An entry does not change after its response, but for an event stream that has not ended.
  if (isShown && shown.value?.entry.ms !== null) return;
  /** @type {JournalEntry | null} */
  const entry = id ? await page.call("GET", `/requests/${id}`).catch(() => null) : null;
  const path = entry?.task_id && `/tasks/${encodeURIComponent(entry.task_id)}`;
  const task = path ? await page.call("GET", path).catch(() => null) : null;
  if (id !== shownId() || namespace !== page.namespace.value) return;
  if (!entry) selectedId.value = null;
  shown.value = entry && { entry, task, namespace };
}

addEventListener("hashchange", () => {
  selectedId.value = idInAddress();
  loadEntry();
});

function Page() {
  return html`
    <${Bar} page=${page} />
    <${Banners} page=${page} />
    <main class=${`board ${selectedId.value ? "picked" : ""}`}><${Board} /></main>
    <${Announcement}>${total.value ? `${total.value} requests` : ""}<//>
  `;
}

function Board() {
  if (entries.value === null) return html`<p class="soft wide">Reading…</p>`;
  if (!entries.value.length && !isFiltered.value) return html`<${Empty} />`;
  const unselect = () => {
    location.hash = "";
  };
  return html`
    <${List} rows=${entries.value} />
    ${shown.value ? html`<${EntrySection} ...${shown.value} back=${unselect} />` : html`<section class="detail" />`}
  `;
}

function Empty() {
  const isXpander = useIsXpander();
  return html`
    <section class="empty">
      <h2>No request yet</h2>
      <p>
        Every request of your program appears here, with its response and the reason for it.
        ${isXpander && " Send one:"}
      </p>
      ${isXpander && html`<pre class="curl" tabindex="0">curl ${location.origin}/v1/tasks -H 'x-api-key: local'</pre>`}
      <p class="soft">
        Requests with another key are in the namespace of that key. Requests of this page are not recorded.
      </p>
    </section>
  `;
}

/** @param {{rows: JournalRow[]}} props */
function List({ rows }) {
  const filter = (/** @type {{target: HTMLInputElement}} */ { target }) => {
    isFiltered.value = target.checked;
    page.read();
  };
  const showOlder = () => {
    pages.value += 1;
    page.read();
  };
  const hasOlder = rows.length < Math.min(total.value, MAX_ENTRIES);
  return html`
    <aside class="list" aria-label="Requests">
      <div class="head">
        <h2>${total.value} ${total.value === 1 ? "request" : "requests"}</h2>
        <label class="check">
          <input type="checkbox" checked=${isFiltered.value} onChange=${filter} />${" Wrong ones only"}
        </label>
      </div>
      <ol class="entries">
        ${rows.map((entry) => html`<${Row} key=${entry.id} entry=${entry} />`)}
      </ol>
      ${!rows.length && html`<p class="soft none">No request broke the contract.</p>`}
      ${hasOlder && html`<button class="plain older" onClick=${showOlder}>Show older ones</button>`}
    </aside>
  `;
}

/** @param {{entry: JournalRow}} props */
function Row({ entry }) {
  const isWrong = entry.violations.length > 0 || entry.operation === null;
  const isShown = entry.id === shown.value?.entry.id;
  const facts = [entry.fault ? `fault ${entry.fault}` : entry.operation, entry.task_status];
  return html`
    <li>
      <a href=${`#${entry.id}`} class="request" aria-current=${isShown ? "true" : null}>
        <span class=${`code c${Math.floor(entry.status / 100)}`}>${entry.status}</span>
        <span class="line"><strong>${entry.method}</strong> <span class="mono">${entry.path}</span></span>
        <span class="soft line summary">
          #${entry.id}<span class="dot">·</span>
          ${isWrong ? html`<span class="wrong">breaks the contract</span>` : facts.filter(Boolean).join(" · ")}
        </span>
      </a>
    </li>
  `;
}

render(html`<${Page} />`, /** @type {HTMLElement} */ (document.getElementById("page")));
page.begin();
