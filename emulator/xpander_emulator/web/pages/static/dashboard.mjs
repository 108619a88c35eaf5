/* The dashboard: the tasks of a namespace, live, waiting tasks first. */

import { ClockBar } from "./clock_bar.mjs";
import { announcement, page, selectedId, tasks } from "./dashboard_state.mjs";
import { Announcement, Banners, Bar, Copy, useIsXpander } from "./frame.mjs";
import { StartDialog, startScenario } from "./start_dialog.mjs";
import { TaskSection } from "./task.mjs";
import { TaskList } from "./task_list.mjs";
import { useState } from "./vendor/hooks.mjs";
import { html, render } from "./vendor/htm-preact.mjs";

function Page() {
  const [isStarting, setStarting] = useState(false);
  const openDialog = () => setStarting(true);
  return html`
    <${Bar} page=${page}><${Reset} /><//>
    <${ClockBar} />
    <${Banners} page=${page} />
    <main class=${`board ${selectedId.value ? "picked" : ""}`}><${Board} openDialog=${openDialog} /></main>
    <${Announcement}>${announcement.value}<//>
    ${isStarting && html`<${StartDialog} close=${() => setStarting(false)} />`}
  `;
}

/** @param {{openDialog: () => void}} props */
function Board({ openDialog }) {
  if (tasks.value === null) return html`<p class="soft wide">Reading…</p>`;
  if (!tasks.value.length) return html`<${Empty} openDialog=${openDialog} />`;
  return html`<${TaskList} openDialog=${openDialog} /><${TaskSection} />`;
}

function Reset() {
  const [isAsking, setAsking] = useState(false);
  const reset = () => {
    setAsking(false);
    page.act("POST", "/reset");
  };
  if (!isAsking) return html`<button class="plain" onClick=${() => setAsking(true)}>Reset</button>`;
  const focus = (/** @type {HTMLElement | null} */ button) => button?.focus();
  return html`
    <span class="sure" role="group" aria-label="Reset">
      <button class="plain danger" onClick=${reset} ref=${focus}>Delete its tasks and journal, reset its clock</button>
      <button class="plain" onClick=${() => setAsking(false)}>Cancel</button>
    </span>
  `;
}

/**
 * The first steps, in a namespace without tasks.
 * @param {{openDialog: () => void}} props
 */
function Empty({ openDialog }) {
  const isXpander = useIsXpander();
  const start = () =>
    startScenario("approval").catch((error) => {
      page.problem.value = error.message;
    });
  return html`
    <section class="empty">
      <h2>No task yet</h2>
      <p>
        A task follows a scenario: it runs, it may wait for a person or a credential, it ends.
        Begin with the scenario that waits for an approval.
      </p>
      <p class="actions">
        <button class="first" onClick=${start}>Start “approval”</button>
        <button onClick=${openDialog}>Choose a scenario</button>
      </p>
      <p class="soft">Or start a task from your program: every task appears here by itself.</p>
      ${isXpander && html`<${Curl} />`}
    </section>
  `;
}

function Curl() {
  const curl = `curl -X POST ${location.origin}/v1/workflows/approval/invoke/async \\
  -H 'x-api-key: local' -H 'Content-Type: application/json' \\
  -d '{"input": {"text": "Refund order 1042"}}'`;
  return html`
    <pre class="curl" tabindex="0">${curl}</pre>
    <p><${Copy} text=${() => curl}>Copy the curl<//></p>
  `;
}

render(html`<${Page} />`, /** @type {HTMLElement} */ (document.getElementById("page")));
page.begin();
