// SPDX-License-Identifier: Apache-2.0
// What a real EventSource makes of each kind of event, and that 204 keeps it from coming back.
"use strict";

require("./browser").test(async ({ open, assert, forgiven }) => {
    forgiven.errors = true; // there is no icon
    const page = await open();
    const got = await page.evaluate(() => new Promise((done) => {
        const events = [], source = new EventSource("/events");
        const note = (event) => events.push([event.type, event.data, event.lastEventId]);
        source.onmessage = note;
        source.addEventListener("named", note);
        source.onopen = () => events.push("open");
        source.onerror = () => {
            events.push(source.readyState);
            if (source.readyState === EventSource.CLOSED) done(events);
        };
    }));
    assert.deepEqual(got, [
        "open",
        ["message", "plain", ""],
        ["message", "", ""],
        ["message", "a\nb\nc\nd\n", ""],
        ["named", " grüß: ", ""],
        ["message", "with an id", "é"],
        ["message", "a\0b", "é"],
        ["message", "without", ""],
        ["message", "the last", "last"],
        0, // connecting
        2, // closed
    ]);
});
