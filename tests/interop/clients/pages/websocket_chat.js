// SPDX-License-Identifier: Apache-2.0
// Two browsers talk over WebSockets, also after the server was started again.
"use strict";

require("./browser").test(async ({ open, ask, assert, forgiven, picture }) => {
    const say = async (page, body) => {
        await page.fill("#body", body);
        await page.click("button");
    };
    const heard = (page, body) => page.locator(".message", { hasText: body }).waitFor();
    const connected = (page) => page.locator("#state.connected").waitFor();

    const [ada, ben] = [await open(), await open()];
    await Promise.all([connected(ada), connected(ben)]);
    await ada.fill("#name", "Ada");
    await ben.fill("#name", "Ben");
    await say(ada, "Is it <b>windy</b> & cold?");
    await heard(ben, "Is it <b>windy</b> & cold?");
    await say(ben, "A gale, grüße 🌬");
    await heard(ada, "A gale, grüße 🌬");
    for (const text of ["One", "Two", "Three"]) await say(ada, text);
    await heard(ben, "Three");
    for (const page of [ada, ben]) {
        assert.deepEqual(await page.locator(".body").allTextContents(),
            ["Is it <b>windy</b> & cold?", "A gale, grüße 🌬", "One", "Two", "Three"]);
    }
    assert.deepEqual(await ada.locator(".mine .name").allTextContents(), ["Ada", "Ada", "Ada", "Ada"]);
    assert.deepEqual(await ben.locator(".mine .name").allTextContents(), ["Ben"]);
    assert.equal(await ada.inputValue("#body"), "");
    await picture(ada, "websocket_chat");
    await ada.emulateMedia({ colorScheme: "dark" });
    await picture(ada, "websocket_chat-dark");

    const late = await open();
    assert.equal(await late.locator(".message").count(), 5);

    forgiven.errors = true;
    await ask("stop");
    await ada.locator("#state.reconnecting").waitFor();
    await ask("start");
    await Promise.all([connected(ada), connected(ben)]);
    await say(ben, "Back again");
    await heard(ada, "Back again");
    assert.equal(await ada.locator(".message").count(), 6);
});
