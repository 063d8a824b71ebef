"use strict";
// Shows what the node says. Nothing here decides anything about a valve: states come from the node, moves go to it and are confirmed there.
import { $, ask, post, tell, time } from "/static/words.js";
import { choose, colour, drawing, moves, panel, session, show, valves } from "/static/line.js";
import { clear, log, logEntries, noteAlarm, noteHealth, notePeer, noteValues } from "/static/panels.js";
import { begin } from "/static/past.js";

const LOST_MS = 10000;
let heard = 0;
let colours = {};

function change(event) {
  const p = event.payload;
  if (event.kind === "valve" || event.kind === "lock") show({ ...valves.get(p.name), ...p });
  if (event.kind === "owner") for (const name of p.switches) if (valves.has(name)) show({ ...valves.get(name), owner: p.owner, orphaned: p.orphaned });
  if (event.kind === "alarm") noteAlarm(p.key, p.text, p.raised);
  if (event.kind === "peer") notePeer(p.peer, p.connected, p.why);
  if (event.kind !== "steps") log(event);
}

function coloured(found) {
  colours = found;
  if (!session.past) colour(found);
}

// Back from the past: what came meanwhile is drawn.
function present() {
  for (const valve of valves.values()) show(valve);
  colour(colours);
  panel();
}

async function everything(state) {
  session.past = false;
  document.title = state.node + (state.simulated ? " (simulated)" : "");
  $("#node").textContent = state.node;
  $("#simulated").hidden = !state.simulated;
  $("#reduces").hidden = !state.areas.reduction;
  document.body.dataset.simulated = state.simulated ? "yes" : "no";
  session.mayAct = state.may_act; session.signedIn = state.signed_in; session.whyNot = state.read_only_because;
  session.mayTell = state.may_tell && (!state.must_sign_in || session.signedIn);
  $("#signin").hidden = !state.may_tell || !state.must_sign_in || session.signedIn;
  $("#safe").hidden = !session.mayAct || !session.signedIn;
  await drawing();
  $("#valves tbody").replaceChildren();
  valves.clear();
  clear(state);
  for (const event of state.events) {
    const p = event.payload;
    if (event.kind !== "steps") log(event);
    if (event.kind === "peer") notePeer(p.peer, p.connected, p.why);
    if (event.kind === "alarm") noteAlarm(p.key, p.text, p.raised && state.alarms.includes(p.key));
  }
  for (const key of state.alarms) if (!state.events.some((one) => one.kind === "alarm" && one.payload.key === key)) noteAlarm(key, key, true);
  for (const valve of state.valves) show(valve);
  coloured(state.colours);
  noteHealth(state.health);
  noteValues(state);
  panel();
  document.body.dataset.ready = "yes";
  // Not awaited: a history that is slow holds up no news.
  if (state.has_past) begin(present, logEntries);
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
  each("colours", coloured);
  each("values", noteValues);
  each("note", (told) => logEntries([told], true));
  each("beat", (told) => noteHealth(told.health));
  source.addEventListener("error", () => { if (Date.now() - heard > 1000) lost(); });
}

async function move(verb, name) {
  if (!(await ask(verb + " " + name + "?"))) return;
  const answer = await post("/act", { verb, switch: name, confirm: true });
  if (!answer.ok) await tell(verb + " " + name + " was refused: " + answer.why);
}

async function makeSafe() {
  if (!(await ask("MAKE SAFE: run the park sequence of this node now?"))) return;
  const answer = await post("/act", { verb: "Safe", confirm: true });
  const steps = answer.ok ? answer.result.steps.map((one) => (one.ok ? "done: " : "REFUSED: ") + one.step + " " + one.text).join("\n") : answer.why;
  await tell("MAKE SAFE: " + (steps || "the sequence has no steps"));
}

async function signIn() {
  const found = await ask("The token of this node's page:", [["Token", "password"]]);
  if (!found || !found[0]) return;
  const token = found[0];
  const answer = await post("/session", { token });
  if (answer.ok) location.reload(); else await tell(answer.why);
}

function pressed(event) {
  const target = event.target.closest(".valve, #valves tbody tr");
  if (!target) return;
  if (event.type === "keydown" && event.key !== "Enter" && event.key !== " ") return;
  event.preventDefault();
  choose(target.dataset.name);
}

moves(move);
document.addEventListener("click", pressed);
document.addEventListener("keydown", pressed);
$("#safe").addEventListener("click", makeSafe);
$("#signin").addEventListener("click", signIn);
setInterval(() => { if (heard && Date.now() - heard > LOST_MS) lost(); }, 1000);
follow();
