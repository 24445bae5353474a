// The notices page: what arrives, the groups followed, and the staff's form.

import { byId, errorText, make, nameProblem, noticeElement, problem, showState } from "./page.js";
import { Socket } from "./socket.js";

const limits = byId("system").dataset;
const socket = new Socket("/ws/system/");
const followed = new Set();

socket.addEventListener("frame", ({ detail: { action, payload } }) => {
  if (action === "notification") {
    byId("empty").hidden = true;
    byId("log").prepend(noticeElement("li", payload));
    while (byId("log").children.length > 100) byId("log").lastElementChild.remove();
  } else if (action === "group_followed") {
    followed.add(payload.group);
    showFollowed();
  } else if (action === "group_unfollowed") {
    followed.delete(payload.group);
    showFollowed();
  } else if (action === "error") {
    problem(byId("follow-problem"), errorText(payload));
  }
});

socket.addEventListener("state", ({ detail }) => {
  // A new connection follows nothing yet.
  if (detail === "open") for (const group of followed) socket.send("follow_group", { group });
});

function showFollowed() {
  const chips = [...followed].sort().map((group) => {
    const drop = make("button", "", "×");
    drop.type = "button";
    drop.setAttribute("aria-label", `Stop following ${group}`);
    drop.addEventListener("click", () => socket.send("unfollow_group", { group }));
    return make("li", "", group, drop);
  });
  byId("followed").replaceChildren(...chips);
}

byId("follow-form").addEventListener("submit", (event) => {
  event.preventDefault();
  const group = byId("group").value.trim();
  const wrong = nameProblem(group, limits, "group");
  problem(byId("follow-problem"), wrong);
  if (wrong) return;
  if (socket.send("follow_group", { group })) byId("group").value = "";
  else problem(byId("follow-problem"), "Not connected. Try again in a moment.");
});

const form = byId("send-form");
if (form) {
  const audience = byId("audience");
  const showTarget = () => {
    byId("target-label").hidden = audience.value === "all";
    byId("target").required = audience.value !== "all";
  };
  audience.addEventListener("change", showTarget);
  showTarget();
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    problem(byId("send-problem"), "");
    byId("send-done").textContent = "";
    try {
      const response = await fetch(form.action, {
        method: "POST",
        body: new FormData(form),
        headers: { Accept: "application/json" },
      });
      const { detail } = await response.json();
      if (!response.ok) {
        problem(byId("send-problem"), detail);
        return;
      }
      byId("send-done").textContent = detail;
      byId("notice-text").value = "";
    } catch {
      problem(byId("send-problem"), "The server did not answer; the notice was not sent.");
    }
  });
}

showState(socket);
socket.open();
