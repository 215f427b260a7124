// SPDX-License-Identifier: Apache-2.0
// Chromium, driven by Playwright, which scripts/setup puts into build/browser.
"use strict";

const assert = require("assert/strict");
const readline = require("readline");
const { chromium } = require("playwright-core");

const ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-proxy-server",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1"];

const lines = readline.createInterface({ input: process.stdin })[Symbol.asyncIterator]();

// Asks who has started this for something, as a restart of the server, and waits until it is done.
async function ask(what) {
    console.log(what);
    await lines.next();
}

// The page of a browser of its own. What goes wrong in it fails the test; so does what it asks the
// server for in vain, unless the test has said so.
async function open(url, browsers, forgiven) {
    const browser = await chromium.launch({ executablePath: process.env.CHROMIUM, args: ARGUMENTS });
    browsers.push(browser);
    const page = await browser.newPage({ viewport: { width: 900, height: 640 } });
    page.setDefaultTimeout(30000);
    page.on("pageerror", (error) => forgiven.fail(error));
    page.on("console", (message) => {
        if (message.type() === "error" && !forgiven.errors) forgiven.fail(new Error(message.text()));
    });
    await page.goto(url);
    return page;
}

// Runs a test, which opens pages with `open(path)`, and ends with 0 when all went well.
exports.test = async (steps) => {
    const url = process.argv[2], pictures = process.env.PICTURES, browsers = [];
    let failed = false, count = 0;
    const forgiven = { errors: false, fail: (error) => { console.error(error); failed = true; } };
    try {
        await steps({
            open: (path = "/") => open(url + path, browsers, forgiven),
            ask, assert, forgiven,
            picture: (page, name) =>
                pictures && page.screenshot({ path: `${pictures}/${++count}-${name}.png` }),
        });
    } catch (error) {
        console.error(error);
        failed = true;
    }
    for (const browser of browsers) await browser.close();
    process.exit(failed ? 1 : 0);
};
