// The assistant's page: questions, and answers that grow as they arrive.

import { append, byId, errorText, following, make, problem, showState, toastNotices } from "./page.js";
import { Socket } from "./socket.js";

const log = byId("log");
const text = byId("text");
const send = byId("send");
const stop = byId("stop");
const socket = new Socket("/ws/assistants/");
let answer = null; // the line that grows, from the question to the end of its answer

function updateButtons() {
  send.disabled = socket.state !== "open" || answer !== null;
  stop.hidden = answer === null;
  stop.disabled = socket.state !== "open";
}

function begin(question) {
  append(log, make("li", "line own", make("span", "by", "You"), make("span", "said", question)));
  const line = make("li", "line", make("span", "by", "Assistant"), make("span", "said"));
  line.setAttribute("aria-busy", "true");
  answer = line;
  append(log, line);
  log.scrollTop = log.scrollHeight;
  updateButtons();
}

function grow(piece) {
  if (answer) following(log, () => answer.querySelector(".said").append(piece));
}

function end(remark = "", failed = false) {
  if (!answer) return;
  answer.removeAttribute("aria-busy");
  answer.classList.toggle("failed", failed);
  if (answer.dataset.stopped && !remark) remark = "Stopped";
  if (remark) following(log, () => answer.append(make("span", "mark", remark)));
  answer = null;
  updateButtons();
}

socket.addEventListener("frame", ({ detail: { action, payload } }) => {
  if (action === "streaming") grow(payload.content);
  else if (action === "complete_streaming") end();
  else if (action === "error") {
    problem(byId("problem"), errorText(payload));
    end("The answer failed", true);
  }
});

socket.addEventListener("state", ({ detail }) => {
  if (detail === "waiting") {
    end("Interrupted: the connection was lost", true);
    // The conversation lives in the connection; a new one starts without it.
    const lines = log.querySelectorAll(".line");
    if (lines.length && !log.lastElementChild.classList.contains("divider")) {
      log.dataset.forgotten = "true";
    }
  } else if (detail === "open" && log.dataset.forgotten) {
    delete log.dataset.forgotten;
    append(log, make("li", "divider", "new conversation: earlier messages are not remembered"));
  }
  updateButtons();
});

byId("composer").addEventListener("submit", (event) => {
  event.preventDefault();
  const question = text.value.trim();
  if (!question || send.disabled) return;
  if (!socket.send("assistant_message", question)) return;
  problem(byId("problem"), "");
  begin(question);
  text.value = "";
});

text.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    byId("composer").requestSubmit();
  }
});

stop.addEventListener("click", () => {
  if (!socket.send("stop_streaming")) return;
  answer.dataset.stopped = "true";
  stop.disabled = true;
  text.focus();
});

showState(socket);
toastNotices(socket);
socket.open();
text.focus();
