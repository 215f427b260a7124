// SPDX-License-Identifier: Apache-2.0
const messages = document.querySelector("#messages");
const state = document.querySelector("#state");
const form = document.querySelector("#compose");
const welcome = state.textContent;

async function post(path, fields) {
    const response = await fetch(path, { method: "POST", body: new URLSearchParams(fields) });
    if (!response.ok) throw new Error(`${path}: ${response.status}`);
    return response.json();
}

function show({ id, html }) {
    if (!document.getElementById(`m${id}`)) messages.insertAdjacentHTML("afterbegin", html);
}

// One request after the other; each is answered when there is something new.
async function poll() {
    for (let wait = 500; ;) {
        try {
            const cursor = messages.firstElementChild?.dataset.id ?? "0";
            const update = await post("/a/message/updates", { cursor });
            update.messages.forEach(show);
            state.textContent = welcome;
            wait = 500;
        } catch {
            state.textContent = "The server does not answer. Trying again …";
            await new Promise((done) => setTimeout(done, wait));
            wait = Math.min(wait * 2, 15000);
        }
    }
}

form.name.value = sessionStorage.getItem("name") ?? "";
form.addEventListener("submit", async (event) => {
    event.preventDefault();
    sessionStorage.setItem("name", form.name.value);
    const { name, body } = Object.fromEntries(new FormData(form));
    try {
        show(await post("/a/message/new", { name, body }));
        form.body.value = "";
    } catch {
        state.textContent = "That was not posted. Try again.";
    }
    form.body.focus();
});
(form.name.value ? form.body : form.name).focus();
poll();
