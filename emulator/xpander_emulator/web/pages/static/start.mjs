/* The dialogue in which a task is started: which scenario, what is asked, the rest of the request where somebody wants it. */

import { html } from "./vendor/htm-preact.mjs";
import { useEffect, useRef, useState } from "./vendor/hooks.mjs";
import { Field, fields, read as readAt, starting, written } from "./form.mjs";
import { pick, read, tell } from "./store.mjs";

const TEXT = "input.text";
const FAVOURITE = "approval";

/** Start a scenario, and show its task. Throws Problem. */
export async function startScenario(scenario, request = null) {
  const task = await tell("POST", "/tasks", { scenario, request });
  pick(task.id);
  read();
}

/** `close` is called once the dialogue is over. */
export function Start({ close }) {
  const place = useRef(null);
  const [known, setKnown] = useState(null);
  const [scenario, setScenario] = useState("");
  const [request, setRequest] = useState({});
  const [wrong, setWrong] = useState("");
  useEffect(() => {
    place.current.showModal();
    load().then(
      (found) => {
        setKnown(found);
        setScenario(found.scenarios.some((each) => each.name === FAVOURITE) ? FAVOURITE : (found.scenarios[0]?.name ?? ""));
        setRequest(found.example);
      },
      (error) => setWrong(error.message),
    );
  }, []);
  const send = (event) => {
    event.preventDefault();
    startScenario(scenario, request).then(
      () => place.current?.close(),
      (error) => setWrong(error.message),
    );
  };
  const chosen = known?.scenarios.find((each) => each.name === scenario);
  return html`<dialog ref=${place} onClose=${close} aria-labelledby="start-title">
    <form method="dialog" onSubmit=${send}>
      <header class="row-head"><h2 id="start-title">Start a scenario</h2><button type="button" class="plain" onClick=${() => place.current.close()}>Close</button></header>
      <div class="field"><label for="scenario-name">Scenario</label>
        <select id="scenario-name" value=${scenario} onChange=${(event) => setScenario(event.target.value)}>
          ${known?.scenarios.map((each) => html`<option value=${each.name} selected=${each.name === scenario}>${each.name}</option>`)}
        </select>
        <p class="soft about">${chosen?.description}</p>
      </div>
      ${known && html`<${Request} fields=${known.fields} request=${request} change=${setRequest} />`}
      ${wrong && html`<p class="wrong" role="alert">${wrong}</p>`}
      <footer><button class="first" disabled=${!scenario}>Start</button></footer>
    </form>
  </dialog>`;
}

async function load() {
  const [listed, contract] = await Promise.all([tell("GET", "/scenarios"), tell("GET", "/contract.json")]);
  const { schema, example } = starting(contract);
  return { scenarios: listed.items, example, fields: fields(contract, schema) };
}

function Request({ fields, request, change }) {
  const [asJson, setAsJson] = useState(false);
  const first = fields.filter((field) => field.path.join(".") === TEXT || (field.required && field.kind !== "json"));
  const rest = fields.filter((field) => !first.includes(field));
  const show = (field, rows) => {
    const set = (value) => change((now) => written(now, field.path, value));
    return html`<${Field} key=${field.path.join(".")} field=${field} value=${readAt(request, field.path)} change=${set} rows=${rows} />`;
  };
  if (asJson) return html`<${AsJson} request=${request} change=${change} back=${() => setAsJson(false)} />`;
  return html`${first.map((field) => show(field, 3))}
    ${rest.length > 0 && html`<details><summary>${rest.length} more fields</summary><div class="fields">${rest.map((field) => show(field, 0))}</div></details>`}
    <button type="button" class="plain" onClick=${() => setAsJson(true)}>Write it as JSON</button>`;
}

function AsJson({ request, change, back }) {
  const [text, setText] = useState(JSON.stringify(request, null, 2));
  const [wrong, setWrong] = useState("");
  const take = (event) => {
    setText(event.target.value);
    try {
      change(JSON.parse(event.target.value));
      setWrong("");
    } catch (error) {
      setWrong(error.message);
    }
  };
  return html`<div class="field"><label for="request-json">The request</label>
      <textarea id="request-json" class="mono" rows="10" spellcheck="false" value=${text} onInput=${take} />
      ${wrong && html`<p class="wrong" role="alert">${wrong}</p>`}
    </div>
    <button type="button" class="plain" disabled=${Boolean(wrong)} onClick=${back}>Back to the fields</button>`;
}
