/* One task: where it stands, what it waits for, its scenario, what happened, and what a client sees of it. */

import { html } from "./vendor/htm-preact.mjs";
import { useEffect, useState } from "./vendor/hooks.mjs";
import { Decision, MoveOn } from "./decide.mjs";
import { Diagram } from "./diagram.mjs";
import { Copy } from "./frame.mjs";
import { Json, changes } from "./json.mjs";
import { Mark } from "./mark.mjs";
import { detail, pick, tell } from "./store.mjs";
import { causeWord, humanize, offset, waits } from "./words.mjs";

// What passes without a new step, but moves a task or changes it.
const QUIET = ["poll", "skip", "update"];

export function Task() {
  const task = detail.value;
  if (!task) return html`<section class="detail" aria-busy="true" />`;
  return html`<section class="detail" aria-label="The chosen task">
    <${Head} task=${task} />
    ${waits(task) && html`<${Decision} key=${`${task.id} ${task.turn} ${task.history.length}`} task=${task} />`}
    <section class="card" aria-labelledby="scenario">
      <div class="row-head"><h3 id="scenario">Scenario</h3><${MoveOn} task=${task} /></div>
      <${Diagram} key=${task.id} graph=${task.graph} history=${task.history} />
    </section>
    <${Past} key=${`${task.id} ${task.turn}`} task=${task} />
  </section>`;
}

function Head({ task }) {
  return html`<header class="task-head">
    <button class="plain back" onClick=${() => pick("")}>← Tasks</button>
    <p class="status ${task.status}"><${Mark} status=${task.status} size=${18} />${task.status}</p>
    <h2>${humanize(task.scenario)}</h2>
    <p class="soft meta">
      <span class="mono" title="The line of the scenario at which the present step begins">${task.source}</span>${task.turn > 1 && html`<span>turn ${task.turn}</span>`}<${Copy} text=${() => task.id} label=${`Copy the id ${task.id}`}><span class="mono">${task.id}</span><//>
    </p>
    ${task.snapshot.result && html`<blockquote class="result ${task.status}">${task.snapshot.result}</blockquote>`}
  </header>`;
}

/** The timeline, and the task as JSON at the entry that is chosen in it. */
function Past({ task }) {
  const [entry, setEntry] = useState(null);
  const number = entry ?? task.history.length;
  const [seen, setSeen] = useState(null);
  useEffect(() => {
    let isOld = false;
    Promise.all([moment(task, number), number > 1 ? moment(task, number - 1) : null]).then(
      ([then, before]) => isOld || setSeen({ number, then: then.snapshot, before: before?.snapshot }),
      () => {},
    );
    return () => (isOld = true);
  }, [task, number]);
  return html`<div class="past">
    <section class="card" aria-labelledby="happened">
      <h3 id="happened">What happened</h3>
      <${Timeline} task=${task} number=${number} choose=${setEntry} />
    </section>
    <section class="card" aria-labelledby="client">
      ${seen && html`<${Seen} task=${task} seen=${seen} isNow=${seen.number === task.history.length} toNow=${() => setEntry(null)} />`}
    </section>
  </div>`;
}

/** Return the task at an entry of its history; of the newest one, what is known already. */
const moment = (task, number) =>
  number === task.history.length ? task : tell("GET", `/tasks/${encodeURIComponent(task.id)}/history/${number}`);

function Timeline({ task, number, choose }) {
  const base = task.history[0].at;
  const steps = task.history.map((visit, index) => ({ ...visit, index: index + 1 }));
  const quiet = task.signals.filter((signal) => QUIET.includes(signal.kind));
  const entries = [...steps, ...quiet].toSorted((one, other) => (one.at < other.at ? -1 : one.at > other.at ? 1 : 0));
  return html`<ol class="timeline">${entries.map((each) =>
    each.index
      ? html`<li key=${each.index}><button aria-pressed=${each.index === number} onClick=${() => choose(each.index)} title="See the task as it was then">
          <${Mark} status=${each.status} /><span class="step">${each.step}</span><time class="soft" datetime=${each.at}>${offset(each.at, base)}</time>
          <span class="soft why">${causeWord(each.cause)}${each.by && ` by ${each.by}`}${each.reason && html`: <q>${each.reason}</q>`}</span>
        </button></li>`
      : html`<li class="quiet soft"><span>${each.kind}${each.skipped ? ` of ${each.skipped}` : ""}</span><time datetime=${each.at}>${offset(each.at, base)}</time></li>`,
  )}</ol>`;
}

function Seen({ task, seen, isNow, toNow }) {
  const [withEmpty, setWithEmpty] = useState(false);
  const changed = changes(seen.then, seen.before);
  const step = task.history[seen.number - 1]?.step;
  return html`<div class="row-head"><h3 id="client">What the client sees ${!isNow && html`<span class="soft">at ${step}</span>`}</h3>
      ${!isNow && html`<button class="plain" onClick=${toNow}>Back to now</button>`}
      <label class="check"><input type="checkbox" checked=${withEmpty} onChange=${(event) => setWithEmpty(event.target.checked)} /> Empty fields</label>
      <${Copy} text=${() => JSON.stringify(seen.then, null, 2)}>Copy<//>
    </div>
    ${changed.length > 0 && html`<p class="soft changed">Changed with this step: ${changed.join(", ")}</p>`}
    <${Json} value=${seen.then} before=${seen.before} withEmpty=${withEmpty} />`;
}
