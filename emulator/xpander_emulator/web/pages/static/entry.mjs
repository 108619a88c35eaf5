/* One entry of the journal: why it was answered so, what was sent, what came back, and how to use it elsewhere. */

import { html } from "./vendor/htm-preact.mjs";
import { asCurl, asPytest, asScenario, target } from "./copies.mjs";
import { Copy } from "./frame.mjs";
import { Json } from "./json.mjs";
import { Mark } from "./mark.mjs";
import { length } from "./words.mjs";

export function Entry({ entry, task, of, back }) {
  const query = of === null ? "" : `?${new URLSearchParams({ namespace: of })}`;
  return html`<section class="detail" aria-label="The chosen request">
    <header class="task-head">
      <button class="plain back" onClick=${back}>← Requests</button>
      <p class="status"><span class=${`code c${Math.floor(entry.status / 100)}`}>${entry.status}</span> ${entry.ms === null ? "goes on" : length(entry.ms)}${entry.events !== null && `, ${entry.events} events`}</p>
      <h2>${entry.method} <span class="path">${target(entry)}</span></h2>
      <p class="soft meta"><span>#${entry.id}</span><span>${entry.operation ?? "no operation"}</span><span>${entry.time}</span>
        ${entry.task_id && html`<a href=${`/__emulator/${query}#${encodeURIComponent(entry.task_id)}`}>${entry.task_status && html`<${Mark} status=${entry.task_status} />`}Its task</a>`}
      </p>
      <div class="moves">
        <${Copy} text=${() => asCurl(entry, location.origin)}>Copy as curl<//>
        <${Copy} text=${() => asPytest(entry, task)}>Copy as pytest test<//>
        ${task && html`<${Copy} text=${() => asScenario(task)}>Copy as scenario<//>`}
      </div>
    </header>
    <section class="card"><h3>Why</h3><ul class="why-list">${entry.explanation.map((line) => html`<li>${line}</li>`)}</ul></section>
    ${entry.violations.length > 0 && html`<${Violations} violations=${entry.violations} />`}
    <${Near} entry=${entry} />
    <div class="pair">
      <${Message} title="Request" message=${entry.request} />
      <${Message} title="Answer" message=${entry.answer} />
    </div>
  </section>`;
}

function Violations({ violations }) {
  return html`<section class="card broken"><h3>It breaks the contract</h3><ul class="why-list">
    ${violations.map((each) => html`<li><code>${each.loc.join(".")}</code>: ${each.msg}${each.ctx?.error && `: ${each.ctx.error}`}${each.input !== undefined && html` <span class="soft">– sent: <code>${JSON.stringify(each.input)}</code></span>`}</li>`)}
  </ul></section>`;
}

function Near({ entry }) {
  if (!entry.near_misses.length && !entry.nearest.length) return null;
  return html`<section class="card"><h3>What nearly fitted</h3><ul class="why-list">
    ${entry.nearest.map((each) => html`<li><code>${each.method} ${each.path}</code> <span class="soft">${each.operation}</span></li>`)}
    ${entry.near_misses.map((each) => html`<li><strong>${each.scenario}</strong> <span class="soft mono">${each.source}</span><ul>${each.differences.map((difference) => html`<li>${difference.told}</li>`)}</ul></li>`)}
  </ul></section>`;
}

function Message({ title, message }) {
  const { body, headers } = message;
  return html`<section class="card">
    <div class="row-head"><h3>${title}</h3><span class="soft small">${message.size} bytes${message.cut && ", shown in part"}</span></div>
    ${body === null ? html`<p class="soft small">No body</p>` : typeof body === "object" ? html`<${Json} value=${body} />` : html`<pre class="json" tabindex="0">${String(body)}</pre>`}
    <details><summary class="small">${Object.keys(headers).length} headers</summary>
      <dl class="facts mono">${Object.entries(headers).map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}</dl>
    </details>
  </section>`;
}
