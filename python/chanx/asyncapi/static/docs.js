// The documentation page: reads the AsyncAPI document out of the page and renders it. No dependencies.
// Text of the document only ever becomes text nodes, so nothing in it can become markup.
(() => {
  "use strict";

  const source = document.getElementById("asyncapi-document");
  const root = document.getElementById("asyncapi");
  if (!source || !root) return;
  const doc = JSON.parse(source.textContent);
  const schemas = doc.components?.schemas ?? {};
  const messages = doc.components?.messages ?? {};

  // --- small helpers -------------------------------------------------------------------------------

  function h(tag, attributes, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes ?? {})) {
      if (value === true) element.setAttribute(name, "");
      else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, value);
    }
    element.append(...children.flat(3).filter((child) => child !== null && child !== undefined && child !== ""));
    return element;
  }

  const code = (text) => h("code", {}, String(text));
  const lastOf = (ref) => ref.slice(ref.lastIndexOf("/") + 1).replaceAll("~1", "/").replaceAll("~0", "~");
  const slug = (kind, name) => `${kind}-${name.replace(/[^\w.-]+/g, "-")}`;

  function resolve(node) {
    for (let hops = 0; node?.$ref && hops < 20; hops += 1) {
      let target = doc;
      for (const part of node.$ref.replace(/^#\//, "").split("/")) {
        target = target?.[decodeURIComponent(part).replaceAll("~1", "/").replaceAll("~0", "~")];
      }
      node = target;
    }
    return node ?? {};
  }

  // Paragraphs, lists of "-" lines and `code`: what docstrings are made of.
  function prose(text) {
    if (!text) return null;
    const inline = (line) => line.split(/(``?[^`]+``?)/).map((part) => (/^`.*`$/.test(part) ? code(part.replace(/^`+|`+$/g, "")) : part));
    const blocks = text.trim().split(/\n\s*\n/).map((block) => {
      const lines = block.split("\n");
      if (lines.every((line) => /^\s*[-*] /.test(line))) return h("ul", {}, lines.map((line) => h("li", {}, inline(line.replace(/^\s*[-*] /, "")))));
      return h("p", {}, inline(lines.map((line) => line.trim()).join(" ")));
    });
    return h("div", { class: "prose" }, blocks);
  }

  const tags = (list) => (list?.length ? h("ul", { class: "tags", "aria-label": "Tags" }, list.map((tag) => h("li", {}, tag.name))) : null);

  function section(id, title, level, ...children) {
    const heading = h(`h${level}`, {}, title, h("a", { class: "anchor", href: `#${id}`, "aria-label": "Link to this section" }, "#"));
    return h("section", { id }, heading, children);
  }

  // --- schemas ---------------------------------------------------------------------------------------

  function typeName(schema) {
    if (schema === true || schema === undefined) return "any";
    if (schema.$ref) return schemas[lastOf(schema.$ref)]?.title ?? lastOf(schema.$ref);
    const union = schema.anyOf ?? schema.oneOf;
    if (union) return union.map(typeName).join(" | ");
    if (schema.allOf) return schema.allOf.map(typeName).join(" & ");
    if ("const" in schema) return JSON.stringify(schema.const);
    if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(" | ");
    if (schema.type === "array") {
      if (schema.prefixItems) return `[${schema.prefixItems.map(typeName).join(", ")}]`;
      return `array of ${schema.items ? typeName(schema.items) : "any"}`;
    }
    if (schema.type === "object" && typeof schema.additionalProperties === "object") return `object of ${typeName(schema.additionalProperties)}`;
    const type = Array.isArray(schema.type) ? schema.type.join(" | ") : schema.type ?? "any";
    return schema.format ? `${type} (${schema.format})` : type;
  }

  const LIMITS = {
    minLength: "at least %s characters", maxLength: "at most %s characters", pattern: "matches %s", minimum: "≥ %s", maximum: "≤ %s",
    exclusiveMinimum: "> %s", exclusiveMaximum: "< %s", multipleOf: "multiple of %s", minItems: "at least %s items", maxItems: "at most %s items",
    uniqueItems: "no duplicates", minProperties: "at least %s entries", maxProperties: "at most %s entries",
  };

  function limits(schema) {
    const found = Object.keys(LIMITS).filter((key) => key in schema).map((key) => LIMITS[key].replace("%s", schema[key]));
    if ("default" in schema && !("const" in schema)) found.push(`default ${JSON.stringify(schema.default)}`);
    if (schema.examples?.length) found.push(`for example ${schema.examples.map((value) => JSON.stringify(value)).join(", ")}`);
    return found.join(" · ");
  }

  // The schemas with fields that a type mentions: what can be opened below a field.
  function objectsIn(schema) {
    if (!schema || schema === true) return [];
    if (schema.$ref) {
      const target = resolve(schema);
      return target.properties ? [[lastOf(schema.$ref), target]] : objectsIn(target);
    }
    const parts = [...(schema.anyOf ?? schema.oneOf ?? schema.allOf ?? []), ...(schema.prefixItems ?? [])];
    if (schema.items) parts.push(schema.items);
    if (typeof schema.additionalProperties === "object") parts.push(schema.additionalProperties);
    const inside = parts.flatMap(objectsIn);
    return schema.properties ? [[schema.title ?? "object", schema], ...inside] : inside;
  }

  function need(schema, required) {
    if ("const" in schema) return h("span", { class: "optional" }, "always this");
    return required ? h("span", { class: "required" }, "required") : h("span", { class: "optional" }, "optional");
  }

  function fieldRow(name, schema, required, open) {
    const target = schema.$ref ? resolve(schema) : schema;
    const text = schema.description ?? target.description;
    const limit = limits(schema);
    return h("li", { class: "field" },
      h("div", { class: "field-head" }, code(name), h("span", { class: "type" }, typeName(schema)), need(schema, required)),
      prose(text), limit ? h("p", { class: "limits" }, limit) : null,
      objectsIn(schema).map(([title, inner]) => lazyDetails(`Fields of ${inner.title ?? title}`, () => fields(inner), open)));
  }

  // `open` names the field whose own fields are shown at once.
  function fields(schema, open) {
    const entries = Object.entries(schema.properties ?? {});
    if (!entries.length) return h("p", { class: "type" }, typeName(schema), limits(schema) ? ` · ${limits(schema)}` : "");
    return h("ul", { class: "fields" }, entries.map(([name, part]) => fieldRow(name, part, schema.required?.includes(name), name === open)));
  }

  // Filled when first opened, so that schemas that contain themselves come to an end.
  function lazyDetails(title, fill, open = false) {
    const details = h("details", { open }, h("summary", {}, title), open ? fill() : null);
    details.addEventListener("toggle", () => {
      if (details.open && details.children.length === 1) details.append(fill());
    });
    return details;
  }

  // --- examples --------------------------------------------------------------------------------------

  const BY_FORMAT = {
    "date-time": "2026-01-31T12:00:00Z", date: "2026-01-31", time: "12:00:00", uuid: "3fa85f64-5717-4562-b3fc-2c963f66afa6",
    email: "alice@example.com", uri: "https://example.com/", duration: "PT1H", binary: "", ipv4: "192.0.2.1", ipv6: "2001:db8::1",
  };

  function example(schema, depth = 0) {
    if (!schema || schema === true) return null;
    if (schema.examples?.length) return schema.examples[0];
    if ("const" in schema) return schema.const;
    if ("default" in schema && schema.default !== null) return schema.default;
    if (schema.enum) return schema.enum[0];
    if (schema.$ref) return depth > 6 ? {} : example(resolve(schema), depth + 1);
    const union = schema.oneOf ?? schema.anyOf;
    if (union) return example(union.find((part) => part.type !== "null") ?? union[0], depth + 1);
    if (schema.allOf) return Object.assign({}, ...schema.allOf.map((part) => example(part, depth + 1)));
    switch (Array.isArray(schema.type) ? schema.type[0] : schema.type) {
      case "string": return BY_FORMAT[schema.format] ?? "text".padEnd(schema.minLength ?? 0, "x").slice(0, schema.maxLength ?? undefined);
      case "integer": return Math.ceil(schema.minimum ?? (schema.exclusiveMinimum ?? 0) + 1);
      case "number": return schema.minimum ?? (schema.exclusiveMinimum ?? 0) + 0.5;
      case "boolean": return true;
      case "array":
        if (schema.prefixItems) return schema.prefixItems.map((part) => example(part, depth + 1));
        return schema.items && depth < 5 ? [example(schema.items, depth + 1)] : [];
      case "object": {
        const entries = Object.entries(schema.properties ?? {});
        if (!entries.length && typeof schema.additionalProperties === "object") return { key: example(schema.additionalProperties, depth + 1) };
        return Object.fromEntries(entries.map(([name, part]) => [name, example(part, depth + 1)]));
      }
      default: return null;
    }
  }

  function exampleBlock(value) {
    const text = JSON.stringify(value, null, 2);
    const button = h("button", { type: "button", class: "copy" }, "Copy");
    button.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(text);
        button.textContent = "Copied";
      } catch {
        getSelection().selectAllChildren(button.nextElementSibling);
        button.textContent = "Selected";
      }
      setTimeout(() => { button.textContent = "Copy"; }, 1500);
    });
    return h("div", { class: "example" }, button, h("pre", { tabindex: "0", "aria-label": "Example" }, h("code", {}, text)));
  }

  // --- messages, operations, channels ----------------------------------------------------------------

  function messageBody(message) {
    const schema = resolve(message.payload);
    const shown = message.examples?.[0]?.payload ?? example(message.payload);
    return [prose(schema.description), h("div", { class: "columns" }, h("div", {}, fields(schema, "payload")), exampleBlock(shown))];
  }

  function messageCard(ref) {
    const message = resolve(ref);
    const key = lastOf(ref.$ref);
    const details = lazyDetails("", () => h("div", {}, messageBody(message)));
    details.className = "message";
    details.firstChild.append(code(message.name ?? key), " ", h("span", { class: "type" }, message.title ?? key),
      message.summary ? h("span", { class: "summary" }, message.summary) : "");
    return details;
  }

  function operationCard(name, operation) {
    const incoming = operation.action === "receive";
    const card = section(slug("operation", name), name, 4,
      h("p", { class: `direction ${incoming ? "in" : "out"}` }, incoming ? "Client → server" : "Server → client"),
      operation.summary ? h("p", { class: "lead" }, operation.summary) : null,
      prose(operation.description), tags(operation.tags),
      operation.messages?.length ? operation.messages.map(messageCard) : h("p", { class: "type" }, "Sends nothing by itself"),
      operation.reply ? [h("h5", {}, operation.reply.messages.length > 1 ? "Answers, any of" : "Answer"), operation.reply.messages.map(messageCard)] : null,
      operation.security?.length ? h("p", { class: "limits" }, "Needs ", operation.security.map((ref) => code(lastOf(ref.$ref))).flatMap((item, index) => (index ? [", ", item] : [item]))) : null);
    card.className = "operation";
    return card;
  }

  function handshake(binding) {
    const rows = ["query", "headers"].flatMap((place) => Object.entries(binding?.[place]?.properties ?? {}).map(([name, schema]) =>
      h("li", { class: "field" }, h("div", { class: "field-head" }, code(name), h("span", { class: "type" }, place === "query" ? "query parameter" : "header")), prose(schema.description))));
    return rows.length ? [h("h4", {}, "Handshake"), h("ul", { class: "fields" }, rows)] : null;
  }

  function channelSection(key, channel, operations) {
    const server = Object.values(doc.servers ?? {})[0];
    const address = `/${(channel.address ?? "").replace(/^\//, "")}`;
    const url = server ? `${server.protocol}://${server.host}${(server.pathname ?? "").replace(/\/$/, "")}${address}` : address;
    const parameters = Object.entries(channel.parameters ?? {});
    const topic = channel["x-topic"];
    return section(slug("channel", key), channel.title ?? key, 3,
      h("p", { class: "address" }, code(url)), tags(channel.tags), prose(channel.description),
      topic ? h("p", {}, "Topic ", code(topic.pattern), " over this connection: send it as ", code("topic"), " of the frame.") : null,
      parameters.length ? [h("h4", {}, "Path parameters"), h("ul", { class: "fields" }, parameters.map(([name, parameter]) => h("li", { class: "field" }, h("div", { class: "field-head" }, code(name)), prose(parameter.description))))] : null,
      handshake(channel.bindings?.ws),
      operations.map(([name, operation]) => operationCard(name, operation)));
  }

  // --- the page --------------------------------------------------------------------------------------

  function header() {
    const url = root.dataset.schemaUrl;
    const servers = Object.entries(doc.servers ?? {});
    const schemes = Object.entries(doc.components?.securitySchemes ?? {});
    return h("header", { id: "top" },
      h("h1", {}, doc.info.title, " ", h("span", { class: "version" }, doc.info.version)),
      prose(doc.info.description),
      url ? h("p", { class: "downloads" }, h("a", { href: `${url}?format=json` }, "JSON"), h("a", { href: `${url}?format=yaml` }, "YAML"), h("span", { class: "type" }, `AsyncAPI ${doc.asyncapi}`)) : null,
      servers.length ? section("servers", "Servers", 2, h("ul", { class: "fields" }, servers.map(([name, server]) => h("li", { class: "field" }, h("div", { class: "field-head" }, code(`${server.protocol}://${server.host}${server.pathname ?? ""}`), h("span", { class: "type" }, name)), prose(server.description))))) : null,
      schemes.length ? section("security", "Security", 2, h("ul", { class: "fields" }, schemes.map(([name, scheme]) => h("li", { class: "field" }, h("div", { class: "field-head" }, code(name), h("span", { class: "type" }, [scheme.type, scheme.in, scheme.name ?? scheme.scheme].filter(Boolean).join(" · "))), prose(scheme.description))))) : null);
  }

  const operationsOf = (key) => Object.entries(doc.operations ?? {}).filter(([, operation]) => lastOf(operation.channel.$ref) === key);

  function navigation(channels) {
    const link = (id, text, kind) => h("li", {}, h("a", { href: `#${id}` }, kind ? h("span", { class: `dot ${kind}`, "aria-hidden": "true" }) : null, text));
    const group = (title, id, items) => (items.length ? [h("h2", {}, h("a", { href: `#${id}` }, title)), h("ul", {}, items)] : null);
    const filter = h("input", { type: "search", id: "filter", placeholder: "Filter", autocomplete: "off" });
    const list = h("div", { class: "nav-list" },
      channels.map(([key, channel]) => group(channel.title ?? key, slug("channel", key), operationsOf(key).map(([name, operation]) => link(slug("operation", name), name, operation.action === "receive" ? "in" : "out")))),
      group("Messages", "messages", Object.keys(messages).map((key) => link(slug("message", key), key))),
      group("Schemas", "schemas", Object.keys(schemas).map((key) => link(slug("schema", key), key))));
    filter.addEventListener("input", () => {
      const wanted = filter.value.trim().toLowerCase();
      for (const item of list.querySelectorAll("li")) item.hidden = !item.textContent.toLowerCase().includes(wanted);
    });
    const toggle = h("button", { type: "button", class: "nav-toggle", "aria-expanded": "false", "aria-controls": "contents" }, "Contents");
    const nav = h("nav", { id: "contents", "aria-label": "Contents" }, h("label", { for: "filter", class: "visually-hidden" }, "Filter the contents"), filter, list);
    const show = (open) => { toggle.setAttribute("aria-expanded", String(open)); document.body.classList.toggle("nav-open", open); };
    toggle.addEventListener("click", () => show(toggle.getAttribute("aria-expanded") !== "true"));
    nav.addEventListener("click", (event) => { if (event.target.closest("a")) show(false); });
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && document.body.classList.contains("nav-open")) { show(false); toggle.focus(); }
    });
    return [toggle, nav];
  }

  // Says in the contents which part is being read.
  function followReading(nav, main) {
    const links = new Map([...nav.querySelectorAll("a")].map((link) => [link.hash.slice(1), link]));
    let current = null;
    const observer = new IntersectionObserver((entries) => {
      for (const { isIntersecting, target } of entries) {
        if (!isIntersecting || !links.has(target.id)) continue;
        current?.removeAttribute("aria-current");
        current = links.get(target.id);
        current.setAttribute("aria-current", "location");
      }
    }, { rootMargin: "0px 0px -70% 0px" });
    for (const part of main.querySelectorAll("section[id]")) if (links.has(part.id)) observer.observe(part);
  }

  function render() {
    const channels = Object.entries(doc.channels ?? {});
    const main = h("main", { id: "main", tabindex: "-1" }, header(),
      channels.length ? section("channels", "Channels", 2, channels.map(([key, channel]) => channelSection(key, channel, operationsOf(key)))) : h("p", {}, "The application has no WebSocket route that leads to a consumer of chanx."),
      Object.keys(messages).length ? section("messages", "Messages", 2, Object.entries(messages).map(([key, message]) => section(slug("message", key), message.name ?? key, 3, messageBody(message)))) : null,
      Object.keys(schemas).length ? section("schemas", "Schemas", 2, Object.entries(schemas).map(([key, schema]) => section(slug("schema", key), schema.title ?? key, 3, prose(schema.description), fields(schema)))) : null);
    const [toggle, nav] = navigation(channels);
    root.replaceChildren(h("a", { class: "skip", href: "#main" }, "Skip to the content"), toggle, nav, main);
    followReading(nav, main);
    if (location.hash) document.getElementById(decodeURIComponent(location.hash.slice(1)))?.scrollIntoView();
  }

  render();
})();
