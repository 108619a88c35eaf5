/* A scenario as a state diagram: every step, the way that was taken, where the task stands now, and when it came there. */

import { html } from "./vendor/htm-preact.mjs";
import { useEffect, useMemo, useRef } from "./vendor/hooks.mjs";
import { NODE, layout, pathOf } from "./layout.mjs";
import { shape } from "./mark.mjs";
import { offset } from "./words.mjs";

const LONGEST_NAME = 14;
const LONGEST_LABEL = 11;
const MARGIN = 10;
// Beyond this a scenario is shown in part, and can be scrolled, rather than made smaller.
const LEAST_SCALE = 0.9;

/**
 * graph:   `{nodes, edges}` of a scenario.
 * history: of a task that follows it, oldest first; empty without a task.
 * big:     whether it may grow beyond its natural size, as on a projector.
 */
export function Diagram({ graph, history = [], big = false }) {
  const drawn = useMemo(() => layout(graph), [graph]);
  const seen = useMemo(() => passed(drawn, history), [drawn, history]);
  const place = useRef(null);
  const here = history.at(-1)?.step;
  useEffect(() => {
    const watcher = new ResizeObserver(() => reveal(place.current));
    watcher.observe(place.current);
    return () => watcher.disconnect();
  }, [here]);
  const box = `${-MARGIN} ${-MARGIN} ${drawn.width + 2 * MARGIN} ${drawn.height + 2 * MARGIN}`;
  const width = drawn.width + 2 * MARGIN;
  const style = big ? {} : { maxWidth: `${width}px`, minWidth: `${width * LEAST_SCALE}px` };
  return html`<div class="diagram" ref=${place} tabindex="0" role="group" aria-label="State diagram">
    <svg viewBox=${box} style=${style} role="img" aria-label=${told(history, graph)}>
      <defs>
        <marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 .5L7.5 4 0 7.5z" /></marker>
        <marker id="tip-taken" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="6" markerHeight="6" orient="auto"><path d="M0 .5L7.5 4 0 7.5z" /></marker>
      </defs>
      ${[...drawn.edges.filter((edge) => !seen.edges.has(edge)), ...seen.edges].map((edge) => html`<${Edge} key=${`${edge.from} ${edge.to}`} edge=${edge} taken=${seen.edges.has(edge)} />`)}
      ${drawn.nodes.map(
        (node) => html`<${Node} key=${node.id} node=${node} visit=${seen.nodes.get(node.id)} isNow=${node.id === here} base=${history[0]?.at} />`,
      )}
    </svg>
  </div>`;
}

/** Scroll sideways alone: the page stays where it is. */
function reveal(box) {
  const now = box?.querySelector(".now");
  if (!now) return;
  const [inner, outer] = [now.getBoundingClientRect(), box.getBoundingClientRect()];
  if (inner.right > outer.right || inner.left < outer.left) {
    box.scrollLeft += inner.left - outer.left - (outer.width - inner.width) / 2;
  }
}

function Edge({ edge, taken }) {
  const label = edge.label.length > LONGEST_LABEL ? `${edge.label.slice(0, LONGEST_LABEL - 1)}…` : edge.label;
  return html`<g class="edge ${taken ? "taken" : ""}">
    <path d=${pathOf(edge.points)} marker-end=${taken ? "url(#tip-taken)" : "url(#tip)"} />
    <text x=${edge.labelAt.x} y=${edge.labelAt.y}><title>${edge.label}</title>${label}</text>
  </g>`;
}

function Node({ node, visit, isNow, base }) {
  const name = node.id.length > LONGEST_NAME ? `${node.id.slice(0, LONGEST_NAME - 1)}…` : node.id;
  const status = visit?.status ?? node.status;
  const state = isNow ? "now" : visit ? "passed" : "ahead";
  return html`<g class="node ${status} ${state}" transform=${`translate(${node.x} ${node.y})`}>
    <title>${node.id}: ${status}</title>
    ${isNow && html`<rect class="halo" x="-5" y="-5" width=${NODE.width + 10} height=${NODE.height + 10} rx=${corner(status) + 5} />`}
    ${outline(status)}
    <svg class="mark ${status}" x="12" y="10" width="13" height="13" viewBox="0 0 16 16">${shape(status)}</svg>
    <text class="name" x="31" y="21">${name}</text>
    <text class="when" x="12" y="40">${visit && base ? `${status} ${offset(visit.at, base)}` : status}</text>
  </g>`;
}

const corner = (status) => ({ completed: 26, failed: 0, error: 0, stopped: 2 })[status] ?? 10;

/** The outline differs by state: round where all is well, with corners where it is not. */
function outline(status) {
  const { width, height } = NODE;
  if (status === "error") {
    return html`<path class="box" d=${`M10 0H${width - 10}L${width} 10V${height - 10}L${width - 10} ${height}H10L0 ${height - 10}V10z`} />`;
  }
  return html`<rect class="box" width=${width} height=${height} rx=${corner(status)} />`;
}

/** Return the visit of each step that was entered, the newest one, and the edges that were taken. */
function passed(drawn, history) {
  const nodes = new Map(history.map((visit) => [visit.step, visit]));
  const steps = history.slice(1).map((visit, index) => JSON.stringify([history[index].step, visit.step]));
  const edges = new Set(drawn.edges.filter((edge) => steps.includes(JSON.stringify([edge.from, edge.to]))));
  return { nodes, edges };
}

function told(history, graph) {
  if (!history.length) return `The scenario has the steps ${graph.nodes.map((node) => node.id).join(", ")}.`;
  const now = history.at(-1);
  const before = history.slice(0, -1).map((visit) => visit.step);
  return `Now at ${now.step}, ${now.status}.${before.length ? ` It came through ${before.join(", ")}.` : ""}`;
}
