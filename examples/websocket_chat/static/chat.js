// SPDX-License-Identifier: Apache-2.0
const messages = document.querySelector("#messages");
const state = document.querySelector("#state");
const form = document.querySelector("#compose");
let socket;

function mark(message) {
    message.classList.toggle("mine", message.dataset.name === form.name.value);
}

function show({ id, html }) {
    if (document.getElementById(`m${id}`)) return;
    messages.insertAdjacentHTML("beforeend", html);
    mark(messages.lastElementChild);
    messages.lastElementChild.scrollIntoView({ block: "end" });
}

function say(text) {
    state.textContent = text;
    state.className = text;
}

// What was said meanwhile comes first: the server is told what the page has, but for the last five
// seconds, in which messages of several workers may be out of order.
function connect() {
    const url = new URL("/chatsocket", location.href);
    url.protocol = url.protocol.replace("http", "ws");
    url.searchParams.set("since", (messages.lastElementChild?.dataset.id ?? 0) - 5e6);
    socket = new WebSocket(url);
    socket.onopen = () => say("connected");
    socket.onmessage = (event) => show(JSON.parse(event.data));
    socket.onclose = () => {
        say("reconnecting");
        setTimeout(connect, 1000);
    };
}

form.name.value = sessionStorage.getItem("name") ?? "";
form.name.addEventListener("change", () => {
    sessionStorage.setItem("name", form.name.value);
    [...messages.children].forEach(mark);
});
form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (socket.readyState !== WebSocket.OPEN) return;
    socket.send(JSON.stringify({ name: form.name.value, body: form.body.value }));
    form.body.value = "";
    form.body.focus();
});
(form.name.value ? form.body : form.name).focus();
[...messages.children].forEach(mark);
messages.lastElementChild?.scrollIntoView({ block: "end" });
connect();
