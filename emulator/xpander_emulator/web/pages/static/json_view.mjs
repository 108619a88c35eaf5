/* JSON to look at: what differs from an earlier value is marked, and announced. */

import { html } from "./vendor/htm-preact.mjs";

/**
 * @typedef {{withEmpty: boolean, withPrevious: boolean}} Choices
 */

// htm removes white space around line breaks in a template, so that line breaks and indents are expressions here.
const BREAK = "\n";
const MAX_PREVIOUS = 40;

/** @type {(value: unknown) => value is Record<string, unknown>} */
const isTree = (value) => value !== null && typeof value === "object";

const isEmpty = (/** @type {any} */ value) =>
  value === null || value === "" || (isTree(value) && Object.keys(value).length === 0);

/**
 * @param {unknown} one
 * @param {unknown} other
 */
const isSame = (one, other) => JSON.stringify(one) === JSON.stringify(other);

/**
 * value:        what to show.
 * before:       the value that it is compared with; undefined for no comparison.
 * withEmpty:    whether fields are shown that are null or empty and have not changed.
 * withPrevious: whether a field that has changed shows its previous value.
 * @param {{value: any, before?: any, withEmpty?: boolean, withPrevious?: boolean}} props
 */
export function JsonView({ value, before, withEmpty = true, withPrevious = true }) {
  const choices = { withEmpty, withPrevious };
  return html`
    <pre class="json" tabindex="0" role="group" aria-label="JSON">
      <${Tree} value=${value} before=${before} depth=${0} end="" choices=${choices} />
    </pre>
  `;
}

/**
 * Return the names of the properties that differ.
 * @param {Record<string, any>} value
 * @param {Record<string, any> | undefined} before
 */
export const changes = (value, before) =>
  before === undefined ? [] : Object.keys(value).filter((name) => !isSame(value[name], before[name]));

/**
 * @param {{value: any, before: any, depth: number, end: string, choices: Choices}} props
 */
function Tree({ value, before, depth, end, choices }) {
  const isList = Array.isArray(value);
  const hasChanged = (/** @type {string} */ name) => before !== undefined && !isSame(value[name], before?.[name]);
  const names = Object.keys(value).filter((name) => choices.withEmpty || !isEmpty(value[name]) || hasChanged(name));
  const [open, close] = isList ? "[]" : "{}";
  if (!names.length) return [open, close, end, BREAK];
  const lines = names.map((name, index) => {
    const comma = index < names.length - 1 ? "," : "";
    const previous = before === undefined ? undefined : isTree(before) ? (before[name] ?? null) : null;
    return html`
      <${Field}
        key=${name}
        name=${isList ? null : name}
        value=${value[name]}
        before=${previous}
        depth=${depth + 1}
        end=${comma}
        choices=${choices}
      />
    `;
  });
  return [open, BREAK, lines, "  ".repeat(depth), close, end, BREAK];
}

/**
 * @param {{name: string | null, value: any, before: any, depth: number, end: string, choices: Choices}} props
 */
function Field({ name, value, before, depth, end, choices }) {
  const indent = "  ".repeat(depth);
  const key = name === null ? "" : [html`<span class="key">${JSON.stringify(name)}</span>`, ": "];
  if (isTree(value) && Object.keys(value).length) {
    const tree = html`<${Tree} value=${value} before=${before} depth=${depth} end=${end} choices=${choices} />`;
    return [indent, key, tree];
  }
  const kind = value === null ? "null" : typeof value;
  const line = [indent, key, html`<span class=${kind}>${JSON.stringify(value)}</span>`, end];
  if (before === undefined || isSame(value, before)) return [line, BREAK];
  const marked = html`<mark>
    <span class="unseen">changed: </span>${line}${choices.withPrevious && html`<${Previous} value=${before} />`}
  </mark>`;
  return [marked, BREAK];
}

/**
 * @param {{value: unknown}} props
 */
function Previous({ value }) {
  const text = JSON.stringify(value);
  const short = text.length > MAX_PREVIOUS ? `${text.slice(0, MAX_PREVIOUS - 1)}…` : text;
  return html`<span class="was" title=${`It was ${text}`}>${`  ← ${short}`}</span>`;
}
