/* The places of a scenario's steps in its diagram: in layers from left to right, the first exits on top. Pure. */

export const NODE = { width: 128, height: 52 };
const GAP = { x: 76, y: 22 };
const LANE = 26;

/**
 * @typedef {{x: number, y: number}} Point
 * @typedef {{from: string, to: string, label: string}} Edge  all ways from one step to another
 * @typedef {Edge & {points: Point[], labelAt: Point}} DrawnEdge
 * @typedef {GraphNode & Point} DrawnNode  with its top left corner
 */

/**
 * @param {Graph} graph
 * @returns {{width: number, height: number, nodes: DrawnNode[], edges: DrawnEdge[]}}
 */
export function layout(graph) {
  const merged = mergedEdges(graph.edges);
  const back = backEdges(graph.nodes, merged);
  const forward = merged.filter((edge) => !back.includes(edge));
  const layers = layersOf(graph.nodes, forward);
  const rows = rowsOf(graph.nodes, forward, layers);
  const nodes = graph.nodes.map((node) => ({
    ...node,
    x: get(layers, node.id) * (NODE.width + GAP.x),
    y: get(rows.at, node.id) * (NODE.height + GAP.y),
  }));
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const bottom = Math.max(...rows.all) * (NODE.height + GAP.y) + NODE.height;
  const edges = merged.map((edge) => {
    const [from, to] = [get(byId, edge.from), get(byId, edge.to)];
    return back.includes(edge)
      ? { ...edge, ...loop(from, to, bottom + LANE * (1 + back.indexOf(edge))) }
      : { ...edge, ...hop(from, to, get(rows.through, edge)) };
  });
  const width = Math.max(...nodes.map((node) => node.x)) + NODE.width;
  return { width, height: bottom + LANE * back.length + (back.length ? 10 : 0), nodes, edges };
}

/**
 * Return the value of a key that the map has.
 * @template K, V
 * @param {Map<K, V>} map
 * @param {K} key
 */
const get = (map, key) => /** @type {V} */ (map.get(key));

/**
 * Return one edge for all ways from one step to another.
 * @param {GraphEdge[]} edges
 * @returns {Edge[]}
 */
function mergedEdges(edges) {
  const merged = /** @type {Map<string, Edge>} */ (new Map());
  for (const edge of edges) {
    const key = JSON.stringify([edge.from, edge.to]);
    const others = merged.get(key);
    const label = others ? `${others.label}, ${wayWord(edge)}` : wayWord(edge);
    merged.set(key, { from: edge.from, to: edge.to, label });
  }
  return [...merged.values()];
}

/** @param {GraphEdge} edge */
function wayWord(edge) {
  if (edge.by === "after") return edge.after ?? "";
  if (edge.by === "polls") return edge.count === 1 ? "1 read" : `${edge.count} reads`;
  return edge.after ? `${edge.by} ${edge.after}` : edge.by;
}

/**
 * Return the edges that lead back to a step from which they can be reached.
 * @param {GraphNode[]} nodes
 * @param {Edge[]} edges
 */
function backEdges(nodes, edges) {
  const back = /** @type {Edge[]} */ ([]);
  const state = new Map();
  const visit = (/** @type {string} */ id) => {
    state.set(id, "open");
    for (const edge of edges.filter((each) => each.from === id)) {
      if (state.get(edge.to) === "open") back.push(edge);
      else if (!state.has(edge.to)) visit(edge.to);
    }
    state.set(id, "done");
  };
  for (const node of nodes) if (!state.has(node.id)) visit(node.id);
  return back;
}

/**
 * Return the layer of each step: one more than the last layer from which an edge leads to it.
 * @param {GraphNode[]} nodes
 * @param {Edge[]} edges
 */
function layersOf(nodes, edges) {
  const layers = new Map(nodes.map((node) => [node.id, 0]));
  for (let hasMoved = true; hasMoved; ) {
    hasMoved = false;
    for (const { from, to } of edges) {
      if (get(layers, to) <= get(layers, from)) {
        layers.set(to, get(layers, from) + 1);
        hasMoved = true;
      }
    }
  }
  return layers;
}

/**
 * Return the row of each step, the rows through which long edges pass, and all rows that are taken.
 * @param {GraphNode[]} nodes
 * @param {Edge[]} edges
 * @param {Map<string, number>} layers
 */
