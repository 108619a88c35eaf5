/* The control API and its events, as the pages use them. */

const PREFIX = "/__emulator";
const RETRY_MS = 1000;
// setTimeout takes no longer wait than this.
const LONGEST_MS = 2 ** 31 - 1;

/** An answer of the control API that is no success; `message` says what would be right. */
export class Problem extends Error {
  constructor(status, details) {
    super(details.detail ?? details.title ?? `The server answered ${status}.`);
    this.status = status;
    this.details = details;
  }
}

/**
 * Speak to the control API about one namespace, or the default one.
 * Returns the JSON of the answer. Throws Problem, and TypeError when nobody answers.
 */
export async function ask(method, path, { namespace = null, body = null, query = {} } = {}) {
  const search = new URLSearchParams(namespace === null ? query : { ...query, namespace });
  const answer = await fetch(`${PREFIX}${path}${search.size ? `?${search}` : ""}`, {
    method,
    headers: body === null ? {} : { "content-type": "application/json" },
    body: body === null ? undefined : JSON.stringify(body),
  });
  const told = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Problem(answer.status, told);
  return told;
}

/**
 * Follow what happens in a namespace. `hear` gets each event; the first one, and any after something was missed, is of
 * type `stale`: then read everything again. `connected` gets true and false as the connection comes and goes.
 * Returns a function that ends it.
 */
export function follow(namespace, hear, connected = () => {}) {
  const search = namespace === null ? "" : `?${new URLSearchParams({ namespace })}`;
  let source = null;
  let timer = null;
  const open = () => {
    source = new EventSource(`${PREFIX}/events${search}`);
    source.onopen = () => connected(true);
    source.onmessage = (message) => hear(JSON.parse(message.data));
    source.onerror = () => {
      connected(false);
      // A browser tries again by itself, but not after an answer that is no stream, such as that of a proxy.
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
 * Return after how many ms a task is to be read again, because something changes in it by time alone; null for never.
 * `clock` is what GET /clock tells; on a clock that stands nothing changes by time.
 */
export function wait(nextChange, clock) {
  const pace = { real: 1, scaled: clock.scale }[clock.mode];
  if (nextChange === null || !pace) return null;
  return Math.min(LONGEST_MS, Math.max(0, (Date.parse(nextChange) - Date.parse(clock.now)) / pace));
}
