/* JSON to look at: what has changed since another value is marked, and said. */

import { html } from "./vendor/htm-preact.mjs";

const isTree = (value) => value !== null && typeof value === "object";
const isEmpty = (value) => value === null || value === "" || (isTree(value) && Object.keys(value).length === 0);
const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);

/**
 * value:     what to show.
 * before:    what it was; undefined for nothing to compare with.
 * withWas:   whether what it was stands beside what has changed.
 * withEmpty: whether fields that are null or empty are shown, though they have not changed.
 */
export function Json({ value, before, withEmpty = true, withWas = true }) {
  return html`<pre class="json" tabindex="0" role="group" aria-label="JSON"><${Tree} value=${value} before=${before} depth=${0} end="" choices=${{ withEmpty, withWas }} /></pre>`;
}

/** Return the names of what differs at the top. */
export const changes = (value, before) =>
  before === undefined ? [] : Object.keys(value).filter((name) => !same(value[name], before[name]));

// htm leaves out white space around line breaks in a template, so that both stand in expressions here.
const BREAK = "\n";

function Tree({ value, before, depth, end, choices }) {
  const isList = Array.isArray(value);
  const names = Object.keys(value).filter(
    (name) => choices.withEmpty || !isEmpty(value[name]) || (before !== undefined && !same(value[name], before?.[name])),
  );
  const [open, close] = isList ? "[]" : "{}";
  if (!names.length) return [open, close, end, BREAK];
  const lines = names.map((name, index) => {
    const comma = index < names.length - 1 ? "," : "";
    const was = before === undefined ? undefined : isTree(before) ? (before[name] ?? null) : null;
    return html`<${Field} key=${name} name=${isList ? null : name} value=${value[name]} was=${was} depth=${depth + 1} end=${comma} choices=${choices} />`;
  });
  return [open, BREAK, lines, "  ".repeat(depth), close, end, BREAK];
}

function Field({ name, value, was, depth, end, choices }) {
  const indent = "  ".repeat(depth);
  const key = name === null ? "" : [html`<span class="key">${JSON.stringify(name)}</span>`, ": "];
  if (isTree(value) && Object.keys(value).length) {
    return [indent, key, html`<${Tree} value=${value} before=${was} depth=${depth} end=${end} choices=${choices} />`];
  }
  const kind = value === null ? "null" : typeof value;
  const line = [indent, key, html`<span class=${kind}>${JSON.stringify(value)}</span>`, end];
  if (was === undefined || same(value, was)) return [line, BREAK];
  const old = JSON.stringify(was);
  const shown = old.length > 40 ? `${old.slice(0, 39)}…` : old;
  const told = choices.withWas && html`<span class="was" title=${`It was ${old}`}>${`  ← ${shown}`}</span>`;
  return [html`<mark><span class="unseen">changed: </span>${line}${told}</mark>`, BREAK];
}
