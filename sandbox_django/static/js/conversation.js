// A kept conversation: questions go over HTTP, answers arrive over the WebSocket. An answer that is being written
// outlives the page: a page that is opened meanwhile shows what is kept of it and goes on with the pieces.

import { append, byId, following, make, problem, showState } from "./page.js";
import { request, requestAll } from "./rest.js";
import { Socket } from "./socket.js";

const id = byId("conversation").dataset.id;
const api = `/api/assistants/conversations/${id}/`;
const log = byId("log");
const text = byId("text");
const OPEN = ["waiting", "streaming"];
const REMARKS = { stopped: "Stopped", failed: "The answer failed" };
const answers = new Map(); // question's id -> the line that grows, and what the server had kept of it
const heard = new Map(); // question's id -> where the pieces heard begin, and their characters
let posting = false;
let canResume = false;
let reloading = 0;

function updateButtons() {
  byId("send").disabled = socket.state !== "open" || posting || answers.size > 0;
  byId("stop").hidden = answers.size === 0;
  // The button takes a line from the log.
  following(log, () => { byId("resume").hidden = !canResume || posting || answers.size > 0; });
}

function addLine(own, content) {
  const line = make("li", own ? "line own" : "line", make("span", "by", own ? "You" : "Assistant"), make("span", "said", content));
  append(log, line);
  return line;
}

function openAnswer(question, kept = "") {
  const line = addLine(false, kept);
  line.setAttribute("aria-busy", "true");
  answers.set(question, { line, kept: [...kept], shown: kept });
  canResume = false;
  if (!show(question)) reloadSoon();
  updateButtons();
}

function endAnswer(question, status) {
  const answer = answers.get(question);
  answers.delete(question);
  heard.delete(question);
  if (answer) {
    answer.line.removeAttribute("aria-busy");
    remark(answer.line, status);
  }
  updateButtons();
}

function remark(line, status) {
  if (!REMARKS[status]) return;
  following(log, () => {
    line.classList.add("failed");
    line.append(make("span", "mark", REMARKS[status]));
  });
  canResume = true;
}

/** Puts a piece to those heard before. Offsets count characters, which may be two units of a string here. */
function hear({ messageId, content, offset }) {
  const before = heard.get(messageId);
  if (offset > 0 && before && before.start + before.characters.length === offset) before.characters.push(...content);
  else heard.set(messageId, { start: offset, characters: [...content] });
}

/** Shows what was kept and then heard of an answer; false if something is missing in between. */
function show(question) {
  const answer = answers.get(question);
  if (!answer) return false;
  const { start = 0, characters = [] } = heard.get(question) ?? {};
  if (start > answer.kept.length) return false;
  if (start + characters.length < answer.kept.length) return true;
  const whole = answer.kept.slice(0, start).concat(characters).join("");
  const said = answer.line.querySelector(".said");
  following(log, () => {
    if (whole.startsWith(answer.shown)) said.append(whole.slice(answer.shown.length));
    else said.textContent = whole;
  });
  answer.shown = whole;
  return true;
}

/** Shows what the server keeps; what was missed while the connection was down is in it. */
async function load() {
  const messages = await requestAll(`${api}messages/?page_size=200`);
  answers.clear();
  log.replaceChildren();
  for (const { messageType, content, status, question } of messages) {
    canResume = messageType === "user";
    if (OPEN.includes(status)) openAnswer(question, content);
    else remark(addLine(messageType === "user", content), status);
  }
  log.scrollTop = log.scrollHeight;
  updateButtons();
}

const reload = () => load().catch((error) => problem(byId("problem"), error.message));

/** For an answer that this page does not know, or after a gap: what is kept has it soon. */
function reloadSoon() {
  reloading ||= setTimeout(() => {
    reloading = 0;
    reload();
  }, 250);
}

// The consumer takes no messages, not even pings: it only forwards events.
const socket = new Socket(`/ws/assistants/${id}/`, { heartbeat: false });

socket.addEventListener("frame", ({ detail: { action, payload } }) => {
  if (action === "new_message") {
    addLine(true, payload.content);
    openAnswer(payload.messageId);
    log.scrollTop = log.scrollHeight;
  } else if (action === "streaming") {
    hear(payload);
    if (!show(payload.messageId)) reloadSoon();
    else if (payload.isComplete) endAnswer(payload.messageId, payload.isStopped ? "stopped" : "complete");
  } else if (action === "streaming_failed") {
    endAnswer(payload.messageId, "failed");
    problem(byId("problem"), payload.detail);
  } else if (action === "conversation_title") {
    byId("title").textContent = payload.title;
    document.title = `${payload.title} · chanx-native`;
  }
});

socket.addEventListener("state", ({ detail }) => {
  updateButtons();
  if (detail === "open") reload();
});

/** A request that may last as long as the answer; its failure is told. */
async function post(what, body) {
  problem(byId("problem"), "");
  posting = true;
  updateButtons();
  try {
    await request(`${api}${what}/`, "POST", body);
    return true;
  } catch (error) {
    problem(byId("problem"), error.message);
    return false;
  } finally {
    posting = false;
    updateButtons();
  }
}

byId("composer").addEventListener("submit", async (event) => {
  event.preventDefault();
  const content = text.value.trim();
  if (!content || byId("send").disabled) return;
  text.value = "";
  if (!(await post("messages", { content })) && !text.value) text.value = content;
});

byId("stop").addEventListener("click", () => {
  request(`${api}stop/`, "POST").catch((error) => problem(byId("problem"), error.message));
  text.focus();
});

byId("resume").addEventListener("click", () => {
  post("resume").then(reload);
  text.focus();
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
