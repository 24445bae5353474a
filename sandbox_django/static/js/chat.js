// The chat page: a name, a room, and what is said in it.

import { append, byId, errorText, make, nameProblem, problem, showState, toastNotices } from "./page.js";
import { Socket } from "./socket.js";

const limits = byId("chat").dataset;
const log = byId("log");
const text = byId("text");
let socket = null;
let joinedBefore = false;

function join(name, room) {
  socket = new Socket(`/ws/chat/${encodeURIComponent(room)}/`);
  showState(socket);
  toastNotices(socket);
  joinedBefore = false;
  socket.addEventListener("state", ({ detail }) => {
    if (detail === "open") {
      append(log, make("li", "remark", joinedBefore ? "Connected again. Messages sent meanwhile are not shown." : `You joined ${room} as ${name}.`));
      joinedBefore = true;
    } else if (detail === "waiting" && joinedBefore) {
      append(log, make("li", "remark", "The connection was lost."));
    }
  });
  socket.addEventListener("frame", ({ detail: { action, payload } }) => {
    if (action === "new_chat_message") addLine(payload.name, payload.message, false);
    else if (action === "error") problem(byId("problem"), errorText(payload));
  });
  byId("composer").dataset.name = name;
  byId("heading").textContent = room;
  document.title = `${room} · chanx-native`;
  show(true);
  socket.open();
  text.focus();
}

function numberProblem(room) {
  return /^[0-9]{1,18}$/.test(room) ? "A number alone is the address of a group with members. Add a letter to name an open room." : "";
}

function show(inRoom) {
  byId("lobby").hidden = inRoom;
  byId("conversation").hidden = !inRoom;
  // Of the room's connection; without a room there is none to speak of.
  byId("leave").hidden = byId("state").hidden = !inRoom;
}

function addLine(name, message, own) {
  append(log, make("li", own ? "line own" : "line", make("span", "by", own ? `${name} (you)` : name), make("span", "said", message)));
}

byId("join").addEventListener("submit", (event) => {
  event.preventDefault();
  const name = byId("name");
  const room = byId("room");
  const roomName = room.value.trim();
  const wrongName = name.value.trim() ? "" : "Write your name, so that the others know who speaks.";
  const wrongRoom = wrongName ? "" : nameProblem(roomName, limits, "room") || numberProblem(roomName);
  problem(byId("room-problem"), wrongName || wrongRoom);
  name.setAttribute("aria-invalid", String(Boolean(wrongName)));
  room.setAttribute("aria-invalid", String(Boolean(wrongRoom)));
  if (wrongName) name.focus();
  else if (wrongRoom) room.focus();
  else join(name.value.trim(), roomName);
});

byId("composer").addEventListener("submit", (event) => {
  event.preventDefault();
  const message = text.value.trim();
  if (!message) return;
  const name = byId("composer").dataset.name;
  if (!socket.send("new_chat_message", { name, message })) {
    problem(byId("problem"), "Not connected: your message was not sent. It stays here until you send it again.");
    return;
  }
  problem(byId("problem"), "");
  // The server tells the others only, so the page adds its own line.
  addLine(name, message, true);
  log.scrollTop = log.scrollHeight;
  text.value = "";
});

byId("leave").addEventListener("click", () => {
  socket.close();
  log.replaceChildren();
  problem(byId("problem"), "");
  byId("heading").textContent = "Chat";
  document.title = "Chat · chanx-native";
  show(false);
  byId("room").focus();
});

show(false);
(byId("name").value ? byId("room") : byId("name")).focus();
