/* The actions on a task: only those that are legal now, the decision that it waits for first. */

import { page } from "./dashboard_state.mjs";
import { StatusIcon } from "./status_icon.mjs";
import { useState } from "./vendor/hooks.mjs";
import { html } from "./vendor/htm-preact.mjs";
import { ENDED, groupDecisions, humanize, signalWord, WAITING, waitsFor } from "./words.mjs";

// The properties of a pause that have a place of their own.
const PLACED = ["wait_node_id", "title", "content", "connector_name", "scopes", "link"];
// Exits that need no decision.
const BY_TIME = ["after", "polls", "expire"];

/** @param {Task} task */
const pathOf = (task) => `/tasks/${encodeURIComponent(task.id)}`;

/**
 * Give a task a signal.
 * @param {Task} task
 * @param {string} signal
 * @param {string} [reason]
 * @param {unknown} [payload]
 */
const decide = (task, signal, reason = "", payload = null) =>
  page.act("POST", `${pathOf(task)}/signals`, { signal, by: "dashboard", reason: reason || null, payload });

/**
 * The decision that a task waits for, and a button for each signal that it accepts.
 * @param {{task: TaskDetails}} props
 */
export function Decision({ task }) {
  const [reason, setReason] = useState("");
  const kind = waitsFor(task);
  const pause = task.pause ?? {};
  const { consents, refusals, own, expires } = groupDecisions(task);
  const button = (/** @type {string} */ name, /** @type {string} */ look) =>
    html`<button class=${look} onClick=${() => decide(task, name, reason)}>${signalWord(name)}</button>`;
  const type = (/** @type {{target: HTMLInputElement}} */ { target }) => setReason(target.value);
  const isAlone = !consents.length && !refusals.length;
  return html`
    <section class="decision" aria-label=${WAITING[kind]}>
      <p class="kind"><${StatusIcon} status="paused" />${WAITING[kind]}</p>
      <h3>${pause.title || (pause.connector_name ? `Access to ${pause.connector_name}` : humanize(task.step))}</h3>
      ${pause.content && html`<p class="content">${pause.content}</p>`}
      ${pause.scopes?.length > 0 && html`<${Scopes} scopes=${pause.scopes} />`}
      <${OtherProperties} pause=${pause} />
      <label>
        Reason <span class="soft">(optional)</span>
        <input maxlength="10000" value=${reason} onInput=${type} />
      </label>
      <div class="answers">
        ${consents.map((name) => button(name, "first"))}
        ${refusals.map((name) => button(name, "danger"))}
        ${own.length > 0 && html`<${OwnSignals} task=${task} names=${own} reason=${reason} isAlone=${isAlone} />`}
        ${expires && button("expire", "plain")}
        ${pause.link && html`<${PersonLink} link=${pause.link} kind=${kind} />`}
      </div>
    </section>
  `;
}

/** @param {{scopes: string[]}} props */
const Scopes = ({ scopes }) => html`
  <ul class="plain-list mono">${scopes.map((scope) => html`<li>${scope}</li>`)}</ul>
`;

/** @param {{link: string, kind: string}} props */
const PersonLink = ({ link, kind }) => html`
  <a class="quiet-link" href=${new URL(link).pathname} target="_blank" rel="noopener">
    Open the page that ${kind === "credential" ? "its owner" : "the person"} gets
  </a>
`;

/** @param {{pause: Record<string, any>}} props */
function OtherProperties({ pause }) {
  const others = Object.entries(pause).filter(([name, value]) => !PLACED.includes(name) && value !== null);
  if (!others.length) return null;
  const text = (/** @type {unknown} */ value) => (typeof value === "string" ? value : JSON.stringify(value));
  return html`
    <dl class="facts">${others.map(([name, value]) => html`<dt>${humanize(name)}</dt><dd>${text(value)}</dd>`)}</dl>
  `;
}

/**
 * The signals that the scenario defines, with a payload.
 * @param {{task: Task, names: string[], reason: string, isAlone: boolean}} props
 */
function OwnSignals({ task, names, reason, isAlone }) {
  const [text, setText] = useState("");
  const [problem, setProblem] = useState("");
  const send = (/** @type {string} */ name) => {
    try {
      const payload = text.trim() ? JSON.parse(text) : null;
      setProblem("");
      decide(task, name, reason, payload);
    } catch {
      setProblem("The payload is not JSON.");
    }
  };
  const type = (/** @type {{target: HTMLTextAreaElement}} */ { target }) => setText(target.value);
  const look = isAlone ? "first" : "";
  return html`
    ${names.map((name) => html`<button class=${look} onClick=${() => send(name)}>${signalWord(name)}</button>`)}
    <details>
      <summary>Payload</summary>
      <textarea class="mono" aria-label="Payload, as JSON" placeholder='{"amount": 12}' value=${text} onInput=${type} />
      ${problem && html`<p role="alert" class="wrong">${problem}</p>`}
    </details>
  `;
}

/**
 * The actions that move a task without a decision.
 * @param {{task: TaskDetails}} props
 */
export function Moves({ task }) {
  if (ENDED.has(task.status) && !task.waits_for.length) return null;
  const skip = (/** @type {string} */ until) => page.act("POST", `${pathOf(task)}/skip`, until ? { until } : {});
  const steps = stepsByTime(task);
  const skipUntil = (/** @type {{target: HTMLSelectElement}} */ { target }) => {
    if (target.value) skip(target.value);
    target.value = "";
  };
  const isPolled = task.graph.edges.some((edge) => edge.from === task.step && edge.by === "polls");
  return html`
    <div class="moves" role="group" aria-label="Move this task">
      ${
        (task.next_change !== null || isPolled) &&
        html`<button class="plain" onClick=${() => skip("")}>Skip to the next change</button>`
      }
      ${steps.length > 0 && html`<${SkipUntil} steps=${steps} skipUntil=${skipUntil} />`}
      ${
        task.waits_for.includes("stop") &&
        html`<button class="plain danger" onClick=${() => decide(task, "stop")}>Stop</button>`
      }
    </div>
  `;
}

/** @param {{steps: string[], skipUntil: (event: {target: HTMLSelectElement}) => void}} props */
const SkipUntil = ({ steps, skipUntil }) => html`
  <select class="plain" aria-label="Skip until" onChange=${skipUntil}>
    <option value="">Skip until…</option>
    ${steps.map((name) => html`<option value=${name}>${name}</option>`)}
  </select>
`;

/**
 * Return the steps that a task reaches by time or by reads alone, in their order.
 * @param {TaskDetails} task
 */
function stepsByTime(task) {
  const steps = /** @type {string[]} */ ([]);
  const exitOf = (/** @type {string} */ id) =>
    task.graph.edges.find((edge) => edge.from === id && BY_TIME.includes(edge.by));
  for (let edge = exitOf(task.step); edge && !steps.includes(edge.to); edge = exitOf(edge.to)) steps.push(edge.to);
  return steps;
}
