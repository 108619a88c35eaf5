/* Presenter mode: one scenario at a time, large, by keyboard. */

import { html, render } from "./vendor/htm-preact.mjs";
import { useEffect, useState } from "./vendor/hooks.mjs";
import { Diagram } from "./diagram.mjs";
import { Banners, Said } from "./frame.mjs";
import { Json, changes } from "./json.mjs";
import { Mark } from "./mark.mjs";
import { answers, before, begin, connected, decide, graph, hurry, index, item, playlist, problem, rewind, skip, speed, start, task, turnTo } from "./show.mjs";
import { ENDED, WAITING, causeWord, signalWord, waits, waitsFor } from "./words.mjs";

const TOLD = ["status", "internal_status", "hitl_request", "pending_eca_request", "result"];
const DULL = /_at$|_id$|^tokens$|^source$/;
const MOST_TOLD = 7;

const KEYS = [
  ["Space", "Start the scenario, or start it again"],
  ["→ ←", "Next scenario, the one before"],
  ["A", "Approve, or authorize"],
  ["R", "Reject, or deny"],
  ["X", "Let it expire"],
  ["1 – 9", "A signal that the scenario defines"],
  ["S", "Skip to the next change"],
  ["+ −", "Faster, slower"],
  ["0", "Everything back to the start"],
  ["F", "Full screen"],
  ["?", "This list"],
];

function fullScreen() {
  if (document.fullscreenElement) document.exitFullscreen();
  else document.documentElement.requestFullscreen();
}

/** Do what a key means; tell whether it means something. */
function press(key, help) {
  const answer = answers.value.find((each) => each.key === key.toLowerCase());
  const acts = {
    ArrowRight: () => turnTo(index.value + 1),
    PageDown: () => turnTo(index.value + 1),
    ArrowLeft: () => turnTo(index.value - 1),
    PageUp: () => turnTo(index.value - 1),
    " ": start,
    Enter: start,
    s: skip,
    "+": () => hurry(1),
    "=": () => hurry(1),
    "-": () => hurry(-1),
    0: rewind,
    Home: rewind,
    f: fullScreen,
    "?": help,
  };
  const act = answer ? () => decide(answer.name) : (acts[key] ?? acts[key.toLowerCase()]);
  act?.();
  return Boolean(act);
}

function Page() {
  const [isHelping, setHelping] = useState(false);
  const help = () => setHelping((is) => !is);
  useEffect(() => {
    const hear = (event) => {
      const isOnControl = event.target.closest?.("button, a, dialog");
      if (event.ctrlKey || event.metaKey || event.altKey || (isOnControl && [" ", "Enter"].includes(event.key))) return;
      if (event.key === "Escape") setHelping(false);
      else if (press(event.key, help)) event.preventDefault();
    };
    addEventListener("keydown", hear);
    return () => removeEventListener("keydown", hear);
  }, []);
  return html`<${Banners} connected=${connected.value} problem=${problem.value} dismiss=${() => (problem.value = "")} />
    ${item.value && html`<${Stage} help=${help} />`}
    ${isHelping && html`<${Help} close=${() => setHelping(false)} />`}
    <${Said}>${task.value ? `${task.value.step}: ${task.value.status}` : (item.value?.title ?? "")}<//>`;
}

function Stage({ help }) {
  const { title, says } = item.value;
  const count = playlist.value.stories.length;
  return html`<header class="opening">
      <p class="soft">${playlist.value.title}</p>
      <h1>${title}</h1>
      <p class="says">${says}</p>
    </header>
    <main class="stage">
      <div class="picture">${graph.value && html`<${Diagram} key=${index.value} graph=${graph.value} history=${task.value?.history ?? []} big=${true} />`}</div>
      <div class="sides"><${Client} /><${Person} /></div>
    </main>
    <footer class="keys">
      <button class="plain" aria-label="Previous scenario" disabled=${index.value === 0} onClick=${() => turnTo(index.value - 1)}>←</button>
      <span class="count" aria-label=${`Scenario ${index.value + 1} of ${count}`}>${index.value + 1} / ${count}</span>
      <button class="plain" aria-label="Next scenario" disabled=${index.value === count - 1} onClick=${() => turnTo(index.value + 1)}>→</button>
      <span class="speed"><button class="plain" aria-label="Slower" onClick=${() => hurry(-1)}>−</button> <span>×${speed.value}</span> <button class="plain" aria-label="Faster" onClick=${() => hurry(1)}>+</button></span>
      <button class="plain" onClick=${rewind}>Back to the start</button>
      <a href="/__emulator/?namespace=presenter">Tasks</a>
      <button class="plain" aria-label="Keys" onClick=${help}>?</button>
    </footer>`;
}

function Client() {
  const seen = task.value?.snapshot;
  return html`<section class="side"><h2>What the client sees</h2>
    ${seen ? html`<${Json} value=${told(seen, TOLD)} before=${before.value && told(before.value, TOLD)} withEmpty=${false} withWas=${false} />` : html`<p class="soft">Nothing yet. No task was started.</p>`}
  </section>`;
}

/** Return the fields that matter most, and those that have just changed. */
function told(seen, names) {
  const news = changes(task.value.snapshot, before.value).filter((name) => !DULL.test(name));
  const shown = [...new Set([...names, ...news])].filter((name) => name in seen).slice(0, MOST_TOLD);
  return Object.fromEntries(shown.map((name) => [name, seen[name]]));
}

function Person() {
  const now = task.value;
  if (!now) return html`<section class="side begin"><button class="first" onClick=${start}>Start <kbd>Space</kbd></button></section>`;
  if (waits(now)) return html`<${Asked} now=${now} />`;
  const decision = now.history.findLast((visit) => visit.by !== null);
  const isOver = ENDED.has(now.status);
  return html`<section class="side"><h2>${isOver ? "How it ended" : "What the person sees"}</h2>
    ${isOver ? html`<p class=${`end status ${now.status}`}><${Mark} status=${now.status} size=${28} />${now.status}</p>` : html`<p class="soft">Nobody is asked now.</p>`}
    ${decision && html`<p>${causeWord(decision.cause)} by ${decision.by}</p>`}
    ${isOver && html`<button onClick=${start}>Again <kbd>Space</kbd></button>`}
  </section>`;
}

function Asked({ now }) {
  const pause = now.pause ?? {};
  return html`<section class="side asked"><h2><${Mark} status="paused" />${WAITING[waitsFor(now)]}</h2>
    <p class="large">${pause.title || pause.connector_name || now.step}</p>
    ${pause.content && html`<p class="content">${pause.content}</p>`}
    ${pause.scopes?.length > 0 && html`<p class="mono">${pause.scopes.join(" ")}</p>`}
    <div class="answers">${answers.value.map(({ name, key, kind }) => html`<button class=${kind} onClick=${() => decide(name)}>${signalWord(name)} <kbd>${key.toUpperCase()}</kbd></button>`)}</div>
  </section>`;
}

function Help({ close }) {
  return html`<dialog open aria-labelledby="keys-title" class="help">
    <div class="row-head"><h2 id="keys-title">Keys</h2><button class="plain" ref=${(button) => button?.focus()} onClick=${close}>Close</button></div>
    <dl class="facts">${KEYS.map(([key, what]) => html`<dt><kbd>${key}</kbd></dt><dd>${what}</dd>`)}</dl>
  </dialog>`;
}

render(html`<${Page} />`, document.getElementById("page"));
begin();
