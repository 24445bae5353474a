// A kept conversation: questions go over HTTP, answers arrive over the WebSocket.

import { append, byId, following, make, problem, showState } from "./page.js";
import { Socket } from "./socket.js";

const id = byId("conversation").dataset.id;
const api = `/api/assistants/conversations/${id}/messages/`;
const log = byId("log");
const text = byId("text");
const answers = new Map(); // question's id -> the line that grows
let posting = false;

function updateButtons() {
  byId("send").disabled = socket.state !== "open" || posting || answers.size > 0;
}

function addLine(own, content) {
  const line = make("li", own ? "line own" : "line", make("span", "by", own ? "You" : "Assistant"), make("span", "said", content));
  append(log, line);
  return line;
}

function answerTo(question) {
  if (!answers.has(question)) {
    const line = addLine(false, "");
    line.setAttribute("aria-busy", "true");
    answers.set(question, line);
    updateButtons();
  }
  return answers.get(question);
}

function endAnswer(question, remark) {
  const line = answers.get(question);
  if (!line) return;
  line.removeAttribute("aria-busy");
  if (remark) {
    line.classList.add("failed");
    line.append(make("span", "mark", remark));
  }
  answers.delete(question);
  updateButtons();
}

/** Shows what the server keeps; what was missed while the connection was down is in it. */
async function load() {
  let page = `${api}?page_size=200`;
  const messages = [];
  while (page) {
    const response = await fetch(page);
    if (!response.ok) throw new Error(`The messages could not be read (${response.status}).`);
    const answer = await response.json();
    messages.push(...answer.results);
    page = answer.next;
  }
  answers.clear();
  log.replaceChildren();
  for (const { message_type: type, content } of messages) addLine(type === "user", content);
  log.scrollTop = log.scrollHeight;
  updateButtons();
}

// The consumer takes no messages, not even pings: it only forwards events.
const socket = new Socket(`/ws/assistants/${id}/`, { heartbeat: false });

socket.addEventListener("frame", ({ detail: { action, payload } }) => {
  if (action === "new_message") {
    addLine(true, payload.content);
    answerTo(payload.messageId);
    log.scrollTop = log.scrollHeight;
  } else if (action === "streaming") {
    const line = answerTo(payload.messageId);
    following(log, () => line.querySelector(".said").append(payload.content));
    if (payload.isComplete) endAnswer(payload.messageId);
  } else if (action === "streaming_failed") {
    answerTo(payload.messageId);
    endAnswer(payload.messageId, "The answer failed");
    problem(byId("problem"), payload.detail);
  } else if (action === "conversation_title") {
    byId("title").textContent = payload.title;
    document.title = `${payload.title} · chanx-native`;
  }
});

socket.addEventListener("state", ({ detail }) => {
  updateButtons();
  if (detail === "open") load().catch((error) => problem(byId("problem"), error.message));
});

byId("composer").addEventListener("submit", async (event) => {
  event.preventDefault();
  const content = text.value.trim();
  if (!content || byId("send").disabled) return;
  problem(byId("problem"), "");
  posting = true;
  updateButtons();
  text.value = "";
  try {
    const token = document.querySelector("[name=csrfmiddlewaretoken]").value;
    const response = await fetch(api, {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-CSRFToken": token },
      body: JSON.stringify({ content }),
    });
    if (!response.ok) {
      const answer = await response.json().catch(() => ({}));
      throw new Error(answer.detail ?? answer.content?.[0] ?? `The server answered ${response.status}.`);
    }
  } catch (error) {
    problem(byId("problem"), error.message);
    if (!text.value) text.value = content;
  }
  posting = false;
  updateButtons();
});

text.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    byId("composer").requestSubmit();
  }
});

showState(socket);
socket.open();
text.focus();
