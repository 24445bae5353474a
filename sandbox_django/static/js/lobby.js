// One's groups, what is unread in them, invitations, and the groups open to everyone: live.

import { byId, make, problem, toastNotices } from "./page.js";
import { button, plural } from "./posts.js";
import { request, requestAll } from "./rest.js";
import { Socket } from "./socket.js";

const api = "/api/chat/";
const socket = new Socket("/ws/chat/");
const report = (error) => problem(byId("lobby-problem"), error.message);

function groupElement({ id, title, unread }) {
  const link = make("a", "", title);
  link.href = `/chat/${id}/`;
  const element = make("li", "", link);
  element.dataset.group = id;
  showUnread(element, unread);
  return element;
}

function showUnread(element, unread) {
  element.querySelector(".unread")?.remove();
  if (unread) element.append(" ", make("span", "unread", `${unread} new`));
}

function invitationElement({ id, title, invitedBy }) {
  const answer = (words, verb, style) => {
    const element = button(style, words, async () => {
      try {
        const { groupId } = invitations.get(id) ?? {};
        await request(`${api}invitations/${id}/${verb}/`, "POST");
        if (verb === "accept") location.assign(`/chat/${groupId}/`);
      } catch (error) {
        report(error);
      }
    });
    element.setAttribute("aria-label", `${words}: ${title}`);
    return element;
  };
  const words = make("span", "grow", make("strong", "", title), invitedBy ? `, from ${invitedBy}` : "");
  return make("li", "row", words, answer("Accept", "accept", "quiet"), answer("Decline", "decline", "quiet"));
}

function publicElement({ id, title, memberCount }) {
  const join = button("quiet", "Join", () =>
    request(`${api}groups/${id}/join/`, "POST").then(() => location.assign(`/chat/${id}/`), report));
  join.setAttribute("aria-label", `Join ${title}`);
  return make("li", "row", make("span", "grow", title, make("span", "meta", ` · ${plural(memberCount, "member", "members")}`)), join);
}

const invitations = new Map();
// What was told while lists were being fetched: they may have been made before.
const told = new Map();
let loading = 0;

async function load() {
  loading += 1;
  try {
    await fetchLists();
  } finally {
    loading -= 1;
    if (!loading) told.clear();
  }
}

async function fetchLists() {
  const [groups, invited, open] = await Promise.all([
    requestAll(`${api}groups/?page_size=200`),
    requestAll(`${api}invitations/?page_size=200`),
    request(`${api}groups/public/`),
  ]);
  byId("groups").replaceChildren(...groups.map((group) => groupElement({ ...group, unread: told.get(group.id) ?? group.unread })));
  byId("no-groups").hidden = groups.length > 0;
  invitations.clear();
  for (const invitation of invited) invitations.set(invitation.id, invitation);
  byId("invitations").replaceChildren(...invited.map(invitationElement));
  byId("invitations-place").hidden = invited.length === 0;
  byId("public").replaceChildren(...open.results.map(publicElement));
  byId("public-place").hidden = open.results.length === 0;
  problem(byId("lobby-problem"), "");
}

socket.addEventListener("frame", ({ detail: { action, payload } }) => {
  if (action === "unread_changed") {
    const element = byId("groups").querySelector(`[data-group="${payload.groupId}"]`);
    if (element) showUnread(element, payload.unread);
    if (loading) told.set(payload.groupId, payload.unread);
  } else if (["group_joined", "group_left", "invitation_received", "invitation_gone"].includes(action)) {
    if (action === "invitation_received") byId("lobby-news").textContent = `You are invited to ${payload.title}.`;
    load().catch(report);
  }
});

socket.addEventListener("state", ({ detail }) => {
  if (detail === "open") load().catch(report);
});

toastNotices(socket);
socket.open();
