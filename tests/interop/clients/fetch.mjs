// SPDX-License-Identifier: Apache-2.0
// fetch of Node against hello, the conformance program and sleep, whose URLs are the arguments.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import http from "node:http";

const [hello, conformance, sleep] = process.argv.slice(2);

async function gets() {
    const answer = await fetch(hello + "/");
    assert.equal(answer.status, 200);
    assert.equal(answer.headers.get("content-type"), "text/html; charset=UTF-8");
    assert.equal(await answer.text(), "Hello, world");
    const many = await Promise.all(
        Array.from({ length: 100 }, () => fetch(hello + "/").then((one) => one.text())));
    assert.ok(many.every((text) => text === "Hello, world"));
}

async function heads() {
    const answer = await fetch(conformance + "/", { method: "HEAD" });
    assert.equal(answer.headers.get("content-length"), "12");
    assert.equal(await answer.text(), "");
}

async function posts() {
    for (const size of [0, 1, 5000, 5 << 20]) {
        const body = randomBytes(size);
        const answer = await fetch(conformance + "/echo", { method: "POST", body });
        assert.equal(answer.headers.get("content-type"), "application/octet-stream");
        assert.ok(body.equals(Buffer.from(await answer.arrayBuffer())));
    }
}

async function streams() {
    const pieces = [1, 70000, 3, 500000].map((size) => randomBytes(size));
    const body = new ReadableStream({
        async pull(controller) {
            await new Promise((resolve) => setTimeout(resolve, 10));
            if (pieces.length === 0)
                return controller.close();
            controller.enqueue(pieces.shift());
        },
    });
    const expected = Buffer.concat(pieces);
    const answer = await fetch(conformance + "/echo", { method: "PUT", body, duplex: "half" });
    assert.ok(expected.equals(Buffer.from(await answer.arrayBuffer())));
}

async function errors() {
    const missing = await fetch(conformance + "/none");
    assert.equal(missing.status, 404);
    await missing.arrayBuffer();
    const refused = await fetch(conformance + "/echo", { method: "PATCH", body: "x" });
    assert.equal(refused.status, 405);
    assert.equal(refused.headers.get("allow"), "POST, PUT");
    await refused.arrayBuffer();
}

async function aborts() {
    const signal = AbortSignal.timeout(200);
    const name = /^(Timeout|Abort)Error$/;
    await assert.rejects(fetch(sleep + "/?seconds=30", { signal }), { name });
    const answer = await fetch(sleep + "/?seconds=0.1");
    assert.equal(await answer.text(), "slept for 0.1 seconds\n");
}

function request(agent) {
    return new Promise((resolve, reject) => {
        http.get(hello + "/", { agent }, (answer) => {
            const { localPort } = answer.socket;
            answer.resume().on("end", () => resolve(localPort));
        }).on("error", reject);
    });
}

// fetch does not tell which connection it used; http.Agent under the same rules does.
async function reuse() {
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    const ports = new Set();
    for (let i = 0; i < 10; i++)
        ports.add(await request(agent));
    agent.destroy();
    assert.equal(ports.size, 1);
}

for (const test of [gets, heads, posts, streams, errors, aborts, reuse])
    await test();
