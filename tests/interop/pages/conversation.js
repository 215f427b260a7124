// SPDX-License-Identifier: Apache-2.0
// What two people say to each other, each in a browser of his own.
"use strict";

const SAID = ["Is it <b>windy</b> & cold?", "A gale, grüße 🌬", "One", "Two", "Three"];

// Waits until a page shows a message.
const heard = (page, body) => page.locator(".message", { hasText: body }).waitFor();

// Ada's and Ben's pages, when both show all that was said. `say` sends a message.
async function converse(open, say) {
    const [ada, ben] = [await open(), await open()];
    await ada.fill("#name", "Ada");
    await ben.fill("#name", "Ben");
    await say(ada, SAID[0]);
    await heard(ben, SAID[0]);
    await say(ben, SAID[1]);
    await heard(ada, SAID[1]);
    for (const text of SAID.slice(2)) await say(ada, text);
    await heard(ben, SAID.at(-1));
    return [ada, ben];
}

module.exports = { SAID, heard, converse };
