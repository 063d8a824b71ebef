"use strict";
// Nodes, alarms, devices with their values, and what happened.
import { $, age, askAs, dateTime, element, number, post, tell, time } from "/static/words.js";
import { session } from "/static/line.js";

const KEPT = 1000;
const peers = new Map();
const alarms = new Map();
let conditions = [];
const values = new Map();
let devices = [];
let own = "";

export function clear(state) {
  peers.clear(); alarms.clear(); values.clear();
  own = state.node + ": this one" + (state.simulated ? ", SIMULATED" : "") + ", boot " + state.boot.slice(0, 8);
  $("#events").replaceChildren();
  nodes();
}

export function notePeer(name, connected, why) {
  const before = peers.get(name) || {};
  peers.set(name, { ...before, connected, why: why || (connected ? "" : before.why || "") });
  nodes();
}

export function noteHealth(health) {
  for (const peer of health.peers || []) peers.set(peer.name, { ...peers.get(peer.name), connected: peer.connected, failed: peer.polls_failed });
  devices = health.devices || [];
  nodes(health);
  drawDevices();
}

function nodes(health) {
  const first = element("li", own + (health ? ", up " + age(health.up_s) : ""));
  const list = $("#nodes ul");
  list.replaceChildren(first);
  for (const trouble of (health && health.troubles) || []) list.append(element("li", trouble, "state-closed"));
  for (const [node, one] of peers) {
    const item = element("li", node + ": " + (one.connected ? "connected" : "LOST" + (one.why ? ", " + one.why : "")) + (one.failed ? " (" + one.failed + " polls failed)" : ""));
    item.className = one.connected ? "" : "state-unknown";
    item.dataset.peer = node;
    item.dataset.connected = one.connected ? "yes" : "no";
    list.append(item);
  }
}

export function noteAlarm(key, text, raised) {
  if (raised) alarms.set(key, text); else alarms.delete(key);
  drawAlarms();
}

const PHASES = { waiting: "not told yet", raised: "", acknowledged: "acknowledged", over: "over, not acknowledged" };

async function acknowledge(one) {
  const found = await askAs("You have seen: " + one.name + ": " + one.why);
  if (!found) return;
  const answer = await post("/acknowledge", { alert: one.condition, who: found[0] });
  if (!answer.ok) await tell(answer.why);
}

function conditionItem(one) {
  const item = element("li", undefined, one.phase === "over" ? "over" : "level-" + one.level);
  item.dataset.phase = one.phase;
  item.dataset.condition = one.condition;
  item.append(element("strong", one.level.toUpperCase() + ": "), one.name + ": " + (one.why || one.condition));
  if (one.since) item.append(element("small", " since " + time(one.since)));
  const said = [PHASES[one.phase], one.by && "by " + one.by].filter(Boolean).join(" ");
  if (said) item.append(element("small", " · " + said));
  if (session.mayTell && (one.phase === "raised" || one.phase === "over")) {
    const button = element("button", "Acknowledge");
    button.addEventListener("click", () => acknowledge(one));
    item.append(button);
  }
  if (one.guidance) item.append(element("p", one.guidance));
  return item;
}

function drawAlarms() {
  $("#alarms").hidden = alarms.size === 0 && conditions.length === 0;
  $("#alarms ul").replaceChildren(...[...alarms.values()].map((one) => element("li", one)), ...conditions.map(conditionItem));
}

export function noteValues(told) {
  for (const value of told.values || []) values.set((value.server || "") + value.name, value);
  if (told.conditions) { conditions = told.conditions; drawAlarms(); }
  drawDevices();
}

const SAID = { waiting: "not read yet", stale: "stale", lost: "lost", error: "error" };

function valueLine(value) {
  const line = element("tr");
  line.dataset.value = value.name;
  line.dataset.state = value.state;
  line.append(element("td", value.value_name));
  const shown = element("td", number(value.value) + (value.units ? " " + value.units : ""), "reading");
  const mark = [SAID[value.state], value.level].filter(Boolean).join(", ");
  const note = element("td", mark, value.level ? "level-" + value.level : "state-unknown");
  if (value.state !== "live") shown.classList.add("stale");
  line.title = value.why || "";
  line.append(shown, note);
  return line;
}

