"use strict";
// Small things that every part of the page uses.

export const $ = (selector) => document.querySelector(selector);

export function element(tag, text, name) {
  const made = document.createElement(tag);
  if (text !== undefined) made.textContent = text;
  if (name) made.className = name;
  return made;
}

export function time(seconds) {
  return new Date(seconds * 1000).toLocaleTimeString([], { hour12: false });
}

export function dateTime(seconds) {
  const at = new Date(seconds * 1000);
  return at.toLocaleDateString([], { weekday: "short", day: "numeric", month: "short" }) + " " + time(seconds);
}

export function age(seconds) {
  if (seconds < 90) return Math.round(seconds) + " s";
  if (seconds < 5400) return Math.round(seconds / 60) + " min";
  return Math.round(seconds / 3600) + " h";
}

export function number(value) {
  if (value === null || value === undefined) return "–";
  const size = Math.abs(value);
  return size !== 0 && (size < 0.001 || size >= 1e6) ? value.toExponential(3) : String(Number(value.toPrecision(5)));
}

export async function post(path, body) {
  const answer = await fetch(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
  return answer.json();
}

// One dialog at a time; resolves to false, true, or what was typed.
export function ask(text, label) {
  const dialog = $("#ask");
  dialog.querySelector("p").textContent = text;
  dialog.querySelector(".field").hidden = !label;
  dialog.querySelector("label").textContent = label || "";
  $("#answer").type = label === "Token" ? "password" : "text";
  $("#answer").value = "";
  dialog.returnValue = "no";
  dialog.showModal();
  return new Promise((answered) => dialog.addEventListener("close", () => answered(dialog.returnValue === "yes" ? ($("#answer").value || true) : false), { once: true }));
}
