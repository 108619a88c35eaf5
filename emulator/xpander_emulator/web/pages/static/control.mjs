/* The control API and its events, as the pages use them. */

const PREFIX = "/__emulator";
const RETRY_MS = 1000;
// The longest delay that setTimeout accepts.
const MAX_DELAY_MS = 2 ** 31 - 1;

/** An error response of the control API; the message says what would be right. */
export class Problem extends Error {
  /**
   * @param {number} status
   * @param {{title?: string, detail?: string}} details  of RFC 9457
   */
  constructor(status, { title, detail }) {
    super(detail ?? title ?? `The server answered ${status}.`);
    this.status = status;
  }
}

/**
 * Send a request to the control API and return the JSON of the response.
 * Throws Problem for an error response, and TypeError when no server answers.
 * @param {string} method
 * @param {string} path  below `/__emulator`, with its query
 * @param {string | null} [namespace]  null for the default one
 * @param {unknown} [body]
 * @returns {Promise<any>}
 */
export async function callControl(method, path, namespace = null, body = null) {
  const response = await fetch(address(path, namespace), {
    method,
    headers: body === null ? {} : { "content-type": "application/json" },
    body: body === null ? null : JSON.stringify(body),
  });
  const content = await response.json().catch(() => ({}));
  if (!response.ok) throw new Problem(response.status, content);
  return content;
}

/**
 * Follow the events of a namespace; return a function that ends it.
 * The first event, and any event after some were missed, is of type `stale`: then read everything again.
 * @param {string | null} namespace
 * @param {(event: ControlEvent) => unknown} onEvent
 * @param {(isConnected: boolean) => void} onConnection
 */
export function followEvents(namespace, onEvent, onConnection) {
  /** @type {EventSource} */
  let source;
  let timer = 0;
  const open = () => {
    source = new EventSource(address("/events", namespace));
    source.onopen = () => onConnection(true);
    source.onmessage = (message) => onEvent(JSON.parse(message.data));
    source.onerror = () => {
      onConnection(false);
      // A browser reconnects by itself, but not after a response that is no event stream, such as that of a proxy.
      if (source.readyState === EventSource.CLOSED) timer = setTimeout(open, RETRY_MS);
    };
  };
  open();
  return () => {
    clearTimeout(timer);
    source.close();
  };
}

/**
 * @param {string} path
 * @param {string | null} namespace
 */
function address(path, namespace) {
  const url = new URL(PREFIX + path, location.origin);
  if (namespace !== null) url.searchParams.set("namespace", namespace);
  return url;
}

/**
 * Return how many ms pass on a clock in one ms of real time; 0 for a clock that stands.
 * @param {Clock} clock
 */
export function pace(clock) {
  return clock.mode === "real" ? 1 : clock.mode === "scaled" ? (clock.scale ?? 1) : 0;
}

/**
 * Return the ms of real time until a task changes by time alone; Infinity for never.
 * @param {string | null} nextChange
 * @param {Clock} clock
 */
export function msUntil(nextChange, clock) {
  if (nextChange === null || pace(clock) === 0) return Infinity;
  return Math.min(MAX_DELAY_MS, Math.max(0, (Date.parse(nextChange) - Date.parse(clock.now)) / pace(clock)));
}
