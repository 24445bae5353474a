// All topics: found, begun, and kept up to date while the page is open.

import { byId, make, problem, showState, toastNotices } from "./page.js";
import { authorName, keepingFocus, plural, time } from "./posts.js";
import { request } from "./rest.js";
import { Socket } from "./socket.js";

const api = "/api/discussion/topics/";
const list = byId("topics");
const socket = new Socket("/ws/discussion/");
const shown = new Map(); // topic's id -> its element
let wanted = ""; // the words searched for
let older = null; // address of the next page

const report = (error) => problem(byId("problem"), error.message);

function topicElement(topic) {
  const link = make("a", "topic-link", topic.title);
  link.href = `/discussion/${topic.id}/`;
  const facts = make("p", "meta", `${authorName(topic.author)} · ${plural(topic.replyCount, "reply", "replies")} · `, time(topic.activeAt));
  const answered = topic.isAnswered ?? topic.acceptedReplyId !== null;
  const score = make("span", "score", String(topic.score));
  score.setAttribute("aria-label", `Score ${topic.score}`);
  const element = make("li", "topic-row", score, make("div", "topic-text", make("h2", "", link), facts));
  if (answered) element.append(make("span", "badge", "Answered"));
  element.dataset.active = topic.activeAt;
  return element;
}

/** Puts a topic where it belongs: the liveliest first. */
function place(topic) {
  const active = new Date(topic.activeAt);
  const element = topicElement(topic);
  keepingFocus(shown.get(topic.id), element, () => {
    const after = [...list.children].find(({ dataset }) => new Date(dataset.active) < active);
    list.insertBefore(element, after ?? null);
  });
  shown.set(topic.id, element);
  showEmpty();
}

function showEmpty() {
  byId("empty").hidden = list.children.length > 0;
  byId("empty").textContent = wanted ? "No topic has these words." : "No topics yet.";
}

async function load(path, anew) {
  const page = await request(path);
  if (anew) {
    list.replaceChildren();
    shown.clear();
  }
  older = page.next;
  byId("more").hidden = older === null;
  page.results.forEach(place);
  showEmpty();
  problem(byId("problem"), "");
}

const reload = () => load(wanted ? `${api}?search=${encodeURIComponent(wanted)}` : api, true).catch(report);

socket.addEventListener("frame", ({ detail: { action, payload } }) => {
  if (action === "topic_created" && !wanted) {
    place(payload);
    byId("news").textContent = `New topic: ${payload.title}`;
  } else if (action === "topic_listed" && (shown.has(payload.id) || !wanted)) {
    place(payload);
  } else if (action === "topic_unlisted") {
    shown.get(payload.id)?.remove();
    shown.delete(payload.id);
    showEmpty();
  }
});

socket.addEventListener("state", ({ detail }) => {
  if (detail === "open") reload();
});

byId("search").addEventListener("submit", (event) => {
  event.preventDefault();
  wanted = byId("words").value.trim();
  reload();
});

byId("words").addEventListener("search", () => {
  if (byId("words").value === "" && wanted) byId("search").requestSubmit();
});

byId("more").addEventListener("click", () => load(older, false).catch(report));

byId("begin")?.addEventListener("submit", async (event) => {
  event.preventDefault();
  const title = byId("title").value.trim();
  const body = byId("body").value.trim();
  const missing = title ? (body ? "" : "Write what it is about.") : "Write a title.";
  problem(byId("begin-problem"), missing);
  if (missing) {
    byId(title ? "body" : "title").focus();
    return;
  }
  try {
    const { id } = await request(api, "POST", { title, body });
    location.assign(`/discussion/${id}/`);
  } catch (error) {
    problem(byId("begin-problem"), error.message);
  }
});

showState(socket);
toastNotices(socket);
socket.open();
