// A group with members: what is said is kept, and everyone hears who comes and goes.

import { append, byId, errorText, make, problem, showState, stayAtEnd, toastNotices } from "./page.js";
import { Members } from "./members.js";
import { time } from "./posts.js";
import { request } from "./rest.js";
import { Socket } from "./socket.js";

const { pk, user, member } = byId("group").dataset;
const api = `/api/chat/groups/${pk}/`;
const log = byId("log");
const text = byId("text");
const shown = new Set(); // ids of the lines on the page
const socket = new Socket(`/ws/chat/${pk}/`);
let older = null; // address of the next page of history
let removed = false;
let lastTyping = 0;
let typingTimer = 0;

const report = (error) => problem(byId("problem"), error.message);
const members = new Members(api, user, report);

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
  await members.load();
  socket.send("who_is_online");
}

function markRead(id) {
  if (document.visibilityState === "visible") socket.send("mark_read", { messageId: id });
}

function remark(words) {
  append(log, make("li", "remark", words));
}

/** Nothing more comes, and nothing more can be said. */
function end(words) {
  removed = true;
  socket.close();
  remark(words);
  text.disabled = byId("send").disabled = true;
}

function showTyping(words) {
  byId("typing").textContent = words;
  clearTimeout(typingTimer);
  if (words) typingTimer = setTimeout(() => showTyping(""), 4000);
}

const frames = {
  new_group_message(line) {
    if (shown.has(line.id)) return;
    shown.add(line.id);
    append(log, lineElement(line));
    if (line.sender === user) log.scrollTop = log.scrollHeight;
    showTyping("");
    markRead(line.id);
  },
  member_typing: ({ username }) => showTyping(`${username} is writing…`),
  member_added(newcomer) {
    members.put(newcomer);
    remark(`${newcomer.username} has joined.`);
  },
  member_changed: (changed) => members.put(changed),
  member_removed(gone) {
    members.drop(gone);
    remark(`${gone.username} has left.`);
  },
  online_members: ({ usernames }) => members.showOnline(usernames),
  presence_changed: ({ username, online }) => members.setOnline(username, online),
  group_changed({ title, isPublic }) {
    byId("title").textContent = byId("new-title").value = title;
    byId("is-public").checked = isPublic;
    document.title = `${title} · chanx-native`;
  },
  user_removed_from_group: ({ title }) => end(`You are no longer a member of ${title}.`),
  group_deleted: ({ title }) => end(`The group ${title} was deleted.`),
  error: (payload) => problem(byId("problem"), errorText(payload)),
};

socket.addEventListener("frame", ({ detail: { action, payload } }) => frames[action]?.(payload));

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

byId("search").addEventListener("submit", async (event) => {
  event.preventDefault();
  try {
    const { results, next } = await request(`${api}messages/?search=${encodeURIComponent(byId("words").value)}`);
    const lines = results.map((line) => make("li", "", make("p", "meta", line.sender ?? "a deleted account", " · ", time(line.createdAt)), make("p", "said", line.content)));
    if (next) lines.push(make("li", "meta", "There are more: search for rarer words."));
    byId("found").replaceChildren(...(lines.length ? lines : [make("li", "meta", "Nothing was said with these words.")]));
  } catch (error) {
    report(error);
  }
});

byId("leave").addEventListener("click", async () => {
  try {
    if (!removed) await request(`${api}members/${member}/`, "DELETE");
    location.assign("/chat/");
  } catch (error) {
    report(error);
  }
});

byId("settings").addEventListener("submit", (event) => {
  event.preventDefault();
  const changes = { title: byId("new-title").value.trim(), is_public: byId("is-public").checked };
  request(api, "PATCH", changes).then(() => problem(byId("problem"), ""), report);
});

byId("delete").addEventListener("click", () => {
  if (confirm("Delete this group with everything said in it?")) request(api, "DELETE").catch(report);
});

addEventListener("visibilitychange", () => {
  if (shown.size) markRead(Math.max(...shown));
});

showState(socket);
stayAtEnd(log);
toastNotices(socket);
socket.open();
text.focus();
