/* The dashboard: the tasks of a namespace, live; who waits for somebody stands first, and is shown. */

import { html, render } from "./vendor/htm-preact.mjs";
import { useState } from "./vendor/hooks.mjs";
import { ClockBar } from "./clockbar.mjs";
import { Banners, Bar, Copy, Said, useIsXpander } from "./frame.mjs";
import { Start, startScenario } from "./start.mjs";
import { act, begin, connected, enter, namespace, picked, problem, said, tasks } from "./store.mjs";
import { Task } from "./task.mjs";
import { TaskList } from "./tasks.mjs";

function Page() {
  const [isStarting, setStarting] = useState(false);
  const start = () => setStarting(true);
  return html`<${Bar} namespace=${namespace.value} enter=${enter}><${Reset} /><//>
    <${ClockBar} />
    <${Banners} connected=${connected.value} problem=${problem.value} dismiss=${() => (problem.value = "")} />
    <main class=${`board ${picked.value ? "picked" : ""}`}>
      ${tasks.value === null ? html`<p class="soft wide">Reading…</p>` : tasks.value.length ? html`<${TaskList} start=${start} /><${Task} />` : html`<${Empty} start=${start} />`}
    </main>
    <${Said}>${said.value}<//>
    ${isStarting && html`<${Start} close=${() => setStarting(false)} />`}`;
}

function Reset() {
  const [isAsked, ask] = useState(false);
  const go = () => {
    ask(false);
    act("POST", "/reset");
  };
  if (!isAsked) return html`<button class="plain" onClick=${() => ask(true)}>Reset</button>`;
  return html`<span class="sure" role="group" aria-label="Reset"><button class="plain danger" onClick=${go} ref=${(button) => button?.focus()}>Delete its tasks and journal, reset its clock</button><button class="plain" onClick=${() => ask(false)}>Cancel</button></span>`;
}

/** What to do first. */
function Empty({ start }) {
  const curl = `curl -X POST ${location.origin}/v1/workflows/approval/invoke/async \\
  -H 'x-api-key: local' -H 'Content-Type: application/json' \\
  -d '{"input": {"text": "Refund order 1042"}}'`;
  const first = () => startScenario("approval").catch((error) => (problem.value = error.message));
  return html`<section class="empty">
    <h2>No task yet</h2>
    <p>A task follows a scenario: it runs, it may wait for a person or a credential, it ends. Begin with the scenario that waits for an approval.</p>
    <p class="actions"><button class="first" onClick=${first}>Start “approval”</button><button onClick=${start}>Choose a scenario</button></p>
    <p class="soft">Or let your program do it: every task that it starts appears here by itself.</p>
    ${useIsXpander() && html`<pre class="curl" tabindex="0">${curl}</pre>
    <p><${Copy} text=${() => curl}>Copy the curl<//></p>`}
  </section>`;
}

render(html`<${Page} />`, document.getElementById("page"));
begin();
