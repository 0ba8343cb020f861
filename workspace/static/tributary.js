// What HTML alone cannot do. Every page works without it.
"use strict";

const closeMenus = (except) =>
  document.querySelectorAll("details.menu[open]").forEach((menu) => menu !== except && menu.removeAttribute("open"));

document.addEventListener("click", (event) => {
  closeMenus(event.target.closest("details.menu"));
  if (event.target.closest("[data-theme-switch]")) {
    const theme = document.documentElement.dataset.bsTheme === "dark" ? "light" : "dark";
    localStorage.setItem("theme", theme);
    document.documentElement.dataset.bsTheme = theme;
  }
  const copy = event.target.closest("[data-copy]");
  if (copy) {
    navigator.clipboard?.writeText(document.getElementById(copy.dataset.copy).textContent.trim());
    copy.textContent = "Copied";
  }
});

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") {
    const open = document.querySelector("details.menu[open]");
    closeMenus();
    open?.querySelector("summary").focus();
  }
  const typing = event.target.closest?.("input, textarea, select, [contenteditable]");
  if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
    document.querySelector('[data-shortcut="/"]')?.focus();
    event.preventDefault();
  }
});

// A form is sent once, however often its button is clicked; coming back to the page frees it again.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.dataset.sent) return event.preventDefault();
  if (form.method === "post" && !form.matches("[hx-post]")) form.dataset.sent = "yes";
  form.classList.add("sending");
  delete form.dataset.changed;
});
window.addEventListener("pageshow", () =>
  document.querySelectorAll("form[data-sent]").forEach((form) => {
    delete form.dataset.sent;
    form.classList.remove("sending");
  }),
);

// Unsaved changes of a form that asks for it are not left by accident.
document.addEventListener("input", (event) => {
  const form = event.target.closest("form[data-guard]");
  if (form) form.dataset.changed = "yes";
});
window.addEventListener("beforeunload", (event) => {
  if (document.querySelector("form[data-guard][data-changed]")) event.preventDefault();
});

// A list is filtered by what is typed: <input data-filter="#list"> hides items of the list whose text has it not.
document.addEventListener("input", (event) => {
  const list = event.target.dataset.filter && document.querySelector(event.target.dataset.filter);
  if (!list) return;
  const wanted = event.target.value.trim().toLowerCase();
  list.querySelectorAll("[data-item]").forEach((item) => {
    item.hidden = !item.textContent.toLowerCase().includes(wanted);
  });
});

// A fresh form proposes the browser's own time zone.
document.querySelectorAll("select[data-detect-zone]").forEach((select) => {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (select.value === "UTC" && [...select.options].some((option) => option.value === zone)) select.value = zone;
});

document.querySelector(".rail [aria-current=page]")?.scrollIntoView({ block: "nearest", inline: "center" });
document.querySelector(".tabs [aria-current=page]")?.scrollIntoView({ block: "nearest", inline: "center" });
