// SPDX-License-Identifier: Apache-2.0
const HISTORY = 60;
const state = document.querySelector("#state");
const prices = new Map();

function say(text) {
    state.textContent = text;
    state.className = text;
}

function draw(line, values) {
    const low = Math.min(...values), high = Math.max(...values), range = high - low || 1;
    line.setAttribute("points", values.map((value, i) =>
        `${(i * 100) / (HISTORY - 1)},${38 - (36 * (value - low)) / range}`).join(" "));
}

function show(symbol, price) {
    const values = prices.get(symbol) ?? [];
    prices.set(symbol, values);
    values.push(price);
    if (values.length > HISTORY) values.shift();
    const card = document.getElementById(symbol);
    const change = price - values[0];
    card.className = change < 0 ? "down" : "up";
    card.querySelector(".price").textContent = price.toFixed(2);
    card.querySelector(".change").textContent =
        `${change < 0 ? "▼" : "▲"} ${Math.abs(change).toFixed(2)} (${((100 * change) / values[0]).toFixed(1)} %)`;
    draw(card.querySelector("polyline"), values);
}

// The browser connects again by itself, and tells the id of the last event that it has.
const source = new EventSource("/ticks");
source.onopen = () => say("live");
source.onerror = () => say("reconnecting");
source.addEventListener("tick", (event) => {
    document.querySelector("#tick").textContent = event.lastEventId;
    for (const [symbol, price] of Object.entries(JSON.parse(event.data))) show(symbol, price);
});
