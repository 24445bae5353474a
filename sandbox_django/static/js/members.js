// The members of a group: roles, who is online, invitations; what one may do to them.

import { byId, make, problem } from "./page.js";
import { request, requestAll } from "./rest.js";

const ROLES = { owner: "Owner", admin: "Administrator", member: "Member" };

export class Members {
  #api;
  #user;
  #report;
  #members = new Map(); // membership's id -> member
  #online = new Set(); // user names

  constructor(api, user, report) {
    this.#api = api;
    this.#user = user;
    this.#report = report;
    byId("invite").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#invite(byId("username").value.trim());
    });
  }

  async load() {
    const all = await requestAll(`${this.#api}members/?page_size=200`);
    this.#members = new Map(all.map((member) => [member.id, member]));
    this.#show();
    await this.#showInvited();
  }

  put(member) {
    this.#members.set(member.id, member);
    this.#show();
    this.#showInvited().catch(this.#report);
  }

  drop({ id }) {
    this.#members.delete(id);
    this.#show();
  }

  showOnline(usernames) {
    this.#online = new Set(usernames);
    this.#show();
  }

  setOnline(username, online) {
    if (online) this.#online.add(username);
    else this.#online.delete(username);
    this.#show();
  }

  get #role() {
    return [...this.#members.values()].find(({ username }) => username === this.#user)?.role ?? "member";
  }

  #show() {
    const members = [...this.#members.values()];
    byId("count").textContent = members.length;
    byId("online").textContent = members.filter(({ username }) => this.#online.has(username)).length;
    byId("manage").hidden = this.#role === "member";
    byId("settings").hidden = this.#role !== "owner";
    const focused = document.activeElement?.getAttribute("aria-label");
    byId("members").replaceChildren(...members.map((member) => this.#element(member)));
    // The list was made anew under the reader's finger: the control that had the focus has it again.
    if (focused) [...byId("members").querySelectorAll("[aria-label]")].find((element) => element.getAttribute("aria-label") === focused)?.focus();
  }

  #element({ id, username, role }) {
    const online = this.#online.has(username);
    const dot = make("span", online ? "dot online" : "dot");
    dot.setAttribute("role", "img");
    dot.setAttribute("aria-label", online ? "online" : "offline");
    const own = username === this.#user;
    const element = make("li", "row", dot, make("span", "grow", own ? `${username} (you)` : username));
    if (this.#role === "owner" && !own) element.append(this.#roleChoice(id, username, role));
    else if (role !== "member") element.append(make("span", "badge", ROLES[role]));
    if (!own && (this.#role === "owner" || (this.#role === "admin" && role === "member"))) {
      element.append(this.#dropButton(`Remove ${username}`, `${this.#api}members/${id}/`));
    }
    return element;
  }

  #roleChoice(id, username, role) {
    const choice = make("select", "role");
    choice.setAttribute("aria-label", `Role of ${username}`);
    for (const [value, words] of Object.entries(ROLES)) choice.append(new Option(words, value, false, value === role));
    choice.addEventListener("change", () => {
      request(`${this.#api}members/${id}/`, "PATCH", { role: choice.value }).catch((error) => {
        choice.value = role;
        this.#report(error);
      });
    });
    return choice;
  }

  #dropButton(label, path, done = () => {}) {
    const drop = make("button", "drop", "×");
    drop.type = "button";
    drop.setAttribute("aria-label", label);
    drop.addEventListener("click", () => request(path, "DELETE").then(done, this.#report));
    return drop;
  }

  async #showInvited() {
    if (this.#role === "member") return;
    const path = `${this.#api}invitations/`;
    const open = await requestAll(`${path}?page_size=200`);
    const again = () => this.#showInvited().catch(this.#report);
    byId("invited").replaceChildren(...open.map(({ id, username }) =>
      make("li", "", `${username}, invited`, this.#dropButton(`Take back the invitation of ${username}`, `${path}${id}/`, again))));
  }

  async #invite(username) {
    try {
      await request(`${this.#api}invitations/`, "POST", { username });
      byId("username").value = "";
      problem(byId("problem"), "");
      await this.#showInvited();
    } catch (error) {
      this.#report(error);
    }
  }
}
