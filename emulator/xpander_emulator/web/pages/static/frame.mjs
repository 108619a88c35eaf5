/* What stands around every page: the tabs, the namespace, what is wrong, what is said to those who cannot see. */

import { html } from "./vendor/htm-preact.mjs";
import { useEffect, useState } from "./vendor/hooks.mjs";
import { ask } from "./control.mjs";

const DEFAULT = "default";
const TABS = [
  ["Tasks", "/__emulator/"],
  ["Journal", "/__emulator/journal"],
  ["Present", "/__emulator/present"],
  ["Report", "/__emulator/report"],
  ["Contract", "/__emulator/docs"],
];

/** Tell whether the served contract is xpander.ai's, which examples of requests are for; false until that is known. */
export function useIsXpander() {
  const [isXpander, know] = useState(false);
  useEffect(() => {
    ask("GET", "/info").then((info) => know(info.contract.is_xpander)).catch(() => {});
  }, []);
  return isXpander;
}

/** The bar on top. `children` stand at its end; `enter` is told the namespace that is chosen, null for the default. */
export function Bar({ namespace, enter, children }) {
  const query = namespace === null ? "" : `?${new URLSearchParams({ namespace })}`;
  return html`<header class="top">
    <a class="brand" href="/__emulator/"><img src="/__emulator/pages/icon.svg" alt="" width="20" height="20" /><h1>xpander-emulator</h1></a>
    <nav aria-label="Pages">
      ${TABS.map(([name, path]) => {
        const isHere = location.pathname === path;
        return html`<a href=${isHere || path.endsWith("docs") ? path : path + query} aria-current=${isHere ? "page" : null}>${name}</a>`;
      })}
    </nav>
    <div class="end">
      <${Namespaces} namespace=${namespace} enter=${enter} />
      ${children}
    </div>
  </header>`;
}

function Namespaces({ namespace, enter }) {
  const [names, setNames] = useState([]);
  const look = () =>
    ask("GET", "/namespaces").then(
      ({ items }) => setNames(items),
      () => {},
    );
  useEffect(() => void look(), [namespace]);
  const here = namespace ?? DEFAULT;
  const counts = new Map(names.map((each) => [each.name, each.tasks]));
  const listed = [...new Set([DEFAULT, ...counts.keys(), here])];
  const choose = (event) => enter(event.target.value === DEFAULT ? null : event.target.value);
  return html`<label class="namespace"><span class="soft">Namespace</span>
    <select value=${here} onChange=${choose} onFocus=${look} onPointerDown=${look}>
      ${listed.map((name) => html`<option value=${name} selected=${name === here}>${name}${counts.get(name) ? ` (${counts.get(name)})` : ""}</option>`)}
    </select>
  </label>`;
}

/** What is wrong: a server that is gone, an act that was refused. */
export function Banners({ connected, problem, dismiss }) {
  return html`<div class="banners">
    ${!connected && html`<p class="banner lost" role="status"><span class="pulse" />The server does not answer. This page goes on by itself once it is back.</p>`}
    ${problem && html`<p class="banner" role="alert"><span>${problem}</span><button class="plain" onClick=${dismiss}>Dismiss</button></p>`}
  </div>`;
}

/** What is told to a screen reader as it happens. */
export const Said = ({ children }) => html`<p class="unseen" role="status" aria-live="polite">${children}</p>`;

/** Copy a text; says for a moment that it was done. Where no clipboard is allowed, the text is shown to be copied by hand. */
export function Copy({ text, label, children }) {
  const [state, setState] = useState("");
  useEffect(() => {
    if (state !== "done") return undefined;
    const timer = setTimeout(setState, 1500, "");
    return () => clearTimeout(timer);
  }, [state]);
  const copy = () => {
    if (!navigator.clipboard) setState("shown");
    else
      navigator.clipboard.writeText(text()).then(
        () => setState("done"),
        () => setState("shown"),
      );
  };
  return html`<button class="plain" aria-label=${state === "done" ? null : label} title=${label ?? null} onClick=${copy}>${state === "done" ? "Copied" : children}</button>
    ${state === "shown" && html`<textarea class="mono" readonly aria-label="Copy this" value=${text()} ref=${(area) => area?.select()} />`}`;
}
