"use strict";
// Shows what the node says. Nothing here decides anything about a valve: states come from the node, moves go to it and are confirmed there.

const LOST_MS = 10000;
const LETTERS = { indicator: "I", relay: "R", commanded: "C", declared: "D" };
const valves = new Map();
const peers = new Map();
const alarms = new Map();
let chosen = "";
let heard = 0;
let mayAct = false, signedIn = false, whyNot = "";

const $ = (selector) => document.querySelector(selector);

function element(tag, text, name) {
  const made = document.createElement(tag);
  if (text !== undefined) made.textContent = text;
  if (name) made.className = name;
  return made;
}

function time(seconds) {
  return new Date(seconds * 1000).toLocaleTimeString([], { hour12: false });
}

function sentence(valve) {
  const words = [valve.name + ":", valve.state];
  if (valve.under_way) words.push("(" + valve.under_way + " under way)");
  if (valve.evidence) words.push("by " + valve.evidence);
  if (valve.stale) words.push("as last known: its node is lost");
  if (valve.lock) words.push("locked by " + valve.lock.who);
  if (valve.owner) words.push("owned by " + valve.owner);
  if (!valve.in_service) words.push("out of service");
  return words.join(" ");
}

function drawValve(valve) {
  const group = document.querySelector(`.valve[data-name="${CSS.escape(valve.name)}"]`);
  if (!group) return;
  group.dataset.state = valve.state;
  group.dataset.evidence = valve.evidence || "";
  group.dataset.lock = valve.lock ? "yes" : "no";
  group.dataset.stale = valve.stale ? "yes" : "no";
  group.dataset.service = valve.in_service ? "in" : "out";
  group.querySelector(".evidence").textContent = LETTERS[valve.evidence] || "";
  group.setAttribute("aria-label", sentence(valve));
}

function row(valve) {
  let line = document.querySelector(`#valves tr[data-name="${CSS.escape(valve.name)}"]`);
  if (!line) {
    line = element("tr");
    line.dataset.name = valve.name;
    line.tabIndex = 0;
    for (let n = 0; n < 4; n++) line.append(element("td"));
    $("#valves tbody").append(line);
  }
  const [name, state, by, held] = line.children;
  name.textContent = valve.name;
  name.title = valve.description;
  state.textContent = valve.state + (valve.stale ? " (stale)" : "") + (valve.in_service ? "" : " (out of service)");
  state.className = "state-" + valve.state + (valve.stale ? " stale" : "");
  by.textContent = valve.evidence || "";
  held.textContent = [valve.lock ? "locked: " + valve.lock.who : "", valve.owner, valve.orphaned ? "orphaned" : ""].filter(Boolean).join(", ");
}

function show(valve) {
  valves.set(valve.name, valve);
  drawValve(valve);
  row(valve);
  if (valve.node) notePeer(valve.node, !valve.stale, "");
  if (chosen === valve.name) panel();
}

function panel() {
  const valve = valves.get(chosen);
  const section = $("#switch");
  section.hidden = !valve;
  if (!valve) return;
  section.querySelector("h2").textContent = valve.name + (valve.description ? " · " + valve.description : "");
  const facts = section.querySelector("dl");
  facts.replaceChildren();
  const rows = [["state", valve.state], ["rests on", valve.evidence || "nothing yet"], ["read at", valve.read_at ? time(valve.read_at) : "never"],
    ["lock", valve.lock ? valve.lock.who + ": " + valve.lock.why : "none"], ["owner", valve.owner || "nobody"],
    ["interlocks", (valve.interlocks || []).join(", ") || "none"], ["node", valve.node || "this one"]];
  for (const [key, text] of rows) facts.append(element("dt", key), element("dd", text));
  for (const fault of valve.faults || []) facts.append(element("dt", "fault"), element("dd", fault));
  const moves = section.querySelector(".moves");
  moves.replaceChildren();
  if (!mayAct) { moves.append(element("small", "Read-only: " + whyNot)); return; }
  for (const [verb, disabled] of [["Open", valve.state === "open"], ["Close", valve.state === "closed"]]) {
    const button = element("button", verb, verb === "Open" ? "danger" : "");
    button.disabled = !signedIn || disabled;
    button.addEventListener("click", () => move(verb, valve.name));
    moves.append(button);
  }
}

