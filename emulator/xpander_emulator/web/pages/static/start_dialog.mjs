/* The dialogue that starts a task: its scenario, its text, and the rest of the request where it matters. */

import { page, select } from "./dashboard_state.mjs";
import { Field, formFields, read as readAt, startRequest, written } from "./schema_form.mjs";
import { useEffect, useRef, useState } from "./vendor/hooks.mjs";
import { html } from "./vendor/htm-preact.mjs";

/** @import { FormField, Json } from "./schema_form.mjs" */

const TEXT = "input.text";
const DEFAULT_SCENARIO = "approval";

/**
 * Start a task that follows a scenario, and show it. Throws Problem.
 * @param {string} scenario
 * @param {Json | null} [request]  null for the example of the contract
 */
export async function startScenario(scenario, request = null) {
  const task = await page.call("POST", "/tasks", { scenario, request });
  select(task.id);
  page.read();
}

/** @param {{close: () => void}} props */
export function StartDialog({ close }) {
  const place = useRef(/** @type {HTMLDialogElement | null} */ (null));
  const [options, setOptions] = useState(/** @type {Awaited<ReturnType<typeof loadOptions>> | null} */ (null));
  const [scenario, setScenario] = useState("");
  const [request, setRequest] = useState(/** @type {Json} */ ({}));
  const [problem, setProblem] = useState("");
  const fail = (/** @type {Error} */ error) => setProblem(error.message);
  const closeDialog = () => place.current?.close();
  useEffect(() => {
    place.current?.showModal();
    loadOptions().then((loaded) => {
      setOptions(loaded);
      const names = loaded.scenarios.map((each) => each.name);
      setScenario(names.includes(DEFAULT_SCENARIO) ? DEFAULT_SCENARIO : (names[0] ?? ""));
      setRequest(loaded.example);
    }, fail);
  }, []);
  const send = (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    startScenario(scenario, request).then(closeDialog, fail);
  };
  return html`
    <dialog ref=${place} onClose=${close} aria-labelledby="start-title">
      <form method="dialog" onSubmit=${send}>
        <header class="row-head">
          <h2 id="start-title">Start a scenario</h2>
          <button type="button" class="plain" onClick=${closeDialog}>Close</button>
        </header>
        <${ScenarioField} scenarios=${options?.scenarios ?? []} scenario=${scenario} change=${setScenario} />
        ${options && html`<${RequestFields} fields=${options.fields} request=${request} change=${setRequest} />`}
        ${problem && html`<p class="wrong" role="alert">${problem}</p>`}
        <footer><button class="first" disabled=${!scenario}>Start</button></footer>
      </form>
    </dialog>
  `;
}

async function loadOptions() {
  const [list, contract] = await Promise.all([page.call("GET", "/scenarios"), page.call("GET", "/contract.json")]);
  const { schema, example } = startRequest(contract);
  const scenarios = /** @type {Summary[]} */ (list.items);
  return { scenarios, example, fields: formFields(contract, schema) };
}

/**
 * @typedef {{name: string, description: string}} Summary
 * @param {{scenarios: Summary[], scenario: string, change: (name: string) => void}} props
 */
function ScenarioField({ scenarios, scenario, change }) {
  const choose = (/** @type {{target: HTMLSelectElement}} */ { target }) => change(target.value);
  return html`
    <div class="field">
      <label for="scenario-name">Scenario</label>
      <select id="scenario-name" value=${scenario} onChange=${choose}>
        ${scenarios.map(({ name }) => html`<option value=${name} selected=${name === scenario}>${name}</option>`)}
      </select>
      <p class="soft about">${scenarios.find((each) => each.name === scenario)?.description}</p>
    </div>
  `;
}

/**
 * @typedef {(next: Json | ((request: Json) => Json)) => void} ChangeRequest
 * @param {{fields: FormField[], request: Json, change: ChangeRequest}} props
 */
function RequestFields({ fields, request, change }) {
  const [isJson, setJson] = useState(false);
  if (isJson) return html`<${RequestJson} request=${request} change=${change} back=${() => setJson(false)} />`;
  const first = fields.filter((field) => field.path.join(".") === TEXT || (field.required && field.kind !== "json"));
  const rest = fields.filter((field) => !first.includes(field));
  const show = (/** @type {FormField} */ field, /** @type {number} */ rows) => {
    const set = (/** @type {unknown} */ value) => change((request) => written(request, field.path, value));
    const value = readAt(request, field.path);
    return html`<${Field} key=${field.path.join(".")} field=${field} value=${value} change=${set} rows=${rows} />`;
  };
  return html`
    ${first.map((field) => show(field, 3))}
    ${
      rest.length > 0 &&
      html`
        <details>
          <summary>${rest.length} more fields</summary>
          <div class="fields">${rest.map((field) => show(field, 0))}</div>
        </details>
      `
    }
    <button type="button" class="plain" onClick=${() => setJson(true)}>Write it as JSON</button>
  `;
}

/** @param {{request: Json, change: ChangeRequest, back: () => void}} props */
function RequestJson({ request, change, back }) {
  const [text, setText] = useState(JSON.stringify(request, null, 2));
  const [problem, setProblem] = useState("");
  const type = (/** @type {{target: HTMLTextAreaElement}} */ { target }) => {
    setText(target.value);
    try {
      change(JSON.parse(target.value));
      setProblem("");
    } catch (error) {
      setProblem(/** @type {Error} */ (error).message);
    }
  };
  return html`
    <div class="field">
      <label for="request-json">The request</label>
      <textarea id="request-json" class="mono" rows="10" spellcheck="false" value=${text} onInput=${type} />
      ${problem && html`<p class="wrong" role="alert">${problem}</p>`}
    </div>
    <button type="button" class="plain" disabled=${Boolean(problem)} onClick=${back}>Back to the fields</button>
  `;
}
