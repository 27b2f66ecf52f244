// Makes the pages quicker outside a dialog, and drives them in one: there each screen replaces the one before without
// a navigation, so that the browser's history belongs to the page around it, the platform gets a window of its own,
// and everything that happens is reported to that page's exact origin.
"use strict";
(() => {
  const HOST = document.body.dataset.host;
  const isFramed = HOST !== "" && parent !== window;
  const WINDOW = "houselights-connect";
  const LOST_MS = 1000;

  const find = (selector) => document.querySelector(selector);
  const about = () => document.body.dataset;
  const tell = (message) => isFramed && parent.postMessage({ houselights: message }, HOST);
  const ask = (url, options = {}) =>
    fetch(url, { headers: { "x-connect": "1" }, redirect: "follow", cache: "no-store", ...options });

  let isLeaving = false;
  let heard = 0;
  let platformWindow = null;
  let screens = 0;

  // Screens

  const shown = () => {
    screens += 1;
    const { screen, code, close } = about();
    const title = find("h1").textContent;
    if (code === "TOKEN_EXPIRED") tell({ type: "expired" });
    tell({ type: "screen", screen, title, close, direction: document.documentElement.dir, isBusy: "busy" in about() });
    searching();
    ending();
    if (isFramed) {
      find("h1").focus();
      if (Number(about().heard) > heard) listen(false);
      if ("wait" in about()) waiting(screens);
    }
  };

  const swap = async (url, options) => {
    const before = ++screens;
    document.body.setAttribute("aria-busy", "true");
    try {
      const answer = await ask(url, options);
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      if (before !== screens) return;
      document.title = page.title;
      document.body.replaceWith(document.adoptNode(page.body));
      scrollTo(0, 0);
      shown();
    } catch {
      document.body.removeAttribute("aria-busy");
      find(".offline").hidden = false;
      find(".offline").scrollIntoView({ block: "nearest" });
    }
  };

  const searching = () => {
    const form = find("[data-search]");
    if (!form) return;
    form.querySelector("button").hidden = true;
    form.addEventListener("submit", (event) => event.preventDefault());
    form.addEventListener("input", () => {
      const sought = form.elements.q.value.trim().toLowerCase();
      let count = 0;
      for (const row of document.querySelectorAll("[data-rows] > li")) {
        row.hidden = !row.dataset.name.includes(sought);
        count += row.hidden ? 0 : 1;
      }
      find("[data-none]").hidden = count > 0;
    });
  };

  let timer = 0;
  const ending = () => {
    clearTimeout(timer);
    const notice = find(".ending");
    if (!notice || about().left === "") return;
    const left = Number(about().left);
    const warn = () => {
      notice.hidden = false;
      notice.scrollIntoView({ block: "nearest" });
      timer = setTimeout(over, Math.max(0, Math.min(left, 120)) * 1000);
    };
    // A creator who is at the platform may come back late, so we keep waiting.
    const over = () => isFramed && !("wait" in about()) && swap(about().path);
    timer = setTimeout(warn, Math.max(0, left - 120) * 1000);
  };

  // What happened, as our server reports it

  const listen = async (holds, before = "") => {
    const query = new URLSearchParams({ after: heard, before });
    if (holds) query.set("wait", "1");
    const answer = await ask(`${about().path}/notices?${query}`);
    if (!answer.ok) throw new Error(String(answer.status));
    const said = await answer.json();
    for (const notice of said.notices) {
      if (notice.number <= heard) continue;
      heard = notice.number;
      tell({ type: "notice", notice });
      // However a creator left the waiting screen, show what has been connected in the meantime.
      const isElsewhere = !("wait" in about()) && about().code !== "CONNECTED" && !isLeaving;
      if (notice.kind === "CONNECTED" && isElsewhere) swap(`${about().path}/result`);
    }
    return said;
  };

  const pause = (ms) => new Promise((done) => setTimeout(done, ms));

  const waiting = async (screen) => {
    const { wait, path } = about();
    watchWindow(screen);
    while (screen === screens) {
      try {
        const said = await listen(true, wait);
        if (screen !== screens) return;
        if (said.is_news || said.phase === "EXPIRED") return swap(`${path}/result`);
      } catch {
        await pause(1500);
      }
    }
  };

  // The platform's window

  const openWindow = () => {
    const width = Math.min(640, screen.availWidth);
    const height = Math.min(780, screen.availHeight);
    const left = Math.max(0, (screenX || 0) + (outerWidth - width) / 2);
    const top = Math.max(0, (screenY || 0) + (outerHeight - height) / 2);
    return open("", WINDOW, `popup,width=${width},height=${height},left=${left},top=${top}`);
  };

  // A window that seems closed may only have been cut off by the platform. It was closed if the creator is back here;
  // otherwise only they can say.
  const watchWindow = async (screen) => {
    const watched = platformWindow;
    if (!watched) return;
    while (screen === screens && watched === platformWindow) {
      if (watched.closed) {
        await pause(LOST_MS);
        if (screen !== screens) return;
        if (document.visibilityState === "visible" && document.hasFocus()) {
          const said = await listen(false, about().wait).catch(() => null);
          if (said && !said.is_news && screen === screens) swap(`${about().path}/cancel`, { method: "POST" });
        }
        return;
      }
      await pause(250);
    }
  };

  const start = (form, submitter) => {
    if ("wait" in about() && platformWindow && !platformWindow.closed) return platformWindow.focus();
    const isTab = submitter && submitter.formTarget === "_blank";
    platformWindow = isTab ? null : openWindow();
    if (!isTab && !platformWindow) {
      find(".blocked").hidden = false;
      tell({ type: "blocked", platform: form.dataset.platform });
      return;
    }
    form.target = isTab ? "_blank" : WINDOW;
    form.submit();
    swap(form.dataset.window);
  };

  // Clicks, keys and messages

  const submitted = (event) => {
    const form = event.target;
    if (form.method === "dialog" || event.defaultPrevented) return;
    if (!isFramed) {
      // A second click would begin a second attempt; a page restored from the browser's cache may be sent again.
      if (form.dataset.sent) event.preventDefault();
      form.dataset.sent = "1";
      addEventListener("pageshow", () => delete form.dataset.sent, { once: true });
      return;
    }
    event.preventDefault();
    if (form.dataset.window) return start(form, event.submitter);
    const fields = new URLSearchParams(new FormData(form));
    if (form.method === "get") return swap(`${form.action}?${fields}`);
    if ("cancel" in form.dataset && platformWindow) platformWindow.close();
    const action = (event.submitter && event.submitter.getAttribute("formaction")) || form.action;
    swap(action, { method: "POST", body: fields });
  };

  const extend = async () => {
    const answer = await ask(`${about().path}/extend`, { method: "POST" });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    about().left = page.body.dataset.left;
    find(".ending").hidden = true;
    ending();
  };

  const clicked = (event) => {
    const link = event.target.closest("a, button");
    if (link && "extend" in link.dataset) return extend();
    if (!link || !isFramed) return;
    if ("done" in link.dataset) return tell({ type: "done" });
    if ("exit" in link.dataset) return tell({ type: "close" });
    if (link.tagName !== "A" || link.target || event.ctrlKey || event.metaKey || event.shiftKey) return;
    if (new URL(link.href).origin !== location.origin) return;
    event.preventDefault();
    swap(link.href);
  };

  const pressed = (event) => {
    if (event.key !== "Escape" || find("dialog[open]") || event.defaultPrevented) return;
    if (event.target.type === "search" && event.target.value) return;
    tell({ type: "close" });
  };

  const confirm = () => {
    const box = find("dialog.ask");
    if (!box) return tell({ type: "stopped" });
    // A box that is opened again may still have the close event from last time pending.
    box.returnValue = "";
    box.onclose = () => box.returnValue === "stop" && tell({ type: "stopped" });
    if (!box.open) box.showModal();
  };

  // The dialog is being closed. We wait for what is being connected right now; everything else ends.
  const leave = async () => {
    screens += 1;
    isLeaving = true;
    if (platformWindow) platformWindow.close();
    try {
      await ask(`${about().path}/leave`, { method: "POST" });
      let said = await listen(false);
      while (said.phase === "FINISHING") said = await listen(true);
    } catch {
      // The page around us does not wait forever.
    }
    tell({ type: "left" });
  };

  const messaged = (event) => {
    const said = event.data && event.data.houselights;
    if (!said) return;
    if (event.source === parent && event.origin === HOST) {
      if (said.type === "confirm") confirm();
      if (said.type === "leave") leave();
      if (said.type === "focus") find("h1").focus();
    } else if (event.origin === location.origin && said.type === "settled" && !isLeaving) {
      if ("wait" in about()) swap(`${about().path}/result`);
      else listen(false).catch(() => {});
    }
  };

  addEventListener("submit", submitted);
  addEventListener("click", clicked);
  if (isFramed) {
    addEventListener("keydown", pressed);
    addEventListener("message", messaged);
  }

  if ("windowDone" in about()) {
    if (opener) opener.postMessage({ houselights: { type: "settled" } }, location.origin);
    close();
  } else if (!("passing" in about())) {
    shown();
  }
})();
