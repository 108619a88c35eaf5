/* The clock of the namespace: what it shows, how it goes, and how to move it on. */

import { html } from "./vendor/htm-preact.mjs";
import { useEffect, useState } from "./vendor/hooks.mjs";
import { act, clock, tasks } from "./store.mjs";
import { instant, length } from "./words.mjs";

const MODES = ["real", "scaled", "manual", "auto"];
const STEPS = ["1s", "1m", "1h", "1d"];
const TICK_MS = 250;

/** Return what a clock shows now, in ms, after what it showed when it was read. */
function nowOf(clock) {
  const pace = { real: 1, scaled: clock.scale }[clock.mode] ?? 0;
  return Date.parse(clock.now) + (performance.now() - clock.readAt) * pace;
}

/** Render again as the clock goes, and return what it shows. */
function useNow(clock) {
  const [, tick] = useState(0);
  const goes = clock.mode === "real" || clock.mode === "scaled";
  useEffect(() => {
    if (!goes) return undefined;
    const timer = setInterval(() => tick((count) => count + 1), TICK_MS);
    return () => clearInterval(timer);
  }, [goes]);
  return nowOf(clock);
}

const advance = (by) => act("POST", "/clock/advance", { by });

export function ClockBar() {
  const seen = clock.value;
  if (!seen) return html`<section class="clock" aria-label="Clock" />`;
  return html`<section class="clock" aria-label="Clock">
    <${Shows} seen=${seen} />
    <${Mode} seen=${seen} />
    <div class="group" role="group" aria-label="Move the clock on">
      ${STEPS.map((by) => html`<button class="plain" onClick=${() => advance(by)}>+${by.replace("m", " min").replace(/([shd])$/, " $1")}</button>`)}
      <${Custom} />
    </div>
    <${Next} seen=${seen} />
  </section>`;
}

function Shows({ seen }) {
  const { day, time } = instant(useNow(seen));
  return html`<p class="shows"><span class="soft">${day}</span> <strong class="mono">${time}</strong> <span class="soft">UTC</span></p>`;
}

function Mode({ seen }) {
  const choose = (event) => act("PUT", "/clock", { mode: event.target.value });
  const scale = (event) => act("PUT", "/clock", { mode: "scaled", scale: Number(event.target.value) });
  return html`<div class="mode">
    <select aria-label="Clock mode" value=${seen.mode} onChange=${choose}>
      ${MODES.map((mode) => html`<option value=${mode} selected=${mode === seen.mode}>${mode}</option>`)}
    </select>
    ${seen.mode === "scaled" && html`<label class="scale">×<input type="number" min="0.01" step="any" aria-label="Seconds in one second" key=${seen.scale} defaultValue=${seen.scale} onChange=${scale} /></label>`}
  </div>`;
}

function Custom() {
  const send = (event) => {
    event.preventDefault();
    const field = event.target.elements.by;
    if (field.value.trim()) advance(field.value.trim()).then((done) => done && (field.value = ""));
  };
  return html`<form class="by" onSubmit=${send}><input name="by" size="6" placeholder="90s, 2h" aria-label="Another length, such as 90s or 2h" /><button class="plain">Advance</button></form>`;
}

function Next({ seen }) {
  const now = useNow(seen);
  const dues = (tasks.value ?? []).filter((task) => task.next_change !== null).map((task) => task.next_change);
  if (!dues.length) return html`<p class="next soft">Nothing is due</p>`;
  const next = dues.reduce((one, other) => (one < other ? one : other));
  const go = () => act("POST", "/clock/advance", { to: next });
  const left = Date.parse(next) - now;
  return html`<button class="plain next" onClick=${go} disabled=${left <= 0} title=${`To ${next}`}>Next change in ${length(left)} <span aria-hidden="true">→</span></button>`;
}
