/* Fields for a JSON object by its schema, as the contract describes what starts a task. */

import { html } from "./vendor/htm-preact.mjs";

const START_REPLIES = ["accepted", undefined];

/** Return the value that a reference of the document leads to, through any number of references. */
export function resolve(document, node) {
  let found = node ?? {};
  for (let hops = 0; found.$ref?.startsWith("#/") && hops < 20; hops += 1) {
    const parts = found.$ref.slice(2).split("/").map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));
    found = parts.reduce((value, part) => value?.[part], document) ?? {};
  }
  return found;
}

/** Return schema and first example of what starts a task in a contract: `{schema, example}`. */
export function starting(document) {
  const operations = Object.values(document.paths ?? {}).flatMap((path) => Object.values(path));
  const starts = operations.filter((each) => each?.["x-emulator"]?.action === "start");
  const operation = starts.find((each) => START_REPLIES.includes(each["x-emulator"].reply)) ?? starts[0];
  const content = resolve(document, operation?.requestBody).content ?? {};
  const media = Object.entries(content).find(([type]) => type.includes("json"))?.[1] ?? {};
  const example = media.example ?? resolve(document, Object.values(media.examples ?? {})[0]).value ?? {};
  return { schema: resolve(document, media.schema), example };
}

/** Return the fields of a schema: `{path, kind, options, required, about}`; an object within it gives its own. */
export function fields(document, schema, path = [], depth = 0) {
  const required = new Set(schema.required ?? []);
  return Object.entries(schema.properties ?? {}).flatMap(([name, raw]) => {
    const property = plain(document, raw);
    const here = [...path, name];
    if (property.properties && depth < 1) return fields(document, property, here, depth + 1);
    return [{ path: here, required: required.has(name), about: property.description ?? "", ...kindOf(property) }];
  });
}

/** Return a property's schema without the alternative that is null. */
function plain(document, raw) {
  const schema = resolve(document, raw);
  const others = (schema.anyOf ?? schema.oneOf)?.map((each) => resolve(document, each)).filter((each) => each.type !== "null");
  const found = others?.length === 1 ? { ...others[0], description: schema.description ?? others[0].description } : schema;
  const types = [found.type].flat().filter((type) => type !== "null");
  return { ...found, type: types.length === 1 ? types[0] : types };
}

function kindOf(schema) {
  if (schema.enum) return { kind: "choice", options: schema.enum.filter((each) => each !== null) };
  if (schema.type === "boolean") return { kind: "choice", options: [true, false] };
  if (schema.type === "integer" || schema.type === "number") return { kind: "number" };
  return { kind: schema.type === "string" ? "text" : "json" };
}

export const read = (value, path) => path.reduce((part, name) => part?.[name], value);

/** Return a copy of an object with the value at a path; undefined takes it away. */
export function written(value, path, part) {
  const [name, ...rest] = path;
  const copy = { ...value };
  const inner = rest.length ? written(copy[name] ?? {}, rest, part) : part;
  if (inner === undefined || (rest.length && !Object.keys(inner).length)) delete copy[name];
  else copy[name] = inner;
  return copy;
}

/** One field. `change` gets the new value, undefined for none. */
export function Field({ field, value, change, rows }) {
  const id = `field-${field.path.join("-")}`;
  return html`<div class="field">
    <label for=${id}>${field.path.join(".")}${field.required && html`<span class="soft"> (required)</span>`}</label>
    <${Control} id=${id} field=${field} value=${value} change=${change} rows=${rows} />
    ${field.about && html`<p class="soft small">${field.about}</p>`}
  </div>`;
}

function Control({ id, field, value, change, rows }) {
  if (field.kind === "choice") {
    const index = field.options.findIndex((each) => each === value);
    const choose = (event) => change(field.options[event.target.value]);
    return html`<select id=${id} onChange=${choose}><option value="" selected=${index < 0}>–</option>${field.options.map((each, at) => html`<option value=${at} selected=${at === index}>${String(each)}</option>`)}</select>`;
  }
  if (field.kind === "number") {
    return html`<input id=${id} type="number" step="any" value=${value ?? ""} onInput=${(event) => change(event.target.value === "" ? undefined : Number(event.target.value))} />`;
  }
  if (field.kind === "json") {
    return html`<textarea id=${id} class="mono" rows="2" placeholder="JSON" onChange=${(event) => takeJson(event.target, change)}>${value === undefined ? "" : JSON.stringify(value)}</textarea>`;
  }
  const type = (event) => change(event.target.value === "" && !field.required ? undefined : event.target.value);
  if (rows) return html`<textarea id=${id} rows=${rows} value=${value ?? ""} onInput=${type} />`;
  return html`<input id=${id} value=${value ?? ""} onInput=${type} />`;
}

function takeJson(area, change) {
  try {
    change(area.value.trim() ? JSON.parse(area.value) : undefined);
    area.setCustomValidity("");
  } catch {
    area.setCustomValidity("This is no JSON.");
    area.reportValidity();
  }
}
