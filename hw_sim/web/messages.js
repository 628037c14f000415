// The message bus: what goes over it, and a form that sends any message.

import { $, el, append } from "./dom.js";

const ROWS = 300;
const GIST = 160;
const CHECK_MS = 250;

export class Messages {
  constructor(contract, send) {
    this.topics = new Map();
    for (const topic of contract) {
      for (const name of [topic.type, topic.alias]) if (name) this.topics.set(name, topic);
    }
    this.send = send;
    this.waiting = [];
    this.missed = 0;
    $("types").append(...[...this.topics].map(([name, topic]) => el("option", { value: name }, topic.summary)));
    this.listen();
  }

  show({ traffic = [], traffic_missed: missed = 0, answer }) {
    this.missed += missed;
    if (traffic.length) {
      this.waiting = [...this.waiting, ...traffic].slice(-ROWS);
      if (!this.paused) this.requestRows();
    }
    if (missed || this.paused) this.count();
    if (answer) this.judge(answer);
  }

  requestRows() {
    if (this.requested) return;
    this.requested = true;
    requestAnimationFrame(() => {
      this.requested = false;
      const wanted = matcher($("filter").value), rows = this.waiting.map(entry => row(entry, this.topics));
      rows.forEach(item => { item.hidden = !wanted(item.dataset.type); });
      this.waiting = [];
      append($("messages"), rows, ROWS);
      this.mark(rows);
      this.count();
    });
  }

  listen() {
    $("filter").oninput = () => {
      const wanted = matcher($("filter").value);
      for (const item of $("messages").children) item.hidden = !wanted(item.dataset.type);
      this.count();
    };
    $("find").oninput = () => { this.mark($("messages").children); this.at = -1; this.count(); };
    $("find").onkeydown = event => { if (event.key === "Enter") this.next(event.shiftKey ? -1 : 1); };
    $("pause").onclick = () => {
      this.paused = !this.paused;
      $("pause").setAttribute("aria-pressed", this.paused);
      if (!this.paused) this.requestRows();
      this.count();
    };
    $("clear").onclick = () => { $("messages").replaceChildren(); this.waiting = []; this.missed = 0; this.count(); };
    $("type").oninput = () => this.build();
    $("composer").onsubmit = event => { event.preventDefault(); this.submit("send"); };
    $("fields").oninput = () => {
      clearTimeout(this.checking);
      this.checking = setTimeout(() => this.submit("check"), CHECK_MS);
    };
  }

  mark(rows) {
    const wanted = $("find").value.toLowerCase();
    for (const item of rows) item.classList.toggle("found", Boolean(wanted) && item.dataset.text.includes(wanted));
  }

  next(step) {
    const found = [...$("messages").querySelectorAll("li.found:not([hidden])")];
    if (!found.length) return;
    this.at = ((this.at ?? -1) + step + found.length) % found.length;
    found.forEach((item, index) => item.classList.toggle("current", index === this.at));
    found[this.at].scrollIntoView({ block: "nearest" });
  }

  count() {
    const rows = $("messages"), words = [];
    const shown = rows.querySelectorAll("li:not([hidden])").length;
    words.push(shown === rows.childElementCount ? `${shown} messages` : `${shown} of ${rows.childElementCount} messages`);
    if ($("find").value) words.push(`${rows.querySelectorAll("li.found:not([hidden])").length} found`);
    if (this.paused) words.push(`paused, ${this.waiting.length} waiting`);
    if (this.missed) words.push(`${this.missed} left out, they came too fast`);
    $("counted").textContent = words.join(" · ");
  }

  // The form.

  build() {
    const type = $("type").value.trim(), topic = this.topics.get(type);
    if (this.shown === type) return;
    this.shown = type;
    $("verdict").textContent = "";
    $("summary").textContent = topic ? topic.summary + (topic.privileged ? " Privileged." : "") : "";
    const fields = topic?.fields ?? [];
    const other = { name: "", kind: "dict", label: fields.length ? "other data" : "data", meaning: "as JSON" };
    $("fields").replaceChildren(...(topic || type ? [...fields, other].map(field => input(field)) : []));
  }

  submit(what) {
    clearTimeout(this.checking);
    const type = $("type").value.trim();
    if (!type) return;
    let data = {}, wrong = "";
    for (const box of $("fields").querySelectorAll("[data-kind]")) {
      if (box.value.trim() === "") continue;
      try {
        const value = parsed(box.value, box.dataset.kind);
        if (box.dataset.field) data[box.dataset.field] = value;
        else data = { ...data, ...value };
      } catch {
        wrong = `${box.dataset.field || "data"} is not JSON`;
      }
    }
    if (wrong) this.judge({ problems: [wrong], sent: false });
    else this.send({ do: what, type, data });
  }

