// A topic with its replies: read by everyone, live; members reply and vote, its author accepts an answer.

import { byId, errorText, make, problem, showState, toastNotices } from "./page.js";
import { authorName, button, keepingFocus, plural, showVotes, time, voteElement } from "./posts.js";
import { request } from "./rest.js";
import { Socket } from "./socket.js";

const { pk, user, staff, maxTitle, maxBody } = byId("topic").dataset;
const api = `/api/discussion/topics/${pk}/`;
const list = byId("replies");
const socket = new Socket(`/ws/discussion/${pk}/`);
const replies = new Map(); // id -> what is known of it, and its element
let topic = null;
let older = null; // address of the next page of replies

const report = (error) => problem(byId("problem"), error.message);
const mine = ({ author }) => Boolean(user) && author === user;
const mayChange = (post) => mine(post) || staff !== undefined;

function votes(post, replyId, what) {
  const why = user ? (mine(post) ? "You wrote this yourself." : "") : "Log in to vote.";
  return voteElement(post, what, why, (value) => {
    if (!socket.send("cast_vote", { replyId, value })) report(new Error("Not connected: your vote was not counted."));
  });
}

function byline({ author, createdAt, editedAt }) {
  const line = make("p", "meta", make("strong", "", authorName(author)), " · ", time(createdAt));
  if (editedAt) line.append(" · edited ", time(editedAt));
  return line;
}

function tools(post, path, what, editing, words) {
  if (!mayChange(post)) return [];
  const change = button("quiet edit-button", "Edit", () => edit(path, editing));
  const drop = button("quiet", "Delete", () => {
    if (confirm(words)) request(path, "DELETE").catch(report);
  });
  change.setAttribute("aria-label", `Edit ${what}`);
  drop.setAttribute("aria-label", `Delete ${what}`);
  return [change, drop];
}

/** Replaces an element by a form for what is in it; `show` shows the post again, as it is then. */
function edit(path, { element, values, show }) {
  const form = make("form", "stack edit");
  const inputs = Object.entries(values).map(([name, value]) => {
    const input = make(name === "title" ? "input" : "textarea");
    Object.assign(input, { value, required: true, maxLength: Number(name === "title" ? maxTitle : maxBody) });
    if (name === "body") input.rows = 5;
    form.append(make("label", "", name === "title" ? "Title" : "Text", input));
    return [name, input];
  });
  const trouble = make("p", "problem");
  trouble.hidden = true;
  trouble.setAttribute("role", "alert");
  const close = (saved = {}) => {
    form.remove();
    show(saved).querySelector(".edit-button")?.focus();
  };
  form.append(trouble, make("div", "row", make("button", "primary", "Save"), button("", "Cancel", () => close())));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    try {
      close(await request(path, "PATCH", Object.fromEntries(inputs.map(([name, { value }]) => [name, value]))));
    } catch (error) {
      problem(trouble, error.message);
    }
  });
  element.replaceWith(form);
  inputs[0][1].focus();
}

function showTopic() {
  byId("title").textContent = topic.title;
  document.title = `${topic.title} · chanx-native`;
  byId("count").textContent = plural(Math.max(topic.replyCount, replies.size), "reply", "replies");
  const question = byId("question");
  if (question.querySelector(".edit")) return question; // what is being written stays
  const text = make("div", "post-text", byline(topic), make("p", "said", topic.body));
  const editing = {
    element: text,
    values: { title: topic.title, body: topic.body },
    show(saved) {
      topic = { ...topic, ...saved };
      return showTopic();
    },
  };
  text.append(make("div", "row tools", ...tools(topic, api, "the topic", editing, "Delete this topic with all its replies?")));
  const fresh = make("div", "post-parts", votes(topic, null, "the topic"), text);
  keepingFocus(question.firstElementChild, fresh, () => question.replaceChildren(fresh));
  return question;
}

function replyElement(reply) {
  const accepted = topic.acceptedReplyId === reply.id;
  const what = `the reply of ${authorName(reply.author)}`;
  const text = make("div", "post-text", byline(reply), make("p", "said", reply.body));
  const row = make("div", "row tools");
  if (accepted) text.prepend(make("p", "badge", "Accepted answer"));
  if (mine(topic)) {
    const accept = button("quiet", accepted ? "Take the mark back" : "Accept as answer", () => {
      if (!socket.send("accept_answer", { replyId: accepted ? null : reply.id })) report(new Error("Not connected: nothing was changed."));
    });
    accept.setAttribute("aria-label", `${accept.textContent}: ${what}`);
    row.append(accept);
  }
  const editing = {
    element: text,
    values: { body: reply.body },
    show: (saved) => place({ ...replies.get(reply.id)?.reply, ...saved }),
  };
  row.append(...tools(reply, `${api}replies/${reply.id}/`, what, editing, "Delete this reply?"));
  text.append(row);
  const element = make("li", accepted ? "post panel accepted" : "post panel", votes(reply, reply.id, what), text);
  element.id = `reply-${reply.id}`;
  return element;
}