function rowsOf(nodes, edges, layers) {
  const order = new Map(nodes.map((node, index) => [node.id, index]));
  const at = /** @type {Map<string, number>} */ (new Map());
  const through = new Map(edges.map((edge) => [edge, /** @type {number[]} */ ([])]));
  const all = [0];
  const depth = Math.max(...layers.values());
  const rowBefore = (/** @type {Edge} */ edge) => get(through, edge).at(-1) ?? get(at, edge.from);
  const nodeItem = (/** @type {GraphNode} */ node) => {
    const incoming = edges.filter((edge) => edge.to === node.id);
    const ranks = incoming.map((edge) => edges.filter((each) => each.from === edge.from).indexOf(edge));
    const take = (/** @type {number} */ row) => void at.set(node.id, row);
    return { row: Math.max(0, ...incoming.map(rowBefore)), rank: Math.min(...ranks, 40), take };
  };
  const edgeItem = (/** @type {Edge} */ edge) => {
    const take = (/** @type {number} */ row) => void get(through, edge).push(row);
    return { row: rowBefore(edge), rank: 50 + get(order, edge.to), take };
  };
  for (let layer = 0; layer <= depth; layer += 1) {
    const passing = edges.filter((edge) => get(layers, edge.from) < layer && get(layers, edge.to) > layer);
    const items = [
      ...nodes.filter((node) => layers.get(node.id) === layer).map(nodeItem),
      ...passing.map(edgeItem),
    ].toSorted((one, other) => one.row - other.row || one.rank - other.rank);
    let free = 0;
    for (const item of items) {
      const row = Math.max(free, Math.floor(item.row));
      item.take(row);
      all.push(row);
      free = row + 1;
    }
  }
  return { at, through, all };
}

/**
 * Return the way to a later layer: out to the right, over to its row, on to the next step.
 * @param {Point} from
 * @param {Point} to
 * @param {number[]} rows  through which it passes
 */
function hop(from, to, rows) {
  const middle = NODE.height / 2;
  const start = { x: from.x + NODE.width, y: from.y + middle };
  const end = { x: to.x, y: to.y + middle };
  const heights = [...rows.map((row) => row * (NODE.height + GAP.y) + middle), end.y];
  const points = [start];
  let y = start.y;
  let x = start.x + 14;
  for (const height of heights) {
    if (height !== y) points.push({ x, y }, { x, y: height });
    y = height;
    x += NODE.width + GAP.x;
  }
  points.push(end);
  return { points, labelAt: { x: start.x + 22, y: heights[0] - 7 } };
}

/**
 * Return the way to an earlier layer, or to the same step: down, along below everything, up.
 * @param {Point} from
 * @param {Point} to
 * @param {number} lane
 */
function loop(from, to, lane) {
  const [x1, x2] = [from.x + NODE.width * 0.66, to.x + NODE.width * 0.33];
  const points = [
    { x: x1, y: from.y + NODE.height },
    { x: x1, y: lane },
    { x: x2, y: lane },
    { x: x2, y: to.y + NODE.height },
  ];
  return { points, labelAt: { x: Math.min(x1, x2) + 8, y: lane - 6 } };
}

/**
 * Return points as the path of an SVG, its corners rounded.
 * @param {Point[]} points
 * @param {number} [radius]
 */
export function pathOf(points, radius = 8) {
  const parts = [`M${points[0].x} ${points[0].y}`];
  for (let index = 1; index < points.length - 1; index += 1) {
    const [before, corner, after] = points.slice(index - 1, index + 2);
    const a = toward(corner, before, radius);
    const b = toward(corner, after, radius);
    parts.push(`L${a.x} ${a.y}Q${corner.x} ${corner.y} ${b.x} ${b.y}`);
  }
  const end = points[points.length - 1];
  parts.push(`L${end.x} ${end.y}`);
  return parts.join("");
}

/**
 * Return a point on the way to another, at most so far, and at most half of the way.
 * @param {Point} from
 * @param {Point} to
 * @param {number} distance
 */
function toward(from, to, distance) {
  const [dx, dy] = [to.x - from.x, to.y - from.y];
  const far = Math.hypot(dx, dy) || 1;
  const part = Math.min(distance, far / 2) / far;
  return { x: from.x + dx * part, y: from.y + dy * part };
}
