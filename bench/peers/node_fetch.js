// SPDX-License-Identifier: Apache-2.0
// The same load as bench/fetch.c with Node: node_fetch.js agent|fetch CONNECTIONS SECONDS PORT
// "agent" is http.request with a keep-alive agent, "fetch" the global fetch (undici).
const http = require('http');
const [kind, connections, seconds, port] = process.argv.slice(2);
const agent = new http.Agent({ keepAlive: true, maxSockets: Number(connections) });
const end = performance.now() + seconds * 1000;
let fetches = 0;

function fetchAgent() {
  return new Promise((resolve, reject) => {
    http.get({ host: '127.0.0.1', port, agent }, (response) => {
      let size = 0;
      response.on('data', (chunk) => { size += chunk.length; });
      response.on('end', resolve);
    }).on('error', reject);
  });
}

async function fetchGlobal() {
  await (await fetch(`http://127.0.0.1:${port}/`)).arrayBuffer();
}

async function load() {
  const one = kind === 'agent' ? fetchAgent : fetchGlobal;
  while (performance.now() < end) {
    await one();
    fetches++;
  }
}

(async () => {
  const before = process.cpuUsage();
  const since = performance.now();
  await Promise.all(Array.from({ length: Number(connections) }, load));
  const used = process.cpuUsage(before);
  console.log(JSON.stringify({
    fetches, fetches_per_second: Math.round(fetches / ((performance.now() - since) / 1000)),
    cpu_us: (used.user + used.system) / fetches }));
  process.exit(0);
})().catch((error) => { console.error(error); process.exit(1); });
