import { addLine, connect } from "./socket.js";

const button = document.getElementById("send");
const text = document.getElementById("text");
let answer = null;
let isOpen = false;

function update() {
  button.disabled = !isOpen || answer !== null;
}

const send = connect(
  "/ws/assistants/",
  (action, payload) => {
    if (action === "streaming_start") answer = addLine("");
    else if (action === "streaming") answer.textContent += payload.content;
    else if (action === "complete_streaming" || action === "error") answer = null;
    update();
  },
  (open) => {
    isOpen = open;
    if (!open && answer) {
      addLine("The connection was lost: the assistant starts a new conversation.", "remark");
      answer = null;
    }
    update();
  },
);

document.getElementById("composer").addEventListener("submit", (event) => {
  event.preventDefault();
  if (button.disabled) return;
  send("assistant_message", text.value);
  addLine(text.value, "own");
  text.value = "";
});
