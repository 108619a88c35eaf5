/* One task: its state, the decision that it waits for, its scenario, its history, and what a client sees of it. */

import { detail, page, select } from "./dashboard_state.mjs";
import { Diagram } from "./diagram.mjs";
import { Copy } from "./frame.mjs";
import { changes, JsonView } from "./json_view.mjs";
import { StatusIcon } from "./status_icon.mjs";
import { Decision, Moves } from "./task_actions.mjs";
import { useEffect, useState } from "./vendor/hooks.mjs";
import { html } from "./vendor/htm-preact.mjs";
import { causeWord, humanize, offset, waits } from "./words.mjs";

// Signals that change a task without a new step.
const QUIET = ["poll", "skip", "update"];

export function TaskSection() {
  const task = detail.value;
  if (!task) return html`<section class="detail" aria-busy="true" />`;
  return html`
    <section class="detail" aria-label="The selected task">
      <${Head} task=${task} />
      ${waits(task) && html`<${Decision} key=${`${task.id} ${task.turn} ${task.history.length}`} task=${task} />`}
      <section class="card" aria-labelledby="scenario">
        <div class="row-head">
          <h3 id="scenario">Scenario</h3>
          <${Moves} task=${task} />
        </div>
        <${Diagram} key=${task.id} graph=${task.graph} history=${task.history} />
      </section>
      <${History} key=${`${task.id} ${task.turn}`} task=${task} />
    </section>
  `;
}

/** @param {{task: TaskDetails}} props */
function Head({ task }) {
  const { result } = task.snapshot;
  return html`
    <header class="task-head">
      <button class="plain back" onClick=${() => select("")}>← Tasks</button>
      <p class="status ${task.status}"><${StatusIcon} status=${task.status} size=${18} />${task.status}</p>
      <h2>${humanize(task.scenario)}</h2>
      <p class="soft meta">
        <span class="mono" title="Where the scenario has the present step">${task.source}</span>
        ${task.turn > 1 && html`<span>turn ${task.turn}</span>`}
        <${Copy} text=${() => task.id} label=${`Copy the id ${task.id}`}><span class="mono">${task.id}</span><//>
      </p>
      ${result && html`<blockquote class="result ${task.status}">${result}</blockquote>`}
    </header>
  `;
}

/**
 * The history, and the task as JSON at the entry that is selected in it.
 * @param {{task: TaskDetails}} props
 */
function History({ task }) {
  const [selected, select] = useState(/** @type {number | null} */ (null));
  const [client, setClient] = useState(/** @type {ClientView | null} */ (null));
  const number = selected ?? task.history.length;
  useEffect(() => {
    let isCurrent = true;
    const show = (/** @type {{snapshot: Record<string, any>}[]} */ [moment, previous]) => {
      if (isCurrent) setClient({ number, snapshot: moment.snapshot, before: previous?.snapshot });
    };
    const numbers = number > 1 ? [number, number - 1] : [number];
    Promise.all(numbers.map((each) => momentOf(task, each))).then(show, () => {});
    return () => {
      isCurrent = false;
    };
  }, [task, number]);
  return html`
    <div class="past">
      <section class="card" aria-labelledby="history">
        <h3 id="history">History</h3>
        <${Timeline} task=${task} number=${number} select=${select} />
      </section>
      <section class="card" aria-labelledby="client">
        ${client && html`<${Client} task=${task} client=${client} toPresent=${() => select(null)} />`}
      </section>
    </div>
  `;
}

/**
 * Return the task at an entry of its history; the task itself is that of the newest entry.
 * @param {TaskDetails} task
 * @param {number} number
 */
const momentOf = (task, number) =>
  number === task.history.length ? task : page.call("GET", `/tasks/${encodeURIComponent(task.id)}/history/${number}`);

/** @param {{task: TaskDetails, number: number, select: (number: number) => void}} props */
function Timeline({ task, number, select }) {
  const base = task.history[0].at;
  const steps = task.history.map((visit, index) => {
    const isSelected = index + 1 === number;
    const choose = () => select(index + 1);
    return {
      at: visit.at,
      line: html`<${VisitLine} key=${index} visit=${visit} base=${base} isSelected=${isSelected} choose=${choose} />`,
    };
  });
  const quiet = task.signals
    .filter((signal) => QUIET.includes(signal.kind))
    .map((signal) => ({ at: signal.at, line: html`<${QuietLine} signal=${signal} base=${base} />` }));
  const entries = [...steps, ...quiet].toSorted((one, other) => (one.at < other.at ? -1 : one.at > other.at ? 1 : 0));
  return html`<ol class="timeline">${entries.map((entry) => entry.line)}</ol>`;
}

/** @param {{visit: Visit, base: string, isSelected: boolean, choose: () => void}} props */
function VisitLine({ visit, base, isSelected, choose }) {
  return html`
    <li>
      <button aria-pressed=${isSelected} onClick=${choose} title="Show the task as it was at this step">
        <${StatusIcon} status=${visit.status} />
        <span class="step">${visit.step}</span>
        <time class="soft" datetime=${visit.at}>${offset(visit.at, base)}</time>
        <span class="soft why">
          ${causeWord(visit.cause)}${visit.by && ` by ${visit.by}`}${visit.reason && html`: <q>${visit.reason}</q>`}
        </span>
      </button>
    </li>
  `;
}

/** @param {{signal: TaskDetails["signals"][number], base: string}} props */
function QuietLine({ signal, base }) {
  return html`
    <li class="quiet soft">
      <span>${signal.kind}${signal.skipped && ` of ${signal.skipped}`}</span>
      <time datetime=${signal.at}>${offset(signal.at, base)}</time>
    </li>
  `;
}

/** @typedef {{number: number, snapshot: Record<string, any>, before: Record<string, any> | undefined}} ClientView */

/** @param {{task: TaskDetails, client: ClientView, toPresent: () => void}} props */
function Client({ task, client: { number, snapshot, before }, toPresent }) {
  const [withEmpty, setWithEmpty] = useState(false);
  const changed = changes(snapshot, before);
  const isPresent = number === task.history.length;
  const toggle = (/** @type {{target: HTMLInputElement}} */ { target }) => setWithEmpty(target.checked);
  return html`
    <div class="row-head">
      <h3 id="client">
        What the client sees${!isPresent && html`${" "}<span class="soft">at ${task.history[number - 1]?.step}</span>`}
      </h3>
      ${!isPresent && html`<button class="plain" onClick=${toPresent}>Back to now</button>`}
      <label class="check">
        <input type="checkbox" checked=${withEmpty} onChange=${toggle} />${" Empty fields"}
      </label>
      <${Copy} text=${() => JSON.stringify(snapshot, null, 2)}>Copy<//>
    </div>
    ${changed.length > 0 && html`<p class="soft changed">Changed with this step: ${changed.join(", ")}</p>`}
    <${JsonView} value=${snapshot} before=${before} withEmpty=${withEmpty} />
  `;
}
