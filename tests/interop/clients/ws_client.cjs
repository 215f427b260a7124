// SPDX-License-Identifier: Apache-2.0
// The npm package ws as a client: node ws_client.cjs URL-OF-WS URL-OF-WS-DEFLATE
"use strict";
const assert = require("node:assert");
const { once } = require("node:events");
const WebSocket = require("ws");

const [plain, deflated] = process.argv.slice(2);
const messages = ["", "a", "é".repeat(1000), "x".repeat(125), "x".repeat(126), "x".repeat(65535),
  "x".repeat(65536), "\0", "𝄞", JSON.stringify(Array.from({ length: 5000 }, (_, i) => ({ i }))),
  Buffer.alloc(0), Buffer.from([0, 255]), Buffer.alloc(300000, 7), require("node:crypto").randomBytes(100000)];

async function open(url, options) {
  const socket = new WebSocket(url, { handshakeTimeout: 20000, ...options });
  await once(socket, "open");
  return socket;
}

async function echo(socket, message, options) {
  const answer = once(socket, "message");
  socket.send(message, options);
  const [data, binary] = await answer;
  assert.strictEqual(binary, typeof message !== "string");
  assert.ok(Buffer.compare(data, Buffer.from(message)) === 0, `${data.length} bytes came back`);
}

async function end(socket, code, reason) {
  const closed = once(socket, "close");
  socket.close(code, reason);
  const [gotCode, gotReason] = await closed;
  assert.deepStrictEqual([gotCode, gotReason.toString()], [code ?? 1005, ""]);
}

async function fragments(socket) {
  const answer = once(socket, "message");
  for (const piece of ["one, ", "", "zwö, ", "trois"]) socket.send(piece, { fin: piece === "trois" });
  assert.strictEqual((await answer)[0].toString(), "one, zwö, trois");
}

async function pings(socket) {
  for (const data of ["", "p", Buffer.alloc(125, 255)]) {
    const pong = once(socket, "pong");
    socket.ping(data);
    assert.ok(Buffer.compare((await pong)[0], Buffer.from(data)) === 0);
  }
  socket.pong("that nobody asked for");
}

async function talk(url, options, extension) {
  const socket = await open(url, options);
  assert.strictEqual(Object.keys(socket._extensions)[0], extension);
  for (const message of messages) await echo(socket, message);
  await fragments(socket);
  await pings(socket);
  await echo(socket, "not compressed", { compress: false });
  await echo(socket, "again, again, again, again");
  await end(socket, 4000, "enough");
}

async function many(url) {
  const sockets = await Promise.all(Array.from({ length: 50 }, () => open(url)));
  for (let round = 0; round < 10; round++)
    await Promise.all(sockets.map((socket, i) => echo(socket, `${round} of ${i}`)));
  await Promise.all(sockets.map((socket) => end(socket, 1000)));
}

async function refused() {
  await assert.rejects(open(plain, { origin: "http://example.org" }), /403/);
  await assert.rejects(open(plain.replace("/ws", "/none")), /404/);
  await assert.rejects(open(plain, { protocolVersion: 8 }), /426/);
}

async function main() {
  const deflate = (options) => ({ perMessageDeflate: { threshold: 0, ...options } });
  await talk(plain, { perMessageDeflate: false }, undefined);
  await talk(plain, {}, undefined);
  await talk(deflated, { perMessageDeflate: false }, undefined);
  for (const options of [{}, { serverNoContextTakeover: true }, { clientNoContextTakeover: true },
    { serverNoContextTakeover: true, clientNoContextTakeover: true }, { serverMaxWindowBits: 9 },
    { clientMaxWindowBits: 10, serverMaxWindowBits: 8 }, { threshold: 1024 }])
    await talk(deflated, deflate(options), "permessage-deflate");
  await many(deflated);
  await end(await open(plain));
  await refused();
}

main().then(() => console.log("done"), (error) => {
  console.error(error);
  process.exit(1);
});
