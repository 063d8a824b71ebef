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

// One dialog at a time; resolves to false, or to what was typed. Fields: [label, type, value].
export function ask(text, fields = [], question = true) {
  const dialog = $("#ask");
  dialog.querySelector("[value=no]").hidden = !question;
  dialog.querySelector("[value=yes]").textContent = question ? "Yes" : "OK";
  dialog.querySelector("[value=yes]").classList.toggle("danger", question && !fields.length);
  dialog.querySelector("p").textContent = text;
  const inputs = fields.map(([label, type, value]) => {
    const input = element("input");
    input.type = type;
    input.value = value || "";
    input.autocomplete = "off";
    return [label, input];
  });
  dialog.querySelector(".fields").replaceChildren(...inputs.map(([label, input]) => {
    const line = element("label", label);
    line.append(input);
    return line;
  }));
  dialog.returnValue = "no";
  dialog.showModal();
  return new Promise((answered) => dialog.addEventListener("close", () => answered(dialog.returnValue === "yes" ? inputs.map(([, input]) => input.value.trim()) : false), { once: true }));
}

// Nothing is asked.
export function tell(text) { return ask(text, [], false); }

// The name that a person gave last, kept by this browser.
export async function askAs(text, fields = []) {
  const found = await ask(text, [...fields, ["Your name", "text", localStorage.getItem("who")]]);
  if (!found || found.some((one) => !one)) return null;
  localStorage.setItem("who", found[found.length - 1]);
  return found;
}
