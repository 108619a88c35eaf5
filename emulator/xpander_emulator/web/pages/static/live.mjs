/* A page that stays up to date: it reads a namespace, follows its events, and turns to another namespace. */

import { callControl, followEvents, Problem } from "./control.mjs";
import { signal } from "./vendor/signals.mjs";

// The pause after a reading, so that a burst of events leads to one more; at least as long as the reading took.
const REST_MS = 60;

/**
 * Return the state and the actions that all pages share.
 * @param {object} page
 * @param {string | null} page.namespace  the first one; null for the default one
 * @param {() => Promise<number>} page.load  reads and shows everything; returns the ms until it changes by time alone
 * @param {(event: ControlEvent) => boolean} page.concerns  whether an event changes what the page shows
 * @param {() => void} [page.clear]  removes what belongs to the namespace that the page leaves
 */
export function live({ namespace: first, load, concerns, clear = () => {} }) {
  const namespace = signal(first);
  const connected = signal(true);
  const problem = signal("");
  let isReading = false;
  let isOutdated = false;
  let timer = 0;
  let unfollow = () => {};

  /**
   * Call the control API about the namespace of the page.
   * @param {string} method
   * @param {string} path
   * @param {unknown} [body]
   */
  const call = (method, path, body = null) => callControl(method, path, namespace.value, body);

  /** Read everything, one reading at a time; changes during a reading lead to one more reading. */
  async function read() {
    isOutdated = true;
    if (isReading) return;
    isReading = true;
    while (isOutdated) {
      isOutdated = false;
      clearTimeout(timer);
      const began = performance.now();
      const due = await load().then(readSucceeded, readFailed);
      // setTimeout drops the fraction of a ms, and would read just before the change.
      if (due < Infinity) timer = setTimeout(read, due + 2);
      const took = performance.now() - began;
      await new Promise((resume) => setTimeout(resume, Math.max(REST_MS, took)));
    }
    isReading = false;
  }

  /** @param {number} due */
  function readSucceeded(due) {
    connected.value = true;
    return due;
  }

  /** @param {unknown} error */
  function readFailed(error) {
    if (error instanceof Problem) problem.value = error.message;
    else connected.value = false;
    return Infinity;
  }

  /**
   * Change a task or the clock, then read again. Return the response; null where the change was refused.
   * @param {string} method
   * @param {string} path
   * @param {unknown} [body]
   */
  async function act(method, path, body = {}) {
    try {
      const response = await call(method, path, body);
      problem.value = "";
      return response;
    } catch (error) {
      problem.value = error instanceof Problem ? error.message : "Nothing was sent: the server does not answer.";
      return null;
    } finally {
      read();
    }
  }

  /** Follow the events of the namespace; the first event leads to the first reading. */
  function begin() {
    unfollow();
    unfollow = followEvents(
      namespace.value,
      (event) => concerns(event) && read(),
      (isConnected) => {
        connected.value = isConnected;
      },
    );
  }

  /**
   * Turn to another namespace, which the address names from then on.
   * @param {string | null} name
   */
  function enter(name) {
    const url = new URL(location.href);
    if (name === null) url.searchParams.delete("namespace");
    else url.searchParams.set("namespace", name);
    url.hash = "";
    history.replaceState(null, "", url);
    namespace.value = name;
    clear();
    begin();
  }

  return { namespace, connected, problem, call, act, read, begin, enter };
}

export const namespaceInAddress = () => new URLSearchParams(location.search).get("namespace");
