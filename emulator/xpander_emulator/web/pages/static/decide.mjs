/* What can be done to a task now: only what is legal, the decision that it waits for first. */

import { html } from "./vendor/htm-preact.mjs";
import { useState } from "./vendor/hooks.mjs";
import { Mark } from "./mark.mjs";
import { act } from "./store.mjs";
import { ENDED, WAITING, decisions, humanize, signalWord, waitsFor } from "./words.mjs";

const BY = "dashboard";
const GOOD = ["approve", "authorize"];
const BAD = ["reject", "deny"];
const SHOWN = ["wait_node_id", "title", "content", "connector_name", "scopes", "link"];

/** Send a signal to a task. */
export const decide = (task, signal, reason = "", payload = null) =>
  act("POST", `/tasks/${encodeURIComponent(task.id)}/signals`, { signal, by: BY, reason: reason || null, payload });

/** What a task waits for, and the answers. */
export function Decision({ task }) {
  const [reason, setReason] = useState("");
  const kind = waitsFor(task);
  const pause = task.pause ?? {};
  const answers = decisions(task).filter((name) => name !== "expire");
  const own = answers.filter((name) => ![...GOOD, ...BAD].includes(name));
  return html`<section class="decision" aria-label=${WAITING[kind]}>
    <p class="kind"><${Mark} status="paused" />${WAITING[kind]}</p>
    <h3>${pause.title || (pause.connector_name ? `Access to ${pause.connector_name}` : humanize(task.step))}</h3>
    ${pause.content && html`<p class="content">${pause.content}</p>`}
    ${pause.scopes?.length > 0 && html`<ul class="plain-list mono">${pause.scopes.map((scope) => html`<li>${scope}</li>`)}</ul>`}
    <${Further} pause=${pause} />
    <label>Reason <span class="soft">(optional)</span><input maxlength="10000" value=${reason} onInput=${(event) => setReason(event.target.value)} /></label>
    <div class="answers">
      ${answers.filter((name) => GOOD.includes(name)).map((name) => html`<button class="first" onClick=${() => decide(task, name, reason)}>${signalWord(name)}</button>`)}
      ${answers.filter((name) => BAD.includes(name)).map((name) => html`<button class="danger" onClick=${() => decide(task, name, reason)}>${signalWord(name)}</button>`)}
      ${own.length > 0 && html`<${Own} task=${task} names=${own} reason=${reason} isAlone=${own.length === answers.length} />`}
      ${decisions(task).includes("expire") && html`<button class="plain" onClick=${() => decide(task, "expire", reason)}>${signalWord("expire")}</button>`}
      ${pause.link && html`<a class="quiet-link" href=${new URL(pause.link).pathname} target="_blank" rel="noopener">Open the page that ${kind === "credential" ? "its owner" : "the person"} gets</a>`}
    </div>
  </section>`;
}

function Further({ pause }) {
  const rest = Object.entries(pause).filter(([name, value]) => !SHOWN.includes(name) && value !== null);
  if (!rest.length) return null;
  return html`<dl class="facts">${rest.map(([name, value]) => html`<dt>${humanize(name)}</dt><dd>${typeof value === "string" ? value : JSON.stringify(value)}</dd>`)}</dl>`;
}

/** An author's own signals, with what they carry. */
function Own({ task, names, reason, isAlone }) {
  const [payload, setPayload] = useState("");
  const [wrong, setWrong] = useState("");
  const send = (name) => {
    try {
      const carried = payload.trim() ? JSON.parse(payload) : null;
      setWrong("");
      decide(task, name, reason, carried);
    } catch {
      setWrong("What it carries is no JSON.");
    }
  };
  return html`${names.map((name) => html`<button class=${isAlone ? "first" : ""} onClick=${() => send(name)}>${signalWord(name)}</button>`)}
    <details><summary>What it carries</summary><textarea class="mono" aria-label="What it carries, as JSON" placeholder='{"amount": 12}' value=${payload} onInput=${(event) => setPayload(event.target.value)} />${wrong && html`<p role="alert" class="wrong">${wrong}</p>`}</details>`;
}

/** What moves a task on without a decision. */
export function MoveOn({ task }) {
  if (ENDED.has(task.status) && !task.waits_for.length) return null;
  const path = `/tasks/${encodeURIComponent(task.id)}/skip`;
  const targets = reachable(task);
  const until = (event) => {
    const target = event.target.value;
    event.target.value = "";
    if (target) act("POST", path, { until: target });
  };
  const isPolled = task.graph.edges.some((edge) => edge.from === task.step && edge.by === "polls");
  return html`<div class="moves" role="group" aria-label="Move this task on">
    ${(task.next_change !== null || isPolled) && html`<button class="plain" onClick=${() => act("POST", path)}>Skip to the next change</button>`}
    ${targets.length > 0 && html`<select class="plain" aria-label="Skip until" onChange=${until}><option value="">Skip until…</option>${targets.map((name) => html`<option value=${name}>${name}</option>`)}</select>`}
    ${task.waits_for.includes("stop") && html`<button class="plain danger" onClick=${() => decide(task, "stop")}>Stop</button>`}
  </div>`;
}

/** Return the steps at which a task arrives by time alone, in their order; it goes no further than the first pause. */
function reachable(task) {
  const found = [];
  const leads = (id) => task.graph.edges.find((edge) => edge.from === id && ["after", "polls", "expire"].includes(edge.by));
  for (let edge = leads(task.step); edge && !found.includes(edge.to); edge = leads(edge.to)) found.push(edge.to);
  return found;
}
