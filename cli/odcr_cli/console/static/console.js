"use strict";
// The page works without this script. It refreshes the page, filters as you type, and selects states in place.
(() => {
  const main = document.getElementById("main");
  const announced = document.getElementById("announced");
  const pause = document.getElementById("pause");
  document.documentElement.classList.add("live");

  // Updates an element to match another, and keeps what is equal, so that focus, scrolling and selections stay.
  const kept = { DETAILS: ["open"], INPUT: ["value", "checked"], OPTION: ["selected"] };
  const nameOf = (node) => (node.nodeType === 1 && node.id ? `${node.nodeName}#${node.id}` : "");

  function morph(from, to) {
    if (from.isEqualNode(to)) return;
    if (from.nodeType !== 1) {
      from.nodeValue = to.nodeValue;
      return;
    }
    const own = kept[from.nodeName] || [];
    for (const { name } of [...from.attributes]) if (!to.hasAttribute(name) && !own.includes(name)) from.removeAttribute(name);
    for (const { name, value } of to.attributes) if (from.getAttribute(name) !== value && !own.includes(name)) from.setAttribute(name, value);
    if (from.contains(document.activeElement) && ["INPUT", "SELECT", "TEXTAREA"].includes(from.nodeName)) return;
    const named = new Map([...from.childNodes].filter(nameOf).map((node) => [nameOf(node), node]));
    const wanted = new Set([...to.childNodes].map(nameOf).filter(Boolean));
    let at = from.firstChild;
    for (const child of [...to.childNodes]) {
      const name = nameOf(child);
      while (at && nameOf(at) && !wanted.has(nameOf(at))) {
        const gone = at;
        at = at.nextSibling;
        gone.remove();
      }
      let here = name ? named.get(name) : at && !nameOf(at) && at.nodeType === child.nodeType && at.nodeName === child.nodeName ? at : null;
      if (!here) {
        from.insertBefore(document.importNode(child, true), at);
        continue;
      }
      if (here === at) at = at.nextSibling;
      else if (from.moveBefore) from.moveBefore(here, at); // keeps the focus inside
      else from.insertBefore(here, at);
      morph(here, child);
    }
    while (at) {
      const gone = at;
      at = at.nextSibling;
      gone.remove();
    }
  }

  function say(text) {
    if (text && announced.dataset.last !== text) announced.textContent = text;
    announced.dataset.last = text;
  }

  // Counts the reader's navigations, so that answers to earlier requests are dropped.
  let turn = 0;

  async function load(address) {
    const own = turn;
    const answer = await fetch(address, { headers: { Accept: "text/html" } });
    if (answer.status === 403) throw new Error("refused");
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const loaded = page.getElementById("main");
    if (!loaded) throw new Error("not a page of ours");
    if (own !== turn) return false;
    const focused = document.activeElement;
    morph(main, loaded);
    if (focused !== document.activeElement && focused.isConnected) focused.focus({ preventScroll: true });
    const state = page.getElementById("newest");
    if (state) morph(document.getElementById("newest"), state);
    document.title = page.title;
    filter();
    say(main.querySelector("[data-say]")?.textContent);
    return true;
  }

  // True if the answer is shown; false if the reader has gone elsewhere meanwhile.
  async function visit(address) {
    const own = ++turn;
    try {
      if (!(await load(address))) return false;
      turn += 1; // drop refreshes of the previous page
      return true;
    } catch (error) {
      if (own !== turn) return false;
      throw error;
    }
  }

  // Refreshing.
  let timer = 0;
  let isBusy = false;
  const isPaused = () => pause && pause.getAttribute("aria-pressed") === "true";

  function label(name) {
    if (!pause) return;
    pause.classList.toggle("lost", name === "lost");
    pause.querySelector(".label").textContent = pause.dataset[name];
  }

  function later() {
    clearTimeout(timer);
    const seconds = Number(main.dataset.refresh || 0);
    if (pause) pause.hidden = !seconds;
    if (seconds && !isPaused()) timer = setTimeout(refresh, seconds * 1000);
  }

  async function refresh() {
    if (document.visibilityState === "visible" && !isBusy) {
      isBusy = true;
      try {
        await load(location.href);
        if (!isPaused()) label("on");
      } catch {
        label("lost");
      }
      isBusy = false;
    }
    later();
  }

  pause?.addEventListener("click", () => {
    pause.setAttribute("aria-pressed", String(!isPaused()));
    label(isPaused() ? "off" : "on");
    if (isPaused()) clearTimeout(timer);
    else refresh();
  });
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible" && main.dataset.refresh && !isPaused()) refresh();
  });

  // Filtering, with the same result as the server's.
  function filter() {
    const form = document.querySelector("form.filter[role=search]");
    if (!form) return;
    const words = form.q.value.toLowerCase().split(/\s+/).filter(Boolean);
    const show = form.show.value;
    const rows = [...document.querySelectorAll("tbody[data-text]")];
    let shown = 0;
    for (const row of rows) {
      const fits = (show === "all" || row.dataset.met === (show === "met" ? "yes" : "no")) && words.every((word) => row.dataset.text.includes(word));
      if (row.hidden === fits) row.hidden = !fits;
      shown += fits;
    }
    const count = document.getElementById("count");
    const text = shown === rows.length ? "" : count.dataset.text.replace("%s", shown).replace("%a", rows.length);
    if (count.textContent !== text) count.textContent = text;
  }

  function addressOf(form) {
    const given = new URLSearchParams(new FormData(form));
    for (const [name, value] of [...given]) if (!value) given.delete(name);
    const query = given.toString();
    return location.pathname + (query ? `?${query}` : "");
  }

  document.addEventListener("input", (event) => {
    const form = event.target.closest("form.filter[role=search]");
    if (!form || event.target.name !== "q") return;
    filter();
    history.replaceState(null, "", addressOf(form));
    clearTimeout(form.saying);
    form.saying = setTimeout(() => say(document.getElementById("count").textContent), 700);
  });
  document.addEventListener("change", (event) => {
    const form = event.target.closest('form.filter[method="get"]');
    if (form && event.target.nodeName === "SELECT") go(addressOf(form), true);
  });
  document.addEventListener("submit", (event) => {
    const form = event.target.closest("form.filter[role=search]");
    if (!form) return;
    event.preventDefault();
    filter();
  });

  // Selecting in place.
  async function go(address, replaces) {
    try {
      if (!(await visit(address))) return;
      history[replaces ? "replaceState" : "pushState"](null, "", address);
      later();
    } catch {
      location.assign(address);
    }
  }

  document.addEventListener("click", (event) => {
    if (event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.defaultPrevented) return;
    const link = event.target.closest(".execution-graph a, a.swap");
    if (!link) return;
    event.preventDefault();
    go(link.getAttribute("href"), false).then(() => {
      const panel = document.getElementById("state-panel");
      if (panel && !link.classList.contains("swap")) panel.scrollTop = 0;
      if (panel && panel.getBoundingClientRect().top > innerHeight) panel.scrollIntoView();
    });
  });
  addEventListener("popstate", () => visit(location.href).catch(() => location.reload()));

  filter();
  later();
})();
