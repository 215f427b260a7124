// SPDX-License-Identifier: Apache-2.0
// Two browsers talk by long polling, also after the server was started again; a third one has no
// JavaScript.
"use strict";

const { SAID, heard, converse } = require("./conversation");

require("./browser").test(async ({ open, ask, assert, forgiven, picture }) => {
    const say = async (page, body) => {
        await page.fill("#body", body);
        await page.click("button");
        await page.waitForFunction(() => document.querySelector("#body").value === "");
    };

    const [ada, ben] = await converse(open, say);
    for (const page of [ada, ben]) {
        assert.deepEqual(await page.locator(".message span").allTextContents(), [...SAID].reverse());
    }
    await ada.emulateMedia({ reducedMotion: "reduce" });
    await picture(ada, "chat");
    await ada.emulateMedia({ colorScheme: "dark" });
    await picture(ada, "chat-dark");

    const context = await ada.context().browser().newContext({ javaScriptEnabled: false });
    const plain = await context.newPage();
    await plain.goto(ada.url());
    assert.equal(await plain.locator(".message").count(), SAID.length);
    await plain.fill("#name", "Cyd");
    await plain.fill("#body", "Without a script");
    await plain.click("button");
    await heard(plain, "Without a script");
    await heard(ben, "Without a script");
    assert.equal(plain.url(), ada.url());

    forgiven.errors = true;
    await ask("kill"); // a graceful stop would wait for those who wait
    await ada.locator("#state", { hasText: "does not answer" }).waitFor();
    await ask("start");
    await say(ben, "Back again");
    await heard(ada, "Back again");
});
