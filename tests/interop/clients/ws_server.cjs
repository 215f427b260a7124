// SPDX-License-Identifier: Apache-2.0
// The npm package ws as a server, which does the talking: prints a line with the ports of its servers,
// and for each connection "done", or what has gone wrong.
"use strict";
const assert = require("node:assert");
const { once } = require("node:events");
const { WebSocketServer } = require("ws");

const messages = ["", "a", "é".repeat(1000), "x".repeat(125), "x".repeat(126), "x".repeat(65536), "\0",
  "𝄞", Buffer.alloc(0), Buffer.from([0, 255]), Buffer.alloc(1000000, 7)];

async function assertNext(answers, message) {
  const [data, binary] = (await answers.next()).value;
  assert.strictEqual(binary, typeof message !== "string");
  assert.ok(Buffer.compare(data, Buffer.from(message)) === 0, `${data.length} bytes came back`);
}

async function talk(socket) {
  const answers = require("node:events").on(socket, "message");
  for (const message of messages) {
    socket.send(message);
    await assertNext(answers, message);
  }
  for (const message of messages) socket.send(message);
  for (const message of messages) await assertNext(answers, message);
  for (const piece of ["one, ", "", "zwö, ", "trois"]) socket.send(piece, { fin: piece === "trois" });
  await assertNext(answers, "one, zwö, trois");
  for (const data of ["", "p", Buffer.alloc(125, 255)]) {
    const pong = once(socket, "pong");
    socket.ping(data);
    assert.ok(Buffer.compare((await pong)[0], Buffer.from(data)) === 0);
  }
  for (const compress of [false, true]) {
    socket.send("again, again, again, again", { compress });
    await assertNext(answers, "again, again, again, again");
  }
  const closed = once(socket, "close");
  socket.close(4000, "enough");
  assert.strictEqual((await closed)[0], 4000);
}

async function serve(perMessageDeflate) {
  const server = new WebSocketServer({ host: "127.0.0.1", port: 0, perMessageDeflate });
  server.on("connection", (socket) =>
    talk(socket).then(() => console.log("done"), (error) => console.log(String(error).split("\n")[0])));
  await once(server, "listening");
  return server.address().port;
}

async function main() {
  const ports = {};
  for (const [name, options] of Object.entries({ plain: false, deflate: { threshold: 0 },
    anew: { threshold: 0, serverNoContextTakeover: true, clientNoContextTakeover: true },
    narrow: { threshold: 0, serverMaxWindowBits: 9, clientMaxWindowBits: 10 }, large: { threshold: 1024 } }))
    ports[name] = await serve(options);
  console.log(JSON.stringify(ports));
}

main();
