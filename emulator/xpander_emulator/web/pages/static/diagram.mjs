/* A scenario as a state diagram: its steps, the way of the task, its present step, and when it entered each step. */

import { layout, NODE, pathOf } from "./diagram_layout.mjs";
import { shape } from "./status_icon.mjs";
import { useEffect, useMemo, useRef } from "./vendor/hooks.mjs";
import { html } from "./vendor/htm-preact.mjs";
import { offset } from "./words.mjs";

/** @import { DrawnEdge, DrawnNode } from "./diagram_layout.mjs" */

const MAX_NAME = 14;
const MAX_LABEL = 11;
const MARGIN = 10;
// A diagram that would be smaller than this is scrolled instead.
const MIN_SCALE = 0.9;
const TIP = html`<path d="M0 .5L7.5 4 0 7.5z" />`;

/**
 * history: the visits of a task that follows the scenario, oldest first; empty without a task.
 * big:     whether the diagram may grow beyond its natural size, as on a projector.
 * @param {{graph: Graph, history?: Visit[], big?: boolean}} props
 */
export function Diagram({ graph, history = [], big = false }) {
  const drawn = useMemo(() => layout(graph), [graph]);
  const visits = new Map(history.map((visit) => [visit.step, visit]));
  const isPassed = useMemo(() => passedBy(history), [history]);
  const place = useRef(/** @type {HTMLElement | null} */ (null));
  const present = history.at(-1)?.step;
  useEffect(() => {
    const box = /** @type {HTMLElement} */ (place.current);
    const observer = new ResizeObserver(() => reveal(box));
    observer.observe(box);
    return () => observer.disconnect();
  }, [present]);
  const width = drawn.width + 2 * MARGIN;
  const box = `${-MARGIN} ${-MARGIN} ${width} ${drawn.height + 2 * MARGIN}`;
  const style = big ? {} : { maxWidth: `${width}px`, minWidth: `${width * MIN_SCALE}px` };
  // Passed edges come last, and so lie above the others.
  const edges = [...drawn.edges.filter((edge) => !isPassed(edge)), ...drawn.edges.filter(isPassed)];
  return html`
    <div class="diagram" ref=${place} tabindex="0" role="group" aria-label="State diagram">
      <svg viewBox=${box} style=${style} role="img" aria-label=${description(history, graph)}>
        <defs>
          <marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">
            ${TIP}
          </marker>
          <marker id="tip-taken" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="6" markerHeight="6" orient="auto">
            ${TIP}
          </marker>
        </defs>
        ${edges.map(
          (edge) => html`<${Edge} key=${`${edge.from} ${edge.to}`} edge=${edge} isPassed=${isPassed(edge)} />`,
        )}
        ${drawn.nodes.map(
          (node) => html`
            <${Node}
              key=${node.id}
              node=${node}
              visit=${visits.get(node.id)}
              isPresent=${node.id === present}
              base=${history[0]?.at}
            />
          `,
        )}
      </svg>
    </div>
  `;
}

/**
 * Scroll the diagram sideways to its present step; the page does not scroll.
 * @param {HTMLElement} box
 */
function reveal(box) {
  const present = box.querySelector(".now");
  if (!present) return;
  const [inner, outer] = [present.getBoundingClientRect(), box.getBoundingClientRect()];
  if (inner.right > outer.right || inner.left < outer.left) {
    box.scrollLeft += inner.left - outer.left - (outer.width - inner.width) / 2;
  }
}

/** @param {{edge: DrawnEdge, isPassed: boolean}} props */
function Edge({ edge, isPassed }) {
  return html`
    <g class="edge ${isPassed ? "taken" : ""}">
      <path d=${pathOf(edge.points)} marker-end=${isPassed ? "url(#tip-taken)" : "url(#tip)"} />
      <text x=${edge.labelAt.x} y=${edge.labelAt.y}><title>${edge.label}</title>${shorten(edge.label, MAX_LABEL)}</text>
    </g>
  `;
}

/** @param {{node: DrawnNode, visit: Visit | undefined, isPresent: boolean, base: string | undefined}} props */
function Node({ node, visit, isPresent, base }) {
  const status = visit?.status ?? node.status;
  const state = isPresent ? "now" : visit ? "passed" : "ahead";
  return html`
    <g class="node ${status} ${state}" transform=${`translate(${node.x} ${node.y})`}>
      <title>${node.id}: ${status}</title>
      ${isPresent && html`<${Halo} radius=${radiusOf(status) + 5} />`}
      <${Outline} status=${status} />
      <svg class="mark ${status}" x="12" y="10" width="13" height="13" viewBox="0 0 16 16">${shape(status)}</svg>
      <text class="name" x="31" y="21">${shorten(node.id, MAX_NAME)}</text>
      <text class="when" x="12" y="40">${visit && base ? `${status} ${offset(visit.at, base)}` : status}</text>
    </g>
  `;
}

/** @param {{radius: number}} props */
const Halo = ({ radius }) => html`
  <rect class="halo" x="-5" y="-5" width=${NODE.width + 10} height=${NODE.height + 10} rx=${radius} />
`;

/**
 * The outline differs by status: round where all is well, with corners where it is not.
 * @param {{status: Status}} props
 */
function Outline({ status }) {
  const { width, height } = NODE;
  const octagon = `M10 0H${width - 10}L${width} 10V${height - 10}L${width - 10} ${height}H10L0 ${height - 10}V10z`;
  if (status === "error") return html`<path class="box" d=${octagon} />`;
  return html`<rect class="box" width=${width} height=${height} rx=${radiusOf(status)} />`;
}

/** @param {string} status */
const radiusOf = (status) =>
  /** @type {Record<string, number>} */ ({ completed: 26, failed: 0, error: 0, stopped: 2 })[status] ?? 10;

/**
 * @param {string} text
 * @param {number} length
 */
const shorten = (text, length) => (text.length > length ? `${text.slice(0, length - 1)}…` : text);

/**
 * Return whether an edge lies on the way of a task, as a function of the edge.
 * @param {Visit[]} history
 */
function passedBy(history) {
  const pairs = history.slice(1).map((visit, index) => JSON.stringify([history[index].step, visit.step]));
  return (/** @type {DrawnEdge} */ edge) => pairs.includes(JSON.stringify([edge.from, edge.to]));
}

/**
 * Describe the diagram to screen readers.
 * @param {Visit[]} history
 * @param {Graph} graph
 */
function description(history, graph) {
  const present = history.at(-1);
  if (!present) return `The scenario has the steps ${graph.nodes.map((node) => node.id).join(", ")}.`;
  const before = history.slice(0, -1).map((visit) => visit.step);
  const way = before.length ? ` It came through ${before.join(", ")}.` : "";
  return `Now at ${present.step}, ${present.status}.${way}`;
}
