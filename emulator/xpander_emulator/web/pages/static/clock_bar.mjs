/* The clock of the namespace: the time that it shows, its mode, and how to advance it. */

import { pace } from "./control.mjs";
import { clock, page, tasks } from "./dashboard_state.mjs";
import { useEffect, useState } from "./vendor/hooks.mjs";
import { html } from "./vendor/htm-preact.mjs";
import { duration, instant } from "./words.mjs";

/** @typedef {Clock & {readAt: number}} ReadClock */

const MODES = ["real", "scaled", "manual", "auto"];
const STEPS = { "1s": "+1 s", "1m": "+1 min", "1h": "+1 h", "1d": "+1 d" };
const TICK_MS = 250;

/**
 * Return the time of a clock in ms, and render again as it goes.
 * @param {ReadClock} clock
 */
function useNow(clock) {
  const [, tick] = useState(0);
  const isMoving = pace(clock) > 0;
  useEffect(() => {
    const timer = isMoving ? setInterval(() => tick((count) => count + 1), TICK_MS) : 0;
    return () => clearInterval(timer);
  }, [isMoving]);
  return Date.parse(clock.now) + (performance.now() - clock.readAt) * pace(clock);
}

/** @param {string} by */
const advance = (by) => page.act("POST", "/clock/advance", { by });

export function ClockBar() {
  const time = clock.value;
  if (!time) return html`<section class="clock" aria-label="Clock" />`;
  return html`
    <section class="clock" aria-label="Clock">
      <${Time} time=${time} />
      <${Mode} time=${time} />
      <div class="group" role="group" aria-label="Advance the clock">
        ${Object.entries(STEPS).map(
          ([by, word]) => html`<button class="plain" onClick=${() => advance(by)}>${word}</button>`,
        )}
        <${OtherDuration} />
      </div>
      <${NextChange} time=${time} />
    </section>
  `;
}

/** @param {{time: ReadClock}} props */
function Time({ time }) {
  const shown = instant(useNow(time));
  return html`
    <p class="shows">
      <span class="soft">${shown.day}</span> <strong class="mono">${shown.time}</strong> <span class="soft">UTC</span>
    </p>
  `;
}

/** @param {{time: ReadClock}} props */
function Mode({ time }) {
  const choose = (/** @type {{target: HTMLSelectElement}} */ { target }) =>
    page.act("PUT", "/clock", { mode: target.value });
  const option = (/** @type {string} */ mode) =>
    html`<option value=${mode} selected=${mode === time.mode}>${mode}</option>`;
  return html`
    <div class="mode">
      <select aria-label="Clock mode" value=${time.mode} onChange=${choose}>${MODES.map(option)}</select>
      ${time.mode === "scaled" && html`<${Scale} time=${time} />`}
    </div>
  `;
}

/** @param {{time: ReadClock}} props */
function Scale({ time }) {
  const change = (/** @type {{target: HTMLInputElement}} */ { target }) =>
    page.act("PUT", "/clock", { mode: "scaled", scale: Number(target.value) });
  return html`
    <label class="scale">
      ×<input
        type="number"
        min="0.01"
        step="any"
        aria-label="Seconds in one second"
        key=${time.scale}
        defaultValue=${time.scale}
        onChange=${change}
      />
    </label>
  `;
}

function OtherDuration() {
  const send = async (/** @type {SubmitEvent & {target: HTMLFormElement}} */ event) => {
    event.preventDefault();
    const field = /** @type {HTMLInputElement} */ (event.target.elements.namedItem("by"));
    if (field.value.trim() && (await advance(field.value.trim()))) field.value = "";
  };
  return html`
    <form class="by" onSubmit=${send}>
      <input name="by" size="6" placeholder="90s, 2h" aria-label="Another duration, such as 90s or 2h" />
      <button class="plain">Advance</button>
    </form>
  `;
}

/** @param {{time: ReadClock}} props */
function NextChange({ time }) {
  const now = useNow(time);
  const changes = (tasks.value ?? []).map((task) => task.next_change).filter((change) => change !== null);
  const [next] = changes.toSorted();
  if (!next) return html`<p class="next soft">No change is due</p>`;
  const advanceToNext = () => page.act("POST", "/clock/advance", { to: next });
  const left = Date.parse(next) - now;
  return html`
    <button class="plain next" onClick=${advanceToNext} disabled=${left <= 0} title=${`To ${next}`}>
      Next change in ${duration(left)} <span aria-hidden="true">→</span>
    </button>
  `;
}