function choose(name) {
  chosen = chosen === name ? "" : name;
  for (const one of document.querySelectorAll(".valve, #valves tr")) one.classList.toggle("chosen", one.dataset.name === chosen && chosen !== "");
  panel();
}

function colour(found) {
  if (!found.edges) return;
  const perhaps = new Set(found.perhaps);
  for (const path of document.querySelectorAll(".tube[data-edge]")) {
    const own = found.edges[path.dataset.edge];
    path.style.stroke = own || "";
    path.classList.toggle("perhaps", path.dataset.edge.split(/[_-]/).some((end) => perhaps.has(end)));
  }
  for (const thing of document.querySelectorAll(".thing[data-node] .shape")) {
    const name = thing.parentNode.dataset.node;
    const own = found.nodes[name];
    if (!thing.hasAttribute("fill")) thing.style.fill = own || "";
  }
}

function notePeer(name, connected, why) {
  peers.set(name, { connected, why });
  const list = $("#nodes ul");
  list.replaceChildren();
  for (const [node, one] of peers) {
    const item = element("li", node + ": " + (one.connected ? "connected" : "LOST" + (one.why ? ", " + one.why : "")));
    item.className = one.connected ? "" : "state-unknown";
    item.dataset.peer = node;
    item.dataset.connected = one.connected ? "yes" : "no";
    list.append(item);
  }
}

function noteAlarm(key, text, raised) {
  if (raised) alarms.set(key, text); else alarms.delete(key);
  $("#alarms").hidden = alarms.size === 0;
  $("#alarms ul").replaceChildren(...[...alarms.values()].map((one) => element("li", one)));
}

function told(event) {
  const p = event.payload;
  switch (event.kind) {
    case "valve": return p.name + " " + (p.before ? p.before + " → " : "") + p.state + (p.evidence ? " (" + p.evidence + ")" : "") + (p.commanded || !p.before || p.before === "unknown" || p.state === "unknown" ? "" : ", nobody commanded it") + (p.peer ? ", for " + p.peer : "");
    case "lock": return p.name + (p.lock ? " locked by " + p.who : " unlocked by " + p.who) + (p.why ? ": " + p.why : "");
    case "owner": return p.switches.join(", ") + (p.owner ? " owned by " + p.owner : " free") + (p.orphaned ? ", orphaned" : "") + (p.why ? ": " + p.why : "");
    case "alarm": return (p.raised ? "ALARM " : "over: ") + p.text;
    case "peer": return p.peer + (p.connected ? " connected" : " lost") + (p.why ? ": " + p.why : "");
    case "shot": return p.pipette + ": shot " + p.counts;
    default: return event.kind + " " + JSON.stringify(p);
  }
}

function log(event) {
  const item = element("li");
  item.append(element("time", time(event.time)), document.createTextNode(told(event)));
  if (event.kind === "alarm") item.className = "state-closed";
  const list = $("#events");
  list.prepend(item);
  while (list.childElementCount > 300) list.lastChild.remove();
}

function change(event) {
  const p = event.payload;
  if (event.kind === "valve" || event.kind === "lock") show({ ...valves.get(p.name), ...p });
  if (event.kind === "owner") for (const name of p.switches) if (valves.has(name)) show({ ...valves.get(name), owner: p.owner, orphaned: p.orphaned });
  if (event.kind === "alarm") noteAlarm(p.key, p.text, p.raised);
  if (event.kind === "peer") notePeer(p.peer, p.connected, p.why);
  if (event.kind !== "steps") log(event);
}

