// SPDX-License-Identifier: Apache-2.0
// Two browsers talk by long polling, also after the server was started again; a third one has no
// JavaScript.
"use strict";

require("./browser").test(async ({ open, ask, assert, forgiven, picture }) => {
    const say = async (page, body) => {
        await page.fill("#body", body);
        await page.click("button");
        await page.waitForFunction(() => document.querySelector("#body").value === "");
    };
    const heard = (page, body) => page.locator(".message", { hasText: body }).waitFor();

    const [ada, ben] = [await open(), await open()];
    await ada.fill("#name", "Ada");
    await ben.fill("#name", "Ben");
    await say(ada, "Is it <b>windy</b> & cold?");
    await heard(ben, "Is it <b>windy</b> & cold?");
    await say(ben, "A gale, grüße 🌬");
    await heard(ada, "A gale, grüße 🌬");
    for (const text of ["One", "Two", "Three"]) await say(ada, text);
    await heard(ben, "Three");
    for (const page of [ada, ben]) {
        assert.deepEqual(await page.locator(".message span").allTextContents(),
            ["Three", "Two", "One", "A gale, grüße 🌬", "Is it <b>windy</b> & cold?"]);
    }
    await ada.emulateMedia({ reducedMotion: "reduce" });
    await picture(ada, "chat");
    await ada.emulateMedia({ colorScheme: "dark" });
    await picture(ada, "chat-dark");

    const context = await ada.context().browser().newContext({ javaScriptEnabled: false });
    const plain = await context.newPage();
    await plain.goto(ada.url());
    assert.equal(await plain.locator(".message").count(), 5);
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
