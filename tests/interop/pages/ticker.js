// SPDX-License-Identifier: Apache-2.0
// Prices come as server-sent events; after a restart the browser comes back and says what it has.
"use strict";

require("./browser").test(async ({ open, ask, assert, forgiven, picture }) => {
    const page = await open();
    const tick = async () => Number(await page.textContent("#tick"));
    const after = (number) =>
        page.waitForFunction((n) => Number(document.querySelector("#tick").textContent) > n, number);
    await page.locator("#state.live").waitFor();
    await after(12);
    const cards = page.locator("section");
    assert.equal(await cards.count(), 4);
    assert.match(await page.textContent("#GALE .price"), /^\d+\.\d\d$/);
    assert.match(await page.textContent("#GALE .change"), /^[▲▼] \d+\.\d\d \(-?\d+\.\d %\)$/);
    const points = await page.getAttribute("#GALE polyline", "points");
    assert.ok(points.split(" ").length > 10, points);
    await picture(page, "ticker");

    const other = await open(); // gets those before it at once
    await other.waitForFunction(() => Number(document.querySelector("#tick").textContent) > 12);

    forgiven.errors = true;
    const [again] = await Promise.all([
        page.waitForResponse((response) => response.url().endsWith("/ticks")),
        ask("restart"),
    ]);
    const last = Number((await again.request().allHeaders())["last-event-id"]);
    assert.ok(last > 12, `Last-Event-ID ${last}`);
    await page.locator("#state.live").waitFor();
    await page.waitForFunction(() => Number(document.querySelector("#tick").textContent) < 12);
    await after(await tick());
});
