// Starts a task, polls it, approves it and polls its end, with a client of Node: fetch, undici or axios.
'use strict';

const [library, url, key, task] = process.argv.slice(2);
const MOST_READS = 60;

const clients = {
  fetch: () => async (method, target, headers, body) => {
    const response = await fetch(target, { method, headers, body });
    return [response.status, await response.json()];
  },
  undici: () => {
    const { Agent, request } = require('undici');
    const dispatcher = new Agent({ connections: 1 });
    return async (method, target, headers, body) => {
      const response = await request(target, { method, headers, body, dispatcher });
      return [response.statusCode, await response.body.json()];
    };
  },
  axios: () => {
    const axios = require('axios');
    const { Agent } = require('node:http');
    const client = axios.create({ httpAgent: new Agent({ keepAlive: true }), proxy: false, validateStatus: null });
    return async (method, target, headers, data) => {
      const response = await client.request({ method, url: target, headers, data });
      return [response.status, response.data];
    };
  },
};

async function main() {
  const send = clients[library]();
  const statuses = [];

  async function call(method, path, data) {
    const headers = { 'x-api-key': key, ...(data && { 'content-type': 'application/json' }) };
    const [status, body] = await send(method, url + path, headers, data && JSON.stringify(data));
    if (status !== 200) throw new Error(`${status} ${JSON.stringify(body)}`);
    return body;
  }

  const see = ({ status }) => statuses.at(-1) === status || statuses.push(status);

  async function poll(status) {
    for (let reads = 0; reads < MOST_READS && statuses.at(-1) !== status; reads += 1) {
      see(await call('GET', `/v1/tasks/${task}`));
    }
  }

  see(await call('POST', '/v1/workflows/approval/invoke/async', { id: task, input: { text: 'Refund' } }));
  await poll('paused');
  await call('POST', `/__emulator/tasks/${task}/signals`, { signal: 'approve' });
  await poll('completed');
  console.log(statuses.join(' '));
  // Connections that are kept alive would hold this process for some seconds.
  process.exit(0);
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
