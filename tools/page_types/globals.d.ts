/* Names for what the control API returns. control_api.d.ts is generated from its OpenAPI document by `make pages-check`. */

import type { components } from "./control_api";

type Schemas = components["schemas"];
// The properties of a pause and of a snapshot follow from scenarios and contract: the control API does not list them.
// biome-ignore lint/suspicious/noExplicitAny: their values are of any type.
type Open = Record<string, any>;

declare global {
  type Status = Schemas["Status"];
  type Task = Omit<Schemas["TaskView"], "pause"> & { pause: Open | null };
  type TaskDetails = Task & Pick<Schemas["TaskDetails"], "history" | "signals" | "graph"> & { snapshot: Open };
  type Visit = Schemas["HistoryEntry"];
  type Moment = Visit & { snapshot: Open };
  type Graph = Schemas["Graph"];
  type GraphNode = Graph["nodes"][number];
  type GraphEdge = Graph["edges"][number];
  type Clock = Schemas["Clock"];
  type Playlist = Schemas["Playlist"];
  type JournalRow = Schemas["RequestSummary"];
  type JournalEntry = Schemas["RequestDetails"];
  type ControlEvent = Schemas["Event"];

  /** The global of Swagger UI, which is no module. */
  var SwaggerUIBundle: (options: Open) => Open;
}
