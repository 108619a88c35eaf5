/* Where the steps of a scenario stand in its diagram: in layers from left to right, the way of the first exits on top. Pure. */

export const NODE = { width: 128, height: 52 };
export const GAP = { x: 76, y: 22 };
const LANE = 26;

/**
 * Return `{width, height, nodes, edges}` for a graph `{nodes: [{id, status}], edges: [{from, to, by, after?, count?}]}`.
 * Nodes have `x` and `y` of their top left corner; edges have `points`, and `label` with its place.
 */
export function layout(graph) {
  const order = new Map(graph.nodes.map((node, index) => [node.id, index]));
  const merged = mergedEdges(graph.edges);
  const back = backEdges(graph.nodes, merged);
  const forward = merged.filter((edge) => !back.has(edge));
  const layers = layersOf(graph.nodes, forward);
  const rows = rowsOf(graph.nodes, forward, layers, order);
  const place = (layer, row) => ({ x: layer * (NODE.width + GAP.x), y: row * (NODE.height + GAP.y) });
  const nodes = graph.nodes.map((node) => ({ ...node, ...place(layers.get(node.id), rows.at.get(node.id)) }));
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const last = Math.max(...nodes.map((node) => node.x)) + NODE.width;
  const bottom = Math.max(...rows.all) * (NODE.height + GAP.y) + NODE.height;
  const edges = merged.map((edge) =>
    back.has(edge)
      ? loop(edge, byId, bottom + LANE * (1 + [...back].indexOf(edge)))
      : hop(edge, byId, rows.through.get(edge)),
  );
  return { width: last, height: bottom + LANE * back.size + (back.size ? 10 : 0), nodes, edges };
}

/** Return one edge for all ways from one step to another. */
function mergedEdges(edges) {
  const found = new Map();
  for (const edge of edges) {
    const key = JSON.stringify([edge.from, edge.to]);
    const known = found.get(key) ?? { from: edge.from, to: edge.to, ways: [] };
    known.ways.push(edge);
    found.set(key, known);
  }
  return [...found.values()].map((edge) => ({ ...edge, label: edge.ways.map(way).join(", ") }));
}

function way(edge) {
  if (edge.by === "after") return edge.after;
  if (edge.by === "polls") return edge.count === 1 ? "1 read" : `${edge.count} reads`;
  return edge.after ? `${edge.by} ${edge.after}` : edge.by;
}

/** Return the edges that lead back to a step on the way to where they begin. */
function backEdges(nodes, edges) {
  const found = new Set();
  const state = new Map();
  const visit = (id) => {
    state.set(id, "open");
    for (const edge of edges.filter((each) => each.from === id)) {
      if (state.get(edge.to) === "open") found.add(edge);
      else if (!state.has(edge.to)) visit(edge.to);
    }
    state.set(id, "done");
  };
  for (const node of nodes) if (!state.has(node.id)) visit(node.id);
  return found;
}

/** Return the layer of each step: one more than the last of those that lead to it. */
function layersOf(nodes, edges) {
  const layers = new Map(nodes.map((node) => [node.id, 0]));
  for (let moved = true; moved; ) {
    moved = false;
    for (const { from, to } of edges) {
      if (layers.get(to) <= layers.get(from)) {
        layers.set(to, layers.get(from) + 1);
        moved = true;
      }
    }
  }
  return layers;
}

/** Return the row of each step, the rows through which long edges pass, and all rows that are taken. */
function rowsOf(nodes, edges, layers, order) {
  const at = new Map();
  const through = new Map(edges.map((edge) => [edge, []]));
  const all = [0];
  const depth = Math.max(...layers.values());
  for (let layer = 0; layer <= depth; layer += 1) {
    const items = [
      ...nodes.filter((node) => layers.get(node.id) === layer).map((node) => ({ node, ...wish(node.id) })),
      ...edges
        .filter((edge) => layers.get(edge.from) < layer && layers.get(edge.to) > layer)
        .map((edge) => ({ edge, row: through.get(edge).at(-1) ?? at.get(edge.from), rank: 50 + order.get(edge.to) })),
    ].toSorted((one, other) => one.row - other.row || one.rank - other.rank);
    let free = 0;
    for (const item of items) {
      const row = Math.max(free, Math.floor(item.row));
      if (item.node) at.set(item.node.id, row);
      else through.get(item.edge).push(row);
      all.push(row);
      free = row + 1;
    }
  }
  return { at, through, all };

  function wish(id) {
    const incoming = edges.filter((edge) => edge.to === id);
    const rows = incoming.map((edge) => through.get(edge).at(-1) ?? at.get(edge.from));
    const rank = Math.min(...incoming.map((edge) => edges.filter((each) => each.from === edge.from).indexOf(edge)), 40);
    return { row: rows.length ? Math.max(...rows) : 0, rank };
  }
}

/** Return an edge to a later layer: out to the right, over to its row, on to the next step. */
function hop(edge, byId, through) {
  const [from, to] = [byId.get(edge.from), byId.get(edge.to)];
  const middle = NODE.height / 2;
  const start = { x: from.x + NODE.width, y: from.y + middle };
  const end = { x: to.x, y: to.y + middle };
  const points = [start];
  let y = start.y;
  let x = start.x + 14;
  for (const row of [...through.map((each) => each * (NODE.height + GAP.y) + middle), end.y]) {
    if (row !== y) points.push({ x, y }, { x, y: row });
    y = row;
    x += NODE.width + GAP.x;
  }
  points.push(end);
  const first = through.length ? through[0] * (NODE.height + GAP.y) + middle : end.y;
  return { ...edge, points, labelAt: { x: start.x + 22, y: first - 7 } };
}

/** Return an edge to an earlier layer, or to the same step: down, along below everything, up. */
function loop(edge, byId, lane) {
  const [from, to] = [byId.get(edge.from), byId.get(edge.to)];
  const [x1, x2] = [from.x + NODE.width * 0.66, to.x + NODE.width * 0.33];
  const bottom = (node) => node.y + NODE.height;
  const points = [
    { x: x1, y: bottom(from) },
    { x: x1, y: lane },
    { x: x2, y: lane },
    { x: x2, y: bottom(to) },
  ];
  return { ...edge, points, labelAt: { x: Math.min(x1, x2) + 8, y: lane - 6 } };
}

/** Return points as the path of an SVG, its corners rounded. */
export function pathOf(points, radius = 8) {
  const parts = [`M${points[0].x} ${points[0].y}`];
  for (let index = 1; index < points.length - 1; index += 1) {
    const [before, corner, after] = points.slice(index - 1, index + 2);
    const a = toward(corner, before, radius);
    const b = toward(corner, after, radius);
    parts.push(`L${a.x} ${a.y}Q${corner.x} ${corner.y} ${b.x} ${b.y}`);
  }
  const end = points.at(-1);
  parts.push(`L${end.x} ${end.y}`);
  return parts.join("");
}

function toward(from, to, most) {
  const [dx, dy] = [to.x - from.x, to.y - from.y];
  const far = Math.hypot(dx, dy) || 1;
  const part = Math.min(most, far / 2) / far;
  return { x: from.x + dx * part, y: from.y + dy * part };
}