async function everything(state) {
  document.title = state.node + (state.simulated ? " (simulated)" : "");
  $("#node").textContent = state.node;
  $("#simulated").hidden = !state.simulated;
  mayAct = state.may_act; signedIn = state.signed_in; whyNot = state.read_only_because;
  $("#signin").hidden = !mayAct || signedIn;
  $("#safe").hidden = !mayAct || !signedIn;
  const answer = await fetch("/canvas.svg");
  const drawn = new DOMParser().parseFromString(await answer.text(), "image/svg+xml").documentElement;
  $("#drawing").replaceChildren(document.importNode(drawn, true));
  $("#valves tbody").replaceChildren();
  $("#events").replaceChildren();
  $("#nodes ul").replaceChildren(element("li", state.node + ": this one, boot " + state.boot.slice(0, 8)));
  valves.clear(); peers.clear(); alarms.clear();
  for (const event of state.events) if (event.kind !== "steps") log(event);
  for (const event of state.events) if (event.kind === "peer") notePeer(event.payload.peer, event.payload.connected, event.payload.why);
  for (const event of state.events) if (event.kind === "alarm") noteAlarm(event.payload.key, event.payload.text, event.payload.raised);
  for (const key of state.alarms) if (!alarms.has(key)) noteAlarm(key, key, true);
  for (const valve of state.valves) show(valve);
  colour(state.colours);
  panel();
  document.body.dataset.ready = "yes";
}

function alive(seconds) {
  heard = Date.now();
  document.body.dataset.link = "live";
  $("#link").textContent = "live";
  $("#lost").hidden = true;
  if (seconds) $("#clock").textContent = time(seconds);
}

function lost() {
  document.body.dataset.link = "lost";
  $("#link").textContent = "lost";
  $("#lost").hidden = false;
}

function follow() {
  const source = new EventSource("/events");
  // In the order in which they came: a change is never overwritten by the state that came before it and took longer to draw.
  let turn = Promise.resolve();
  const each = (kind, take) => source.addEventListener(kind, (event) => {
    const told = JSON.parse(event.data);
    turn = turn.then(() => take(told)).then(() => alive(told.time));
  });
  each("state", everything);
  each("change", change);
  each("colours", colour);
  each("beat", () => {});
  source.addEventListener("error", () => { if (Date.now() - heard > 1000) lost(); });
}

function ask(text, withToken) {
  const dialog = $("#ask");
  dialog.querySelector("p").textContent = text;
  dialog.querySelector(".field").hidden = !withToken;
  $("#token").value = "";
  dialog.returnValue = "no";
  dialog.showModal();
  return new Promise((answered) => dialog.addEventListener("close", () => answered(dialog.returnValue === "yes" ? ($("#token").value || true) : false), { once: true }));
}

async function post(path, body) {
  const answer = await fetch(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
  return answer.json();
}

async function move(verb, name) {
  if (!(await ask(verb + " " + name + "?", false))) return;
  const answer = await post("/act", { verb, switch: name, confirm: true });
  if (!answer.ok) await ask(verb + " " + name + " was refused: " + answer.why, false);
}

async function makeSafe() {
  if (!(await ask("MAKE SAFE: run the park sequence of this node now?", false))) return;
  const answer = await post("/act", { verb: "Safe", confirm: true });
  const steps = answer.ok ? answer.result.steps.map((one) => (one.ok ? "done: " : "REFUSED: ") + one.step + " " + one.text).join("\n") : answer.why;
  await ask("MAKE SAFE: " + (steps || "the sequence has no steps"), false);
}

async function signIn() {
  const token = await ask("The token of this node's page:", true);
  if (!token || token === true) return;
  const answer = await post("/session", { token });
  if (answer.ok) location.reload(); else await ask(answer.why, false);
}

function pressed(event) {
  const target = event.target.closest(".valve, #valves tbody tr");
  if (!target) return;
  if (event.type === "keydown" && event.key !== "Enter" && event.key !== " ") return;
  event.preventDefault();
  choose(target.dataset.name);
}

document.addEventListener("click", pressed);
document.addEventListener("keydown", pressed);
$("#safe").addEventListener("click", makeSafe);
$("#signin").addEventListener("click", signIn);
setInterval(() => { if (heard && Date.now() - heard > LOST_MS) lost(); }, 1000);
follow();