function card(name, device) {
  const box = element("article", undefined, "device");
  box.dataset.device = name;
  const up = device ? device.up : null;
  box.dataset.up = up === null ? "" : up ? "yes" : "no";
  const head = element("h3", name);
  if (device && device.klass) head.append(element("small", device.klass));
  if (up !== null) head.append(element("span", up ? "answers" : "DOWN", up ? "state-open" : "state-closed"));
  box.append(head);
  const facts = [];
  if (device && device.exchanges) facts.push(device.exchanges + " exchanges");
  for (const [key, word] of [["timeouts", "unanswered"], ["garbled", "garbled"], ["lost", "cut off"]]) if (device && device[key]) facts.push(device[key] + " " + word);
  if (device && device.switches.length) facts.push("switches " + device.switches.join(", "));
  if (facts.length) box.append(element("p", facts.join(" · "), "facts"));
  const theirs = [...values.values()].filter((value) => value.device === name);
  if (theirs.length) {
    const table = element("table");
    const body = element("tbody");
    body.append(...theirs.map(valueLine));
    table.append(body);
    box.append(table);
  }
  return box;
}

let due = 0;

// Many values change in one moment: the cards are drawn once for them.
function drawDevices() {
  if (due) return;
  due = setTimeout(() => {
    due = 0;
    const names = [...new Set([...devices.map((one) => one.name), ...[...values.values()].map((one) => one.device)])];
    $("#devices").hidden = names.length === 0;
    $("#devices div").replaceChildren(...names.map((name) => card(name, devices.find((one) => one.name === name))));
  }, 50);
}

export function told(event) {
  const p = event.payload;
  switch (event.kind) {
    case "valve": return p.name + " " + (p.before ? p.before + " → " : "") + p.state + (p.evidence ? " (" + p.evidence + ")" : "") + (p.commanded || !p.before || p.before === "unknown" || p.state === "unknown" ? "" : ", nobody commanded it") + (p.peer ? ", for " + p.peer : "");
    case "lock": return p.name + (p.lock ? " locked by " + p.who : " unlocked by " + p.who) + (p.why ? ": " + p.why : "");
    case "owner": return p.switches.join(", ") + (p.owner ? " owned by " + p.owner : " free") + (p.orphaned ? ", orphaned" : "") + (p.why ? ": " + p.why : "");
    case "alarm": return (p.raised ? "ALARM " : "over: ") + p.text;
    case "alert": return p.kind.toUpperCase() + " " + p.title + (p.why ? ": " + p.why : "");
    case "peer": return p.peer + (p.connected ? " connected" : " lost") + (p.why ? ": " + p.why : "");
    case "shot": return p.pipette + ": shot " + p.counts;
    default: return event.kind + " " + JSON.stringify(p);
  }
}

// What the history has, in place of what this page heard so far; or one more.
export function logEntries(entries, more = false) {
  const list = $("#events");
  // It is written in batches: what is newer than its last entry was heard by this page only.
  const last = entries.length ? entries[entries.length - 1].time : 0;
  if (!more) list.replaceChildren(...[...list.children].filter((one) => Number(one.dataset.time) > last));
  for (const entry of entries) {
    const item = element("li", undefined, "kind-" + entry.kind);
    item.dataset.time = String(entry.time);
    const today = new Date(entry.time * 1000).toDateString() === new Date().toDateString();
    item.append(element("time", today ? time(entry.time) : dateTime(entry.time)), document.createTextNode((entry.kind === "note" ? entry.subject + ": " : "") + entry.text.replaceAll(" -> ", " → ")));
    const next = [...list.children].find((one) => Number(one.dataset.time) <= entry.time);
    list.insertBefore(item, next || null);
  }
  while (list.childElementCount > 1000) list.lastChild.remove();
}

export function log(event) {
  const item = element("li");
  item.dataset.time = String(event.time);
  item.append(element("time", time(event.time)), document.createTextNode(told(event)));
  if (event.kind === "alarm") item.className = "state-closed";
  const list = $("#events");
  list.prepend(item);
  while (list.childElementCount > KEPT) list.lastChild.remove();
}
