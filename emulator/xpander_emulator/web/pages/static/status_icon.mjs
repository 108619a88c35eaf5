/* The icon of a status: each has its own colour and its own shape, so that either of them is enough. */

import { html } from "./vendor/htm-preact.mjs";

/**
 * Return the parts of an icon, in a box of 16 by 16.
 * @param {string} status
 */
export function shape(status) {
  switch (status) {
    case "pending":
      return html`<circle class="line" cx="8" cy="8" r="6" stroke-dasharray="3 2.65" />`;
    case "executing":
      return html`<path class="line" d="M8 2a6 6 0 1 1-5.2 3" /><path class="fill" d="M6.4 5v6l4.8-3z" />`;
    case "paused":
      return html`
        <rect class="fill" x="3" y="2" width="3.6" height="12" rx="1" />
        <rect class="fill" x="9.4" y="2" width="3.6" height="12" rx="1" />
      `;
    case "completed":
      return html`<circle class="fill" cx="8" cy="8" r="7" /><path class="hole" d="M4.8 8.2l2.2 2.3 4.2-4.7" />`;
    case "failed":
      return html`
        <rect class="fill" x="1.5" y="1.5" width="13" height="13" rx="1" />
        <path class="hole" d="M5 5l6 6M11 5l-6 6" />
      `;
    case "error":
      return html`<path class="fill" d="M8 .6L15.4 8 8 15.4.6 8z" /><path class="hole" d="M8 4.6v4M8 10.6v.9" />`;
    case "stopped":
      return html`
        <rect class="line" x="2.5" y="2.5" width="11" height="11" rx="1" />
        <rect class="fill" x="5.5" y="5.5" width="5" height="5" />
      `;
    default:
      return html`<circle class="line" cx="8" cy="8" r="4" />`;
  }
}

/**
 * An icon beside a word that says the same.
 * @param {{status: string, size?: number}} props
 */
export function StatusIcon({ status, size = 16 }) {
  return html`
    <svg class="mark ${status}" viewBox="0 0 16 16" width=${size} height=${size} aria-hidden="true">
      ${shape(status)}
    </svg>
  `;
}
