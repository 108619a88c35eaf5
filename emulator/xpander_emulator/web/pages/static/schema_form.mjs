/* Form fields for a JSON object, made from its schema in the contract. */

import { html } from "./vendor/htm-preact.mjs";

/**
 * @typedef {Record<string, any>} Json
 * @typedef {{path: string[], kind: "text" | "choice" | "number" | "json", options?: any[], required: boolean,
 *   description: string}} FormField
 */

const MAX_REFERENCES = 20;
const START_REPLIES = ["accepted", undefined];

/**
 * Return the value that a `$ref` of a document leads to, through any number of references.
 * @param {Json} document
 * @param {Json | undefined} node
 * @returns {Json}
 */
function resolve(document, node) {
  let target = node ?? {};
  for (let hops = 0; target.$ref?.startsWith("#/") && hops < MAX_REFERENCES; hops += 1) {
    const parts = target.$ref.slice(2).split("/");
    target =
      read(
        document,
        parts.map((/** @type {string} */ part) => part.replaceAll("~1", "/").replaceAll("~0", "~")),
      ) ?? {};
  }
  return target;
}

/**
 * Return the schema of the request that starts a task, and its first example.
 * @param {Json} document  the contract
 */
export function startRequest(document) {
  const operations = Object.values(document.paths ?? {}).flatMap((path) => Object.values(path));
  const starts = operations.filter((each) => each?.["x-emulator"]?.action === "start");
  const operation = starts.find((each) => START_REPLIES.includes(each["x-emulator"].reply)) ?? starts[0];
  const content = resolve(document, operation?.requestBody).content ?? {};
  const media = Object.entries(content).find(([type]) => type.includes("json"))?.[1] ?? {};
  const example = media.example ?? resolve(document, Object.values(media.examples ?? {})[0]).value ?? {};
  return { schema: resolve(document, media.schema), example };
}

/**
 * Return the fields of a schema. The fields of an object in it are listed one by one, one level deep.
 * @param {Json} document
 * @param {Json} schema
 * @param {string[]} [path]
 * @returns {FormField[]}
 */
export function formFields(document, schema, path = []) {
  const required = new Set(schema.required ?? []);
  return Object.entries(schema.properties ?? {}).flatMap(([name, reference]) => {
    const property = withoutNull(document, reference);
    const here = [...path, name];
    if (property.properties && !path.length) return formFields(document, property, here);
    const field = { path: here, required: required.has(name), description: property.description ?? "" };
    return [{ ...field, ...kindOf(property) }];
  });
}

/**
 * Return the schema of a property without the alternative that is null.
 * @param {Json} document
 * @param {Json} reference
 */
function withoutNull(document, reference) {
  const schema = resolve(document, reference);
  /** @type {Json[]} */
  const alternatives = (schema.anyOf ?? schema.oneOf ?? []).map((/** @type {Json} */ each) => resolve(document, each));
  const others = alternatives.filter((each) => each.type !== "null");
  const single =
    others.length === 1 ? { ...others[0], description: schema.description ?? others[0].description } : schema;
  const types = [single.type].flat().filter((type) => type !== "null");
  return /** @type {Json} */ ({ ...single, type: types.length === 1 ? types[0] : types });
}

/**
 * @param {Json} schema
 * @returns {Pick<FormField, "kind" | "options">}
 */
function kindOf(schema) {
  if (schema.enum)
    return { kind: "choice", options: schema.enum.filter((/** @type {unknown} */ each) => each !== null) };
  if (schema.type === "boolean") return { kind: "choice", options: [true, false] };
  if (schema.type === "integer" || schema.type === "number") return { kind: "number" };
  return { kind: schema.type === "string" ? "text" : "json" };
}

/**
 * Return the value at a path; undefined where there is none.
 * @param {Json | undefined} value
 * @param {string[]} path
 */
export const read = (value, path) => path.reduce((part, name) => part?.[name], value);

/**
 * Return a copy of an object with the value at a path; undefined removes it.
 * @param {Json} value
 * @param {string[]} path
 * @param {unknown} part
 * @returns {Json}
 */
export function written(value, path, part) {
  const [name, ...rest] = path;
  const copy = { ...value };
  const inner = rest.length ? written(copy[name] ?? {}, rest, part) : part;
  if (inner === undefined || (rest.length && !Object.keys(/** @type {Json} */ (inner)).length)) delete copy[name];
  else copy[name] = inner;
  return copy;
}

/**
 * One field of a form. `change` gets the new value, undefined for none; `rows` make a text several lines high.
 * @param {{field: FormField, value: any, change: (value: any) => void, rows: number}} props
 */
export function Field({ field, value, change, rows }) {
  const id = `field-${field.path.join("-")}`;
  return html`
    <div class="field">
      <label for=${id}>${field.path.join(".")}${field.required && html`<span class="soft"> (required)</span>`}</label>
      <${INPUTS[field.kind]} id=${id} field=${field} value=${value} change=${change} rows=${rows} />
      ${field.description && html`<p class="soft small">${field.description}</p>`}
    </div>
  `;
}

/** @typedef {{id: string, field: FormField, value: any, change: (value: any) => void, rows: number}} InputProps */

/** @param {InputProps} props */
function ChoiceInput({ id, field: { options = [] }, value, change }) {
  const index = options.indexOf(value);
  const choose = (/** @type {{target: HTMLSelectElement}} */ { target }) => change(options[Number(target.value || -1)]);
  return html`
    <select id=${id} onChange=${choose}>
      <option value="" selected=${index < 0}>–</option>
      ${options.map((each, at) => html`<option value=${at} selected=${at === index}>${String(each)}</option>`)}
    </select>
  `;
}

/** @param {InputProps} props */
function NumberInput({ id, value, change }) {
  const type = (/** @type {{target: HTMLInputElement}} */ { target }) =>
    change(target.value === "" ? undefined : Number(target.value));
  return html`<input id=${id} type="number" step="any" value=${value ?? ""} onInput=${type} />`;
}

/** @param {InputProps} props */
function JsonInput({ id, value, change }) {
  const parse = (/** @type {{target: HTMLTextAreaElement}} */ { target }) => {
    try {
      change(target.value.trim() ? JSON.parse(target.value) : undefined);
      target.setCustomValidity("");
    } catch {
      target.setCustomValidity("This is not JSON.");
      target.reportValidity();
    }
  };
  const text = value === undefined ? "" : JSON.stringify(value);
  return html`<textarea id=${id} class="mono" rows="2" placeholder="JSON" onChange=${parse}>${text}</textarea>`;
}

/** @param {InputProps} props */
function TextInput({ id, field, value, change, rows }) {
  const type = (/** @type {{target: HTMLInputElement}} */ { target }) =>
    change(target.value === "" && !field.required ? undefined : target.value);
  if (rows) return html`<textarea id=${id} rows=${rows} value=${value ?? ""} onInput=${type} />`;
  return html`<input id=${id} value=${value ?? ""} onInput=${type} />`;
}

const INPUTS = { choice: ChoiceInput, number: NumberInput, json: JsonInput, text: TextInput };
