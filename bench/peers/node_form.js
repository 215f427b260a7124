// SPDX-License-Identifier: Apache-2.0
// Node's twin of examples/form.c, as a peer to compare with. usage: node_form.js PORT
const server = require('http').createServer((request, response) => {
  const pieces = [];
  request.on('data', (piece) => pieces.push(piece));
  request.on('end', () => {
    const form = new URLSearchParams(Buffer.concat(pieces).toString());
    response.setHeader('Content-Type', 'text/plain; charset=UTF-8');
    response.end(`${form.get('name')} comes with ${form.get('guests') ?? '1'}\n`);
  });
});
server.keepAliveTimeout = 3600e3;
server.requestTimeout = server.headersTimeout = 0;
server.listen(+process.argv[2], '127.0.0.1', 4096);
