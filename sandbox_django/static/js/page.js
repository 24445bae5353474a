// What the pages share: elements made without HTML, the connection's state, problems, notices.

const STATES = {
  connecting: "Connecting…",
  open: "Connected",
  waiting: "Connection lost, trying again…",
  refused: "Refused by the server",
  closed: "Not connected",
};

export const byId = (id) => document.getElementById(id);

/** An element with a class and children; strings become text, never HTML. */
export function make(tag, className, ...children) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  element.append(...children);
  return element;
}

export function showState(socket, element = byId("state")) {
  socket.addEventListener("state", ({ detail }) => {
    element.dataset.state = detail;
    element.querySelector(".words").textContent = STATES[detail];
  });
}

/** Shows a problem, or hides its place when there is none. */
export function problem(element, text) {
  element.textContent = text;
  element.hidden = !text;
}

/** The words of an error frame: a detail, or pydantic's list of errors. */
export function errorText(payload) {
  if (Array.isArray(payload)) {
    return payload.map(({ loc = [], msg }) => [loc.slice(1).join(" "), msg].filter(Boolean).join(": ")).join("; ");
  }
  return payload?.detail ?? "The server reports an error.";
}

/** The words of a refused REST request. */
export async function refusal(response) {
  const { errors = [] } = await response.json().catch(() => ({}));
  const words = errors.map(({ attr, detail }) => (attr && attr !== "detail" ? `${attr}: ${detail}` : detail));
  return words.join(" ") || `The server answered ${response.status}.`;
}

/** Why Channels would refuse a room's or group's name; empty if it would not. */
export function nameProblem(name, { maxName, namePattern }, what) {
  if (!name) return `Write the name of a ${what}.`;
  if (name.length > Number(maxName)) {
    return `The name has ${name.length} characters; at most ${maxName} are allowed.`;
  }
  const allowed = new RegExp(`^${namePattern}$`);
  const wrong = [...name].find((character) => !allowed.test(character));
  if (wrong === undefined) return "";
  const shown = wrong === " " ? "a space" : `“${wrong}”`;
  return `The name contains ${shown}. Use only the letters a to z (or A to Z), digits, hyphens, underscores and full stops.`;
}

/** Appends to a log that follows its end, unless its reader has scrolled up. */
export function append(log, element) {
  following(log, () => log.append(element));
}

export function following(log, change) {
  const atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 40;
  change();
  if (atEnd) log.scrollTop = log.scrollHeight;
}

/** Keeps a log at its end when its place grows or shrinks, unless its reader has scrolled up. */
export function stayAtEnd(log) {
  let atEnd = true;
  log.addEventListener("scroll", () => { atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 40; });
  new ResizeObserver(() => { if (atEnd) log.scrollTop = log.scrollHeight; }).observe(log);
}

// On a phone the head's links scroll: the one of this page is in sight.
document.querySelector(".top nav [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });

export function noticeElement(tag, { text, audience, target, sender, sentAt }) {
  const whom = audience === "all" ? "everyone" : `${audience} ${target}`;
  const time = new Date(sentAt).toLocaleTimeString([], { timeStyle: "short" });
  return make(
    tag,
    "notice",
    make("p", "text", text),
    make("p", "meta", `${sender} to ${whom}, ${time}`),
  );
}

/** A notice over whatever page is open, until it is dismissed or has been readable long enough. */
export function toast(payload) {
  const dismiss = make("button", "", "×");
  dismiss.type = "button";
  dismiss.setAttribute("aria-label", "Dismiss");
  const box = make("div", "toast", noticeElement("div", payload), dismiss);
  dismiss.addEventListener("click", () => box.remove());
  setTimeout(() => box.remove(), 15000);
  const places = byId("notices");
  places.append(box);
  while (places.children.length > 4) places.firstElementChild.remove();
}

const shown = new Set();

/** Shows the notices that a socket brings; one that reaches the page over two sockets is shown once. */
export function toastNotices(socket) {
  socket.addEventListener("frame", ({ detail: { action, payload } }) => {
    if (action !== "notification") return;
    const key = JSON.stringify([payload.sentAt, payload.sender, payload.text]);
    if (shown.has(key)) return;
    shown.add(key);
    toast(payload);
  });
}
