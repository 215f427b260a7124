// SPDX-License-Identifier: Apache-2.0
// Node's hello, as a peer to compare with; idle connections are kept. usage: node_hello.js PORT
const server = require('http').createServer((request, response) => response.end('Hello, world'));
server.keepAliveTimeout = 3600e3;
server.requestTimeout = server.headersTimeout = 0;
server.listen(+process.argv[2], '127.0.0.1', 4096);