  judge({ type, problems, sent }) {
    $("verdict").className = problems.length ? "wrong" : "right";
    $("verdict").textContent = [sent ? `Sent ${type}.` : "", problems.join("; ")].filter(Boolean).join(" ");
  }
}

/** A row of the list; what is inside is made when it is unfolded. */
function row({ time, type, data, context }, topics) {
  const gist = JSON.stringify(data), inside = el("div", { class: "inside" });
  const details = el("details", {}, el("summary", {},
    el("time", {}, time), " ", el("span", { class: "type" }, type), " ",
    el("span", { class: "gist" }, gist === "{}" ? "" : gist.slice(0, GIST))), inside);
  details.addEventListener("toggle", () => {
    if (details.open) inside.replaceChildren(...unfolded(topics.get(type), data, context));
    else inside.replaceChildren();
  });
  const item = el("li", {}, details);
  item.dataset.type = type;
  item.dataset.text = `${type} ${gist} ${JSON.stringify(context)}`.toLowerCase();
  return item;
}

function unfolded(topic, data, context) {
  const code = (name, value) => [el("h3", {}, name), el("pre", {}, JSON.stringify(value, null, 2))];
  const about = topic ? [
    el("p", {}, topic.summary),
    el("p", { class: "hint" }, `${topic.family}. From ${topic.sender} to ${topic.receiver}.${topic.privileged ? " Privileged." : ""}`
      + (topic.replies.length ? ` Replies: ${topic.replies.join(", ")}.` : "")),
    ...(topic.fields.length ? [el("ul", {}, ...topic.fields.map(field => el("li", {}, el("code", {}, field.name), ` ${about_field(field)}`)))] : []),
  ] : [el("p", { class: "hint" }, "This type is not documented.")];
  return [...about, ...code("data", data), ...code("context", context)];
}

const KINDS = { str: "text", int: "number", float: "number", bool: "true or false", list: "list", dict: "object", object: "anything" };

function about_field({ kind, required, default: fallback, limits, meaning, unit }) {
  const preset = required ? "required" : fallback === null ? "optional" : `default ${JSON.stringify(fallback)}`;
  return [KINDS[kind], limits, unit, preset, meaning].filter(Boolean).join(", ");
}

let fieldNumber = 0;

function input(field) {
  const { name, kind, required, default: fallback, choices = [], low, limits, meaning } = field;
  const id = `field-${fieldNumber += 1}`, hint = `${id}-hint`;
  const common = { id, "data-kind": kind, "data-field": name, "aria-describedby": hint, "aria-required": required ? "true" : null };
  let box;
  if (choices.length || kind === "bool") {
    const options = choices.length ? choices : ["true", "false"];
    box = el("select", common, el("option", { value: "" }, required ? "choose" : `default${fallback === null ? "" : ` (${fallback})`}`),
      ...options.map(value => el("option", { value }, value)));
  } else {
    const placeholder = fallback === null || fallback === undefined ? (kind === "list" ? "[]" : kind === "dict" ? "{}" : "")
      : String(fallback);
    box = el("input", { ...common, placeholder, spellcheck: "false", inputmode: ["int", "float"].includes(kind) && !(low < 0) ? "decimal" : null });
  }
  const words = field.label ? meaning : [required ? "required" : "", KINDS[kind], limits, meaning].filter(Boolean).join(", ");
  return el("div", { class: "field" }, el("label", { for: id }, field.label ?? name), box, el("span", { class: "hint", id: hint }, words));
}

function parsed(text, kind) {
  if (kind === "str") return text;
  if (kind === "bool") return text === "true";
  if (kind === "int" || kind === "float") return Number.isFinite(Number(text)) ? Number(text) : text;
  if (kind !== "object") return JSON.parse(text);
  try { return JSON.parse(text); } catch { return text; }
}

/** Whether a type matches the filter: a part of it, or a pattern with "*". */
function matcher(filter) {
  const wanted = filter.trim().toLowerCase();
  if (!wanted.includes("*")) return type => type.toLowerCase().includes(wanted);
  const pattern = new RegExp(`^${wanted.split(/\*+/).map(part => part.replace(/[^\w]/g, "\\$&")).join(".*")}$`);
  return type => pattern.test(type.toLowerCase());
}
