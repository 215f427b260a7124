// SPDX-License-Identifier: Apache-2.0
// Node: GET / waits until a POST / notifies it. usage: node_longpoll.js PORT
let waiting = [];

function notify(request, response) {
  const chunks = [];
  request.on('data', (chunk) => chunks.push(chunk));
  request.on('end', () => {
    const latest = Buffer.concat(chunks);
    for (const waiter of waiting) waiter.end(latest);
    waiting = [];
    response.end();
  });
}

const server = require('http').createServer((request, response) => {
  if (request.url !== '/') {
    response.writeHead(404, { 'Content-Length': 0 }).end();
  } else if (request.method === 'POST') {
    notify(request, response);
  } else {
    waiting.push(response);
  }
});
server.keepAliveTimeout = 3600e3;
server.requestTimeout = server.headersTimeout = 0;
server.listen(+process.argv[2], '127.0.0.1', 4096);
