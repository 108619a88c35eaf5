/* The list of tasks, waiting tasks first. It renders only the rows in view, however many tasks there are. */

import { clock, isShown, ordered, select, total } from "./dashboard_state.mjs";
import { StatusIcon } from "./status_icon.mjs";
import { useEffect, useLayoutEffect, useRef, useState } from "./vendor/hooks.mjs";
import { html } from "./vendor/htm-preact.mjs";
import { duration, titleOf, waits } from "./words.mjs";

// The height of a row in px, and how many rows are rendered above and below the view.
const ROW = 60;
const SPARE = 6;

/** @param {{openDialog: () => void}} props */
export function TaskList({ openDialog }) {
  const [filter, setFilter] = useState("");
  const needle = filter.trim().toLowerCase();
  const tasks = ordered.value.filter((task) => searchText(task).includes(needle));
  const waiting = ordered.value.filter(waits).length;
  const type = (/** @type {{target: HTMLInputElement}} */ { target }) => setFilter(target.value);
  return html`
    <aside class="list" aria-label="Tasks">
      <div class="head">
        <h2>
          ${total.value} ${total.value === 1 ? "task" : "tasks"}
          ${waiting > 0 && html`<span class="badge">${waiting} waiting</span>`}
        </h2>
        <button class="first small" onClick=${openDialog}>Start a scenario</button>
        ${total.value > 5 && html`<${Filter} value=${filter} onInput=${type} />`}
      </div>
      <${Rows} tasks=${tasks} />
      ${!tasks.length && html`<p class="soft none">No task matches “${filter}”.</p>`}
      ${
        total.value > ordered.value.length &&
        html`<p class="soft none">The newest ${ordered.value.length} of ${total.value}.</p>`
      }
    </aside>
  `;
}

/** @param {{value: string, onInput: (event: {target: HTMLInputElement}) => void}} props */
const Filter = ({ value, onInput }) => html`
  <input
    type="search"
    placeholder="Filter by scenario, status, id"
    aria-label="Filter the tasks"
    value=${value}
    onInput=${onInput}
  />
`;

/** @param {Task} task */
const searchText = (task) => `${task.id} ${task.status} ${task.scenario} ${task.step} ${titleOf(task)}`.toLowerCase();

/** @param {{tasks: Task[]}} props */
function Rows({ tasks }) {
  const place = useRef(/** @type {HTMLElement | null} */ (null));
  const [view, setView] = useState({ top: 0, height: 800 });
  const look = () => {
    const box = place.current;
    if (box) setView({ top: box.scrollTop, height: box.clientHeight });
  };
  useLayoutEffect(look, []);
  useEffect(() => {
    addEventListener("resize", look);
    return () => removeEventListener("resize", look);
  }, []);
  const first = Math.max(0, Math.floor(view.top / ROW) - SPARE);
  const last = Math.min(tasks.length, Math.ceil((view.top + view.height) / ROW) + SPARE);
  const index = tasks.findIndex(isShown);
  const onKeyDown = (/** @type {KeyboardEvent} */ event) => {
    const to = { ArrowDown: index + 1, ArrowUp: index - 1, Home: 0, End: tasks.length - 1 }[event.key];
    if (to === undefined || !tasks[to]) return;
    event.preventDefault();
    reveal(/** @type {HTMLElement} */ (place.current), to);
    select(tasks[to].id);
  };
  return html`
    <div
      class="rows"
      role="listbox"
      tabindex="0"
      aria-label="Tasks, waiting tasks first"
      aria-activedescendant=${index >= first && index < last ? `task-${index}` : null}
      ref=${place}
      onScroll=${look}
      onKeyDown=${onKeyDown}
    >
      <div class="all" style=${{ height: `${tasks.length * ROW}px` }} role="presentation">
        ${tasks
          .slice(first, last)
          .map((task, at) => html`<${Row} key=${task.id} task=${task} index=${first + at} count=${tasks.length} />`)}
      </div>
    </div>
  `;
}

/**
 * Scroll a row into view.
 * @param {HTMLElement} box
 * @param {number} index
 */
function reveal(box, index) {
  const top = index * ROW;
  if (top < box.scrollTop) box.scrollTop = top;
  else if (top + ROW > box.scrollTop + box.clientHeight) box.scrollTop = top + ROW - box.clientHeight;
}

/** @param {{task: Task, index: number, count: number}} props */
function Row({ task, index, count }) {
  const kind = waits(task) ? "waiting" : "";
  return html`
    <div
      id=${`task-${index}`}
      class="row ${kind}"
      role="option"
      aria-selected=${isShown(task)}
      aria-posinset=${index + 1}
      aria-setsize=${count}
      style=${{ top: `${index * ROW}px`, height: `${ROW}px` }}
      onClick=${() => select(task.id)}
    >
      <${StatusIcon} status=${task.status} size=${18} />
      <div class="what">
        <div class="title">${titleOf(task)}</div>
        <div class="soft">${[...new Set([task.status, task.step, age(task)])].join(" · ")}</div>
      </div>
    </div>
  `;
}

/** @param {Task} task */
function age(task) {
  const created = Date.parse(task.created_at);
  const past = clock.value ? Date.parse(clock.value.now) - created : 0;
  return past < 1000 ? "now" : `${duration(past)} ago`;
}
