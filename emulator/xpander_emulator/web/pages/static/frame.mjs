/* The frame of every page: the tabs, the namespace, banners for problems, announcements, and the button that copies. */

import { callControl } from "./control.mjs";
import { useEffect, useState } from "./vendor/hooks.mjs";
import { html } from "./vendor/htm-preact.mjs";

/** @import { ComponentChildren } from "preact" */
/** @import { live } from "./live.mjs" */

const DEFAULT = "default";
const TABS = [
  ["Tasks", "/__emulator/"],
  ["Journal", "/__emulator/journal"],
  ["Present", "/__emulator/present"],
  ["Report", "/__emulator/report"],
  ["Contract", "/__emulator/docs"],
];

/** Return whether the served contract is the one of xpander.ai, for which the page has example requests. */
export function useIsXpander() {
  const [isXpander, setIsXpander] = useState(false);
  useEffect(() => {
    const show = (/** @type {any} */ info) => setIsXpander(info.contract.is_xpander);
    callControl("GET", "/info").then(show, () => {});
  }, []);
  return isXpander;
}

/**
 * The bar at the top; the children stand at its end.
 * @param {{page: Pick<ReturnType<typeof live>, "namespace" | "enter">, children?: ComponentChildren}} props
 */
export function Bar({ page, children }) {
  const namespace = page.namespace.value;
  const query = namespace === null ? "" : `?${new URLSearchParams({ namespace })}`;
  return html`
    <header class="top">
      <a class="brand" href="/__emulator/">
        <img src="/__emulator/pages/icon.svg" alt="" width="20" height="20" />
        <h1>xpander-emulator</h1>
      </a>
      <nav aria-label="Pages">
        ${TABS.map(([name, path]) => html`<${Tab} name=${name} path=${path} query=${query} />`)}
      </nav>
      <div class="end">
        <${Namespaces} namespace=${namespace} enter=${page.enter} />
        ${children}
      </div>
    </header>
  `;
}

/** @param {{name: string, path: string, query: string}} props */
function Tab({ name, path, query }) {
  const isHere = location.pathname === path;
  const target = isHere || path.endsWith("docs") ? path : path + query;
  return html`<a href=${target} aria-current=${isHere ? "page" : null}>${name}</a>`;
}

/** @param {{namespace: string | null, enter: (name: string | null) => void}} props */
function Namespaces({ namespace, enter }) {
  const [counts, setCounts] = useState(/** @type {Map<string, number>} */ (new Map()));
  const load = () => {
    const show = (/** @type {{items: {name: string, tasks: number}[]}} */ list) =>
      setCounts(new Map(list.items.map((each) => [each.name, each.tasks])));
    callControl("GET", "/namespaces").then(show, () => {});
  };
  useEffect(load, [namespace]);
  const selected = namespace ?? DEFAULT;
  const names = [...new Set([DEFAULT, ...counts.keys(), selected])];
  const choose = (/** @type {{target: HTMLSelectElement}} */ { target }) =>
    enter(target.value === DEFAULT ? null : target.value);
  const option = (/** @type {string} */ name) => {
    const count = counts.get(name) ? ` (${counts.get(name)})` : "";
    return html`<option value=${name} selected=${name === selected}>${name}${count}</option>`;
  };
  return html`
    <label class="namespace">
      <span class="soft">Namespace</span>
      <select value=${selected} onChange=${choose} onFocus=${load} onPointerDown=${load}>${names.map(option)}</select>
    </label>
  `;
}

/**
 * Banners for a server that does not answer, and for a change that was refused.
 * @param {{page: Pick<ReturnType<typeof live>, "connected" | "problem">}} props
 */
export function Banners({ page: { connected, problem } }) {
  const dismiss = () => {
    problem.value = "";
  };
  return html`
    <div class="banners">
      ${
        !connected.value &&
        html`
          <p class="banner lost" role="status">
            <span class="pulse" />
            The server does not answer. This page continues by itself when the server is back.
          </p>
        `
      }
      ${
        problem.value &&
        html`
          <p class="banner" role="alert">
            <span>${problem.value}</span>
            <button class="plain" onClick=${dismiss}>Dismiss</button>
          </p>
        `
      }
    </div>
  `;
}

/**
 * A text that screen readers announce when it changes.
 * @param {{children: ComponentChildren}} props
 */
export const Announcement = ({ children }) => html`
  <p class="unseen" role="status" aria-live="polite">${children}</p>
`;

/**
 * A button that copies a text, and says so for a moment. Where no clipboard is allowed, it shows the text instead.
 * @param {{text: () => string, label?: string, children: ComponentChildren}} props
 */
export function Copy({ text, label, children }) {
  const [state, setState] = useState("");
  useEffect(() => {
    const timer = state === "done" ? setTimeout(setState, 1500, "") : 0;
    return () => clearTimeout(timer);
  }, [state]);
  const copy = () => {
    const written = navigator.clipboard?.writeText(text()) ?? Promise.reject();
    written.then(
      () => setState("done"),
      () => setState("shown"),
    );
  };
  const isDone = state === "done";
  const selectAll = (/** @type {HTMLTextAreaElement | null} */ area) => area?.select();
  return html`
    <button class="plain" aria-label=${isDone ? null : label} title=${label ?? null} onClick=${copy}>
      ${isDone ? "Copied" : children}
    </button>
    ${
      state === "shown" &&
      html`<textarea class="mono" readonly aria-label="Copy this" value=${text()} ref=${selectAll} />`
    }
  `;
}
