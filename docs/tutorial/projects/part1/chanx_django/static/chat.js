import { addLine, connect } from "./socket.js";

const join = document.getElementById("join");
const composer = document.getElementById("composer");
const text = document.getElementById("text");
let send;
let name;

join.addEventListener("submit", (event) => {
  event.preventDefault();
  name = document.getElementById("name").value;
  const room = document.getElementById("room").value;
  send = connect(
    `/ws/chat/${encodeURIComponent(room)}/`,
    (action, payload) => {
      if (action === "new_chat_message") addLine(`${payload.name}: ${payload.message}`);
    },
    (isOpen) => {
      document.getElementById("send").disabled = !isOpen;
    },
  );
  join.hidden = true;
  composer.hidden = false;
  text.focus();
});

composer.addEventListener("submit", (event) => {
  event.preventDefault();
  send("new_chat_message", { message: text.value, name });
  addLine(text.value, "own"); // the server sends it to the others only
  text.value = "";
});
