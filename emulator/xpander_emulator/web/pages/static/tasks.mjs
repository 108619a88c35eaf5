/* The list of tasks: those that wait first. Only the rows that can be seen are drawn, however many there are. */

import { html } from "./vendor/htm-preact.mjs";
import { useEffect, useLayoutEffect, useRef, useState } from "./vendor/hooks.mjs";
import { Mark } from "./mark.mjs";
import { clock, ordered, pick, shownId, total } from "./store.mjs";
import { length, titleOf, waits } from "./words.mjs";

const ROW = 60;
const SPARE = 6;

export function TaskList({ start }) {
  const [sought, setSought] = useState("");
  const found = ordered.value.filter((task) => fits(task, sought.trim().toLowerCase()));
  const waiting = ordered.value.filter(waits).length;
  return html`<aside class="list" aria-label="Tasks">
    <div class="head">
      <h2>${total.value} ${total.value === 1 ? "task" : "tasks"}${waiting > 0 && html`<span class="badge">${waiting} waiting</span>`}</h2>
      <button class="first small" onClick=${start}>Start a scenario</button>
      ${total.value > 5 && html`<input type="search" placeholder="Filter by scenario, status, id" aria-label="Filter the tasks" value=${sought} onInput=${(event) => setSought(event.target.value)} />`}
    </div>
    <${Rows} tasks=${found} />
    ${!found.length && html`<p class="soft none">No task fits “${sought}”.</p>`}
    ${total.value > ordered.value.length && html`<p class="soft none">The newest ${ordered.value.length} of ${total.value}.</p>`}
  </aside>`;
}

const fits = (task, sought) =>
  !sought || `${task.id} ${task.status} ${task.scenario} ${task.step} ${titleOf(task)}`.toLowerCase().includes(sought);

function Rows({ tasks }) {
  const place = useRef(null);
  const [seen, setSeen] = useState({ top: 0, height: 800 });
  const look = () => {
    const box = place.current;
    if (box) setSeen({ top: box.scrollTop, height: box.clientHeight });
  };
  useLayoutEffect(look, []);
  useEffect(() => {
    addEventListener("resize", look);
    return () => removeEventListener("resize", look);
  }, []);
  const first = Math.max(0, Math.floor(seen.top / ROW) - SPARE);
  const last = Math.min(tasks.length, Math.ceil((seen.top + seen.height) / ROW) + SPARE);
  const index = tasks.findIndex((task) => task.id === shownId.value);
  const reveal = (to) => {
    const box = place.current;
    const top = to * ROW;
    if (top < box.scrollTop) box.scrollTop = top;
    else if (top + ROW > box.scrollTop + box.clientHeight) box.scrollTop = top + ROW - box.clientHeight;
  };
  const move = (event) => {
    const to = { ArrowDown: index + 1, ArrowUp: index - 1, Home: 0, End: tasks.length - 1 }[event.key];
    if (to === undefined || !tasks[to]) return;
    event.preventDefault();
    reveal(to);
    pick(tasks[to].id);
  };
  const active = index >= first && index < last ? `task-${index}` : null;
  return html`<div class="rows" ref=${place} onScroll=${look} role="listbox" tabindex="0" aria-label="Tasks, those that wait first" aria-activedescendant=${active} onKeyDown=${move}>
    <div class="all" style=${{ height: `${tasks.length * ROW}px` }} role="presentation">
      ${tasks.slice(first, last).map((task, offset) => html`<${Row} key=${task.id} task=${task} index=${first + offset} count=${tasks.length} />`)}
    </div>
  </div>`;
}

function Row({ task, index, count }) {
  const isShown = task.id === shownId.value;
  const kind = waits(task) ? "waiting" : "";
  return html`<div id=${`task-${index}`} class="row ${kind}" role="option" aria-selected=${isShown} aria-posinset=${index + 1} aria-setsize=${count}
    style=${{ top: `${index * ROW}px`, height: `${ROW}px` }} onClick=${() => pick(task.id)}>
    <${Mark} status=${task.status} size=${18} />
    <div class="what">
      <div class="title">${titleOf(task)}</div>
      <div class="soft">${[...new Set([task.status, task.step, age(task)])].join(" · ")}</div>
    </div>
  </div>`;
}

function age(task) {
  const now = clock.value ? Date.parse(clock.value.now) : Date.parse(task.created_at);
  const past = now - Date.parse(task.created_at);
  return past < 1000 ? "now" : `${length(past)} ago`;
}