/** Puts a reply where it belongs: the accepted one first, the others as they were written. */
function place(reply) {
  const known = replies.get(reply.id);
  const next = { ...known?.reply, ...reply };
  if (known?.element.querySelector(".edit")) {
    known.reply = next; // what is being written stays
    return known.element;
  }
  const element = replyElement(next);
  const rank = (id) => (id === topic.acceptedReplyId ? 0 : id);
  keepingFocus(known?.element, element, () => {
    const after = [...list.children].find(({ id }) => rank(Number(id.slice(6))) > rank(reply.id));
    list.insertBefore(element, after ?? null);
  });
  replies.set(reply.id, { reply: next, element });
  return element;
}

function showReplies(page) {
  older = page.next;
  byId("more").hidden = older === null;
  page.results.forEach(place);
}

async function catchUp() {
  topic = await request(api);
  const page = await request(`${api}replies/?page_size=${Math.min(200, Math.max(50, replies.size))}`);
  list.replaceChildren();
  replies.clear();
  showReplies(page);
  if (topic.acceptedReplyId !== null && !replies.has(topic.acceptedReplyId)) {
    place(await request(`${api}replies/${topic.acceptedReplyId}/`));
  }
  showTopic();
  problem(byId("problem"), "");
}

function votesOf(replyId) {
  const holder = replyId === null ? byId("question") : replies.get(replyId)?.element;
  return holder?.querySelector(".votes");
}

function counted({ replyId, score, myVote }) {
  const post = replyId === null ? topic : replies.get(replyId)?.reply;
  if (!post) return;
  Object.assign(post, { score }, myVote === undefined ? {} : { myVote });
  showVotes(votesOf(replyId), { score, myVote });
}

socket.addEventListener("frame", ({ detail: { action, payload } }) => {
  if (action === "error") {
    report(new Error(errorText(payload)));
    return;
  }
  if (topic === null) return; // what comes before the page has caught up is in what it catches up with
  if (action === "topic_changed") {
    topic = { ...topic, ...payload };
    showTopic();
  } else if (action === "reply_created" || action === "reply_changed") {
    if (action === "reply_created" && !replies.has(payload.id)) {
      topic.replyCount += 1;
      if (payload.author !== user) byId("news").textContent = `${authorName(payload.author)} has replied.`;
    }
    place(payload);
    showTopic();
  } else if (action === "reply_deleted") {
    replies.get(payload.id)?.element.remove();
    replies.delete(payload.id);
    topic.replyCount -= 1;
    if (topic.acceptedReplyId === payload.id) topic.acceptedReplyId = null;
    showTopic();
  } else if (action === "score_changed" || action === "vote_counted") {
    counted(payload);
  } else if (action === "answer_accepted") {
    const changed = [topic.acceptedReplyId, payload.replyId];
    topic.acceptedReplyId = payload.replyId;
    for (const id of changed) if (replies.has(id)) place(replies.get(id).reply);
    byId("news").textContent = payload.replyId === null ? "No answer is accepted any more." : "An answer was accepted.";
  } else if (action === "topic_deleted") {
    socket.close();
    byId("topic").replaceChildren(make("p", "lead", "This topic was deleted. "), Object.assign(make("a", "", "To the other topics"), { href: "/discussion/" }));
  }
});

socket.addEventListener("state", ({ detail }) => {
  if (detail === "open") catchUp().catch(report);
});

byId("more").addEventListener("click", () => request(older).then(showReplies).catch(report));

byId("reply")?.addEventListener("submit", async (event) => {
  event.preventDefault();
  const text = byId("text");
  const body = text.value.trim();
  if (!body) {
    text.focus();
    return;
  }
  try {
    const reply = await request(`${api}replies/`, "POST", { body });
    text.value = "";
    problem(byId("reply-problem"), "");
    if (!replies.has(reply.id)) place(reply);
    byId(`reply-${reply.id}`).scrollIntoView({ block: "nearest" });
  } catch (error) {
    problem(byId("reply-problem"), error.message);
  }
});

showState(socket);
toastNotices(socket);
socket.open();
