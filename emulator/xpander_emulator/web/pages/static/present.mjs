/* The presenter mode: one scenario at a time, in large type, by keyboard. */

import { Diagram } from "./diagram.mjs";
import { Announcement, Banners } from "./frame.mjs";
import { changes, JsonView } from "./json_view.mjs";
import * as state from "./present_state.mjs";
import { StatusIcon } from "./status_icon.mjs";
import { useEffect, useState } from "./vendor/hooks.mjs";
import { html, render } from "./vendor/htm-preact.mjs";
import { causeWord, ENDED, signalWord, WAITING, waits, waitsFor } from "./words.mjs";

const { answers, before, graph, index, item, page, playlist, speed, task } = state;

// The properties of a task that an audience sees, and as many others that have just changed as there is room for.
const SHOWN = ["status", "internal_status", "hitl_request", "pending_eca_request", "result"];
const HIDDEN = /_at$|_id$|^tokens$|^source$/;
const MAX_SHOWN = 7;

const KEYS = [
  ["Space", "Start the scenario, or start it again"],
  ["→ ←", "Next and previous scenario"],
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

const showNext = () => state.turnTo(index.value + 1);
const showPrevious = () => state.turnTo(index.value - 1);
const faster = () => state.hurry(1);
const slower = () => state.hurry(-1);

/** @type {Record<string, () => unknown>} */
const ACTIONS = {
  ArrowRight: showNext,
  PageDown: showNext,
  ArrowLeft: showPrevious,
  PageUp: showPrevious,
  " ": state.start,
  Enter: state.start,
  s: state.skip,
  "+": faster,
  "=": faster,
  "-": slower,
  0: state.rewind,
  Home: state.rewind,
  f: toggleFullScreen,
};

function toggleFullScreen() {
  if (document.fullscreenElement) document.exitFullscreen();
  else document.documentElement.requestFullscreen();
}

function Page() {
  const [isHelpOpen, setHelpOpen] = useState(false);
  const toggleHelp = () => setHelpOpen((isOpen) => !isOpen);
  useEffect(() => {
    const onKeyDown = (/** @type {KeyboardEvent} */ event) => {
      const { key } = event;
      const isOnControl = /** @type {Element} */ (event.target).closest?.("button, a, dialog");
      if (event.ctrlKey || event.metaKey || event.altKey || (isOnControl && [" ", "Enter"].includes(key))) return;
      const answer = answers.value.find((each) => each.key === key.toLowerCase());
      const action = answer ? () => state.decide(answer.name) : (ACTIONS[key] ?? ACTIONS[key.toLowerCase()]);
      if (key === "Escape") setHelpOpen(false);
      else if (key === "?") setHelpOpen((isOpen) => !isOpen);
      else if (action) {
        action();
        event.preventDefault();
      }
    };
    addEventListener("keydown", onKeyDown);
    return () => removeEventListener("keydown", onKeyDown);
  }, []);
  const announcement = task.value ? `${task.value.step}: ${task.value.status}` : item.value?.title;
  return html`
    <${Banners} page=${page} />
    ${playlist.value && html`<${Stage} playlist=${playlist.value} toggleHelp=${toggleHelp} />`}
    ${isHelpOpen && html`<${Help} close=${() => setHelpOpen(false)} />`}
    <${Announcement}>${announcement}<//>
  `;
}

/** @param {{playlist: Playlist, toggleHelp: () => void}} props */
function Stage({ playlist, toggleHelp }) {
  const history = task.value?.history ?? [];
  return html`
    <header class="opening">
      <p class="soft">${playlist.title}</p>
      <h1>${item.value?.title}</h1>
      <p class="says">${item.value?.says}</p>
    </header>
    <main class="stage">
      <div class="picture">
        ${graph.value && html`<${Diagram} key=${index.value} graph=${graph.value} history=${history} big=${true} />`}
      </div>
      <div class="sides"><${Client} /><${Person} /></div>
    </main>
    <${Controls} count=${playlist.stories.length} toggleHelp=${toggleHelp} />
  `;
}

/** @param {{count: number, toggleHelp: () => void}} props */
function Controls({ count, toggleHelp }) {
  const number = index.value + 1;
  return html`
    <footer class="keys">
      <button class="plain" aria-label="Previous scenario" disabled=${number === 1} onClick=${showPrevious}>←</button>
      <span class="count" aria-label=${`Scenario ${number} of ${count}`}>${number} / ${count}</span>
      <button class="plain" aria-label="Next scenario" disabled=${number === count} onClick=${showNext}>→</button>
      <span class="speed">
        <button class="plain" aria-label="Slower" onClick=${slower}>−</button>
        <span>${` ×${speed.value} `}</span>
        <button class="plain" aria-label="Faster" onClick=${faster}>+</button>
      </span>
      <button class="plain" onClick=${state.rewind}>Back to the start</button>
      <a href=${`/__emulator/?namespace=${page.namespace.value}`}>Tasks</a>
      <button class="plain" aria-label="Keys" onClick=${toggleHelp}>?</button>
    </footer>
  `;
}

function Client() {
  const snapshot = task.value?.snapshot;
  const changed = snapshot ? changes(snapshot, before.value).filter((name) => !HIDDEN.test(name)) : [];
  const names = [...new Set([...SHOWN, ...changed])].filter((name) => snapshot && name in snapshot).slice(0, MAX_SHOWN);
  const pick = (/** @type {Moment["snapshot"]} */ whole) =>
    Object.fromEntries(names.map((name) => [name, whole[name]]));
  const previous = before.value && pick(before.value);
  return html`
    <section class="side">
      <h2>What the client sees</h2>
      ${
        snapshot
          ? html`<${JsonView} value=${pick(snapshot)} before=${previous} withEmpty=${false} withPrevious=${false} />`
          : html`<p class="soft">Nothing yet. No task was started.</p>`
      }
    </section>
  `;
}

function Person() {
  if (!task.value) return html`<section class="side begin"><${StartButton} word="Start" look="first" /></section>`;
  if (waits(task.value)) return html`<${Pause} task=${task.value} />`;
  if (ENDED.has(task.value.status)) return html`<${End} task=${task.value} />`;
  return html`
    <section class="side">
      <h2>What the person sees</h2>
      <p class="soft">Nobody is asked now.</p>
      <${LastDecision} task=${task.value} />
    </section>
  `;
}

/** @param {{word: string, look?: string}} props */
const StartButton = ({ word, look = "" }) => html`
  <button class=${look} onClick=${state.start}>${word} <kbd>Space</kbd></button>
`;

/** @param {{task: TaskDetails}} props */
function LastDecision({ task }) {
  const decision = task.history.findLast((visit) => visit.by !== null);
  return decision && html`<p>${causeWord(decision.cause)} by ${decision.by}</p>`;
}

/** @param {{task: TaskDetails}} props */
function End({ task }) {
  return html`
    <section class="side">
      <h2>How it ended</h2>
      <p class=${`end status ${task.status}`}><${StatusIcon} status=${task.status} size=${28} />${task.status}</p>
      <${LastDecision} task=${task} />
      <${StartButton} word="Again" />
    </section>
  `;
}

/** @param {{task: TaskDetails}} props */
function Pause({ task }) {
  const pause = task.pause ?? {};
  return html`
    <section class="side asked">
      <h2><${StatusIcon} status="paused" />${WAITING[waitsFor(task)]}</h2>
      <p class="large">${pause.title || pause.connector_name || task.step}</p>
      ${pause.content && html`<p class="content">${pause.content}</p>`}
      ${pause.scopes?.length > 0 && html`<p class="mono">${pause.scopes.join(" ")}</p>`}
      <div class="answers">
        ${answers.value.map(
          ({ name, key, kind }) => html`
            <button class=${kind} onClick=${() => state.decide(name)}>
              ${signalWord(name)} <kbd>${key.toUpperCase()}</kbd>
            </button>
          `,
        )}
      </div>
    </section>
  `;
}

/** @param {{close: () => void}} props */
function Help({ close }) {
  const focus = (/** @type {HTMLElement | null} */ button) => button?.focus();
  return html`
    <dialog open aria-labelledby="keys-title" class="help">
      <div class="row-head">
        <h2 id="keys-title">Keys</h2>
        <button class="plain" ref=${focus} onClick=${close}>Close</button>
      </div>
      <dl class="facts">${KEYS.map(([key, effect]) => html`<dt><kbd>${key}</kbd></dt><dd>${effect}</dd>`)}</dl>
    </dialog>
  `;
}

render(html`<${Page} />`, /** @type {HTMLElement} */ (document.getElementById("page")));
page.begin();
