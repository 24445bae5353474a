// A group with members: what is said is kept, and everyone hears who comes and goes.

import { append, byId, errorText, make, problem, showState, toastNotices } from "./page.js";
import { Socket } from "./socket.js";

const { pk, user, member: ownMembership, owner } = byId("group").dataset;
const api = `/api/chat/groups/${pk}/`;
const log = byId("log");
const text = byId("text");
const shown = new Set(); // ids of the lines on the page
const members = new Map(); // membership's id -> user name
const socket = new Socket(`/ws/chat/${pk}/`);
let older = null; // address of the next page of history
let removed = false;
let lastTyping = 0;
let typingTimer = 0;

async function request(path, method = "GET", body = undefined) {
  const response = await fetch(path, {
    method,
    headers: {
      "Content-Type": "application/json",
      "X-CSRFToken": document.querySelector("[name=csrfmiddlewaretoken]").value,
    },
    body: body && JSON.stringify(body),
  });
  const answer = response.status === 204 ? {} : await response.json().catch(() => ({}));
  if (!response.ok) {
    const first = Object.values(answer)[0];
    throw new Error(answer.detail?.toString() ?? first?.toString() ?? `The server answered ${response.status}.`);
  }
  return answer;
}

const report = (error) => problem(byId("problem"), error.message);

function lineElement({ sender, content }) {
  const own = sender === user;
  const by = sender === null ? "a deleted account" : own ? `${sender} (you)` : sender;
  return make("li", own ? "line own" : "line", make("span", "by", by), make("span", "said", content));
}

function showOlder(page) {
  older = page.next;
  byId("older").hidden = older === null;
  const fresh = page.results.filter(({ id }) => !shown.has(id)).reverse();
  for (const { id } of fresh) shown.add(id);
  const height = log.scrollHeight;
  log.prepend(...fresh.map(lineElement));
  log.scrollTop += log.scrollHeight - height;
}

/** What is new since the page last knew, after joining and after each reconnection. */
async function catchUp() {
  const page = await request(`${api}messages/`);
  log.replaceChildren();
  shown.clear();
  showOlder(page);
  log.scrollTop = log.scrollHeight;
  if (page.results.length) markRead(page.results[0].id);
  members.clear();
  let list = `${api}members/?page_size=200`;
  while (list) {
    const { results, next } = await request(list);
    for (const { id, username } of results) members.set(id, username);
    list = next;
  }
  showMembers();
}

function markRead(id) {
  if (document.visibilityState === "visible") socket.send("mark_read", { messageId: id });
}

function showMembers() {
  byId("count").textContent = members.size;
  const chips = [...members].map(([id, name]) => {
    const chip = make("li", "chip", name);
    if (owner !== undefined && String(id) !== ownMembership) {
      const drop = make("button", "", "×");
      drop.type = "button";
      drop.setAttribute("aria-label", `Remove ${name}`);
      drop.addEventListener("click", () => request(`${api}members/${id}/`, "DELETE").catch(report));
      chip.append(drop);
    }
    return chip;
  });
  byId("members").replaceChildren(...chips);
}

function remark(words) {
  append(log, make("li", "remark", words));
}

socket.addEventListener("frame", ({ detail: { action, payload } }) => {
  if (action === "new_group_message" && !shown.has(payload.id)) {
    shown.add(payload.id);
    append(log, lineElement(payload));
    if (payload.sender === user) log.scrollTop = log.scrollHeight;
    byId("typing").textContent = "";
    markRead(payload.id);
  } else if (action === "member_typing") {
    byId("typing").textContent = `${payload.username} is writing…`;
    clearTimeout(typingTimer);
    typingTimer = setTimeout(() => { byId("typing").textContent = ""; }, 4000);
  } else if (action === "member_added") {
    members.set(payload.id, payload.username);
    showMembers();
    remark(`${payload.username} has joined.`);
  } else if (action === "member_removed") {
    members.delete(payload.id);
    showMembers();
    remark(`${payload.username} has left.`);
  } else if (action === "user_removed_from_group") {
    removed = true;
    socket.close();
    remark(`You are no longer a member of ${payload.title}.`);
    text.disabled = byId("send").disabled = true;
  } else if (action === "error") {
    problem(byId("problem"), errorText(payload));
  }
});

socket.addEventListener("state", ({ detail }) => {
  if (detail === "open") catchUp().catch(report);
});

text.addEventListener("input", () => {
  if (Date.now() - lastTyping > 2000 && text.value && socket.send("typing")) lastTyping = Date.now();
});

byId("composer").addEventListener("submit", (event) => {
  event.preventDefault();
  const content = text.value.trim();
  if (!content) return;
  if (!socket.send("send_group_message", { content })) {
    problem(byId("problem"), "Not connected: your message was not sent. It stays here until you send it again.");
    return;
  }
  problem(byId("problem"), "");
  text.value = "";
  lastTyping = 0;
});

byId("older").addEventListener("click", () => request(older).then(showOlder).catch(report));

byId("leave").addEventListener("click", async () => {
  try {
    if (!removed) await request(`${api}members/${ownMembership}/`, "DELETE");
    location.assign("/chat/");
  } catch (error) {
    report(error);
  }
});

byId("invite")?.addEventListener("submit", async (event) => {
  event.preventDefault();
  try {
    await request(`${api}members/`, "POST", { username: byId("username").value.trim() });
    byId("username").value = "";
    problem(byId("problem"), "");
  } catch (error) {
    report(error);
  }
});

addEventListener("visibilitychange", () => {
  if (shown.size) markRead(Math.max(...shown));
});

showState(socket);
toastNotices(socket);
socket.open();
text.focus();
