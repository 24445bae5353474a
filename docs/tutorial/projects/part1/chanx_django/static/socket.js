// A WebSocket that connects again by itself; shared by the three pages.

const state = document.getElementById("state");
const log = document.getElementById("log");

/** Adds a line to the log and returns it. Text is never interpreted as HTML. */
export function addLine(text, kind = "") {
  const line = document.createElement("li");
  line.className = kind;
  line.textContent = text;
  log.append(line);
  line.scrollIntoView({ block: "nearest" });
  return line;
}

/** Opens ws://HOST/PATH; calls onFrame(action, payload) for each frame and onState(isOpen). */
export function connect(path, onFrame, onState = () => {}) {
  let socket;
  let delay = 500;

  function tell(isOpen, text) {
    state.textContent = text;
    onState(isOpen);
  }

  function open() {
    const scheme = location.protocol === "https:" ? "wss:" : "ws:";
    socket = new WebSocket(`${scheme}//${location.host}${path}`);
    socket.onopen = () => {
      delay = 500;
      tell(true, "connected");
    };
    socket.onmessage = (event) => {
      console.log("received", event.data);
      const { action, payload } = JSON.parse(event.data);
      if (action === "notification") addLine(`Notification: ${payload.text}`, "remark");
      else {
        if (action === "error") addLine(`Error: ${JSON.stringify(payload)}`, "remark");
        onFrame(action, payload);
      }
    };
    socket.onclose = () => {
      tell(false, `not connected; next attempt in ${delay / 1000} s`);
      setTimeout(open, delay);
      delay = Math.min(delay * 2, 15000);
    };
  }

  open();
  return (action, payload) => {
    const frame = JSON.stringify({ action, payload });
    console.log("sent", frame);
    socket.send(frame);
  };
}
