// SPDX-License-Identifier: Apache-2.0
// Two browsers talk over WebSockets, also after the server was started again.
"use strict";

const { SAID, heard, converse } = require("./conversation");

require("./browser").test(async ({ open, ask, assert, forgiven, picture }) => {
    const connected = (page) => page.locator("#state.connected").waitFor();
    const say = async (page, body) => {
        await connected(page);
        await page.fill("#body", body);
        await page.click("button");
    };

    const [ada, ben] = await converse(open, say);
    for (const page of [ada, ben]) {
        assert.deepEqual(await page.locator(".body").allTextContents(), SAID);
    }
    assert.deepEqual(await ada.locator(".mine .name").allTextContents(), ["Ada", "Ada", "Ada", "Ada"]);
    assert.deepEqual(await ben.locator(".mine .name").allTextContents(), ["Ben"]);
    assert.equal(await ada.inputValue("#body"), "");
    await picture(ada, "websocket_chat");
    await ada.emulateMedia({ colorScheme: "dark" });
    await picture(ada, "websocket_chat-dark");

    const late = await open();
    assert.equal(await late.locator(".message").count(), SAID.length);

    forgiven.errors = true;
    await ask("stop");
    await ada.locator("#state.reconnecting").waitFor();
    await ask("start");
    await connected(ada);
    await say(ben, "Back again");
    await heard(ada, "Back again");
    assert.equal(await ada.locator(".message").count(), SAID.length + 1);
});
