/* One entry of the journal: the reason for the response, both messages, and how to use the request elsewhere. */

import { asCurl, asPytest, asScenario, target } from "./copy_formats.mjs";
import { Copy } from "./frame.mjs";
import { JsonView } from "./json_view.mjs";
import { StatusIcon } from "./status_icon.mjs";
import { html } from "./vendor/htm-preact.mjs";
import { duration } from "./words.mjs";

/**
 * task: the task that the response shows, if it still exists.
 * @param {{entry: JournalEntry, task: TaskDetails | null, namespace: string | null, back: () => void}} props
 */
export function EntrySection({ entry, task, namespace, back }) {
  const hasNearest = entry.near_misses.length > 0 || entry.nearest.length > 0;
  return html`
    <section class="detail" aria-label="The selected request">
      <header class="task-head">
        <button class="plain back" onClick=${back}>← Requests</button>
        <p class="status">
          <span class=${`code c${Math.floor(entry.status / 100)}`}>${entry.status}</span>
          ${entry.ms === null ? "goes on" : duration(entry.ms)}${entry.events !== null && `, ${entry.events} events`}
        </p>
        <h2>${entry.method} <span class="path">${target(entry)}</span></h2>
        <${Facts} entry=${entry} namespace=${namespace} />
        <div class="moves">
          <${Copy} text=${() => asCurl(entry, location.origin)}>Copy as curl<//>
          <${Copy} text=${() => asPytest(entry, task)}>Copy as pytest test<//>
          ${task && html`<${Copy} text=${() => asScenario(task)}>Copy as scenario<//>`}
        </div>
      </header>
      <section class="card">
        <h3>Why</h3>
        <ul class="why-list">${entry.explanation.map((line) => html`<li>${line}</li>`)}</ul>
      </section>
      ${entry.violations.length > 0 && html`<${Violations} violations=${entry.violations} />`}
      ${hasNearest && html`<${Nearest} entry=${entry} />`}
      <div class="pair">
        <${Message} title="Request" message=${entry.request} />
        <${Message} title="Response" message=${entry.answer} />
      </div>
    </section>
  `;
}

/** @param {{entry: JournalEntry, namespace: string | null}} props */
function Facts({ entry, namespace }) {
  const query = namespace === null ? "" : `?${new URLSearchParams({ namespace })}`;
  const taskAddress = entry.task_id && `/__emulator/${query}#${encodeURIComponent(entry.task_id)}`;
  return html`
    <p class="soft meta">
      <span>#${entry.id}</span>
      <span>${entry.operation ?? "no operation"}</span>
      <span>${entry.time}</span>
      ${taskAddress && html`<a href=${taskAddress}><${StatusIcon} status=${entry.task_status ?? ""} />Its task</a>`}
    </p>
  `;
}

/** @param {{violations: JournalEntry["violations"]}} props */
function Violations({ violations }) {
  return html`
    <section class="card broken">
      <h3>It breaks the contract</h3>
      <ul class="why-list">
        ${violations.map(
          (each) => html`
            <li>
              <code>${each.loc.join(".")}</code>: ${each.msg}${each.ctx?.error && `: ${each.ctx.error}`}
              ${each.input !== undefined && html`<${Input} value=${each.input} />`}
            </li>
          `,
        )}
      </ul>
    </section>
  `;
}

/** @param {{value: unknown}} props */
const Input = ({ value }) => html`${" "}<span class="soft">– sent: <code>${JSON.stringify(value)}</code></span>`;

/**
 * The operations or scenarios that nearly matched.
 * @param {{entry: JournalEntry}} props
 */
function Nearest({ entry }) {
  return html`
    <section class="card">
      <h3>What nearly matched</h3>
      <ul class="why-list">
        ${entry.nearest.map(
          (each) => html`
            <li><code>${each.method} ${each.path}</code> <span class="soft">${each.operation}</span></li>
          `,
        )}
        ${entry.near_misses.map(
          (each) => html`
            <li>
              <strong>${each.scenario}</strong> <span class="soft mono">${each.source}</span>
              <ul>${each.differences.map((difference) => html`<li>${difference.told}</li>`)}</ul>
            </li>
          `,
        )}
      </ul>
    </section>
  `;
}

/** @param {{title: string, message: JournalEntry["request"]}} props */
function Message({ title, message }) {
  const headers = Object.entries(message.headers);
  return html`
    <section class="card">
      <div class="row-head">
        <h3>${title}</h3>
        <span class="soft small">${message.size} bytes${message.cut && ", shown in part"}</span>
      </div>
      <${Body} value=${message.body} />
      <details>
        <summary class="small">${headers.length} headers</summary>
        <dl class="facts mono">${headers.map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}</dl>
      </details>
    </section>
  `;
}

/** @param {{value: unknown}} props */
function Body({ value }) {
  if (value === null) return html`<p class="soft small">No body</p>`;
  if (typeof value === "object") return html`<${JsonView} value=${value} />`;
  return html`<pre class="json" tabindex="0">${String(value)}</pre>`;
}
