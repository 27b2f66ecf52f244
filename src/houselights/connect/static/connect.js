// Connect: lets a creator connect accounts from your page. Loads nothing, stores nothing, needs no build step.
//
//   const connect = PhylloConnect.initialize({ clientDisplayName, environment, userId, token });
//   connect.on("accountConnected", (accountId, workplatformId, userId) => { … });
//   connect.open();
//
// A strict content-security-policy needs this script's origin in script-src and frame-src, and nothing else.
"use strict";
(() => {
  const VERSION = "2.0.0";
  const FILE = /\/(connect\/v2\/phyllo-)?connect\.js$/;
  const HERE = [document.currentScript, ...document.scripts]
    .map((script) => new URL((script && script.src) || "about:blank"))
    .find((url) => FILE.test(url.pathname));
  if (!HERE) return console.error("PhylloConnect: load this script from the address of its server.");
  const ORIGIN = HERE.origin;
  const BASE = HERE.pathname.replace(FILE, "");
  const NAME = "PhylloConnect";
  const LEFT_WITHIN_MS = 12000;
  const LOADED_WITHIN_MS = 20000;
  const BACK_WITHIN_MS = 5000;
  const ENVIRONMENTS = ["sandbox", "staging", "production", "development", "dev"];

  if (window[NAME] && window[NAME].origin === ORIGIN) return;

  // Event -> how many parameters a strict vendor wants its callback to declare, and whether there must be one.
  const EVENTS = {
    accountConnected: { count: 3, isNeeded: true },
    accountDisconnected: { count: 3, isNeeded: true },
    tokenExpired: { count: 1, isNeeded: true },
    exit: { count: 2, isNeeded: true },
    connectionFailure: { count: 3, isNeeded: false },
  };

  const OPTIONS = {
    clientDisplayName: ["client_display_name", "clientDisplayname", "clientName", "displayName"],
    environment: ["env", "Environment"],
    userId: ["userID", "user_id", "userid"],
    token: ["sdkToken", "sdk_token", "accessToken"],
    workPlatformId: ["workPlatformID", "workplatformId", "work_platform_id", "platformId"],
    singleAccount: ["single_account", "singleaccount"],
    redirect: ["isRedirect"],
    redirectURL: ["redirect URL", "redirectUrl", "redirectURI", "redirectUri", "redirect_url"],
    language: ["lang", "locale"],
    strict: [],
  };

  const say = (level, text) => console[level](`${NAME}: ${text}`);

  // Options

  const isText = (value) => typeof value === "string" && value.trim() !== "";

  const flaw = (options) => {
    if (!options || typeof options !== "object") return "Please pass an object of options.";
    if (!ENVIRONMENTS.includes(options.environment)) return "Please pass a valid environment.";
    for (const name of ["userId", "clientDisplayName", "token"]) {
      if (!isText(options[name])) return `Please pass a valid ${name}.`;
    }
    if (options.redirect === true && !isText(options.redirectURL)) return "Please pass a valid redirectURL.";
    return "";
  };

  const hint = (options) => {
    const said = [];
    for (const [right, wrongs] of Object.entries(OPTIONS)) {
      for (const wrong of wrongs) if (wrong in options) said.push(`"${wrong}" is called "${right}"`);
    }
    if ("callbacks" in options) said.push('"callbacks" is not read: use handle.on(event, callback)');
    for (const event of Object.keys(EVENTS)) {
      for (const key of [event, `on${event[0].toUpperCase()}${event.slice(1)}`]) {
        if (key in options) said.push(`"${key}" is not read: use handle.on("${event}", callback)`);
      }
    }
    if (said.length) say("warn", `${said.join("; ")}.`);
  };

  const asked = (options) => ({
    token: options.token,
    userId: options.userId,
    clientDisplayName: options.clientDisplayName,
    environment: options.environment,
    workPlatformId: isText(options.workPlatformId) ? options.workPlatformId.trim() : "",
    singleAccount: options.singleAccount === true,
    redirect: options.redirect,
    redirectUrl: isText(options.redirectURL) ? options.redirectURL : "",
    language: isText(options.language) ? options.language : "",
  });

  // What the page sees: one dialog over everything. Styles are set one by one, which no policy forbids, and as
  // important, so that the page's own rules for such elements do not reach in.

  const element = (tag, styles, attributes = {}) => {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(styles)) made.style.setProperty(name, value, "important");
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    return made;
  };

  const RESET = { all: "initial", "box-sizing": "border-box", "font-family": "system-ui, sans-serif" };
  const DARK = matchMedia("(prefers-color-scheme: dark)");
  const isNarrow = () => innerWidth < 520 || innerHeight < 480;

  const draw = () => {
    const box = element("dialog", {
      ...RESET,
      ...{ position: "fixed", inset: "0", width: "100%", height: "100%", "max-width": "none", "max-height": "none" },
      ...{ margin: "0", padding: "0", border: "0", background: "rgb(20 18 16 / 58%)", "z-index": "2147483647" },
      ...{ display: "grid", "place-items": "center", overflow: "hidden" },
    }, { "aria-modal": "true", "aria-label": document.title || "Connect" });
    const panel = element("div", { ...RESET, display: "block", position: "relative", overflow: "hidden" });
    const frame = element("iframe", { ...RESET, display: "block", border: "0", width: "100%", height: "100%" }, {
      title: "Connect",
      referrerpolicy: "no-referrer",
    });
    const close = element("button", {
      ...RESET,
      ...{ position: "absolute", top: "4px", "inset-inline-end": "8px", width: "44px", height: "44px", padding: "0" },
      ...{ display: "grid", "place-items": "center", border: "0", "border-radius": "22px", cursor: "pointer" },
      ...{ background: "transparent", color: "inherit", font: "400 26px/1 system-ui, sans-serif" },
    }, { type: "button", "aria-label": "Close" });
    close.textContent = "\u00d7";
    for (const kind of ["focus", "blur"]) {
      close.addEventListener(kind, () => {
        const isSeen = kind === "focus" && close.matches(":focus-visible");
        close.style.setProperty("outline", isSeen ? "3px solid currentcolor" : "none", "important");
        close.style.setProperty("outline-offset", "-5px", "important");
      });
    }
    const fit = () => {
      const size = isNarrow()
        ? { width: "100%", height: "100%", "border-radius": "0", "box-shadow": "none" }
        : {
            ...{ width: "440px", height: "min(720px, calc(100% - 48px))", "border-radius": "20px" },
            "box-shadow": "0 24px 64px rgb(0 0 0 / 32%)",
          };
      const colours = DARK.matches ? ["#211e1b", "#f3efe8", "dark"] : ["#ffffff", "#1d1b18", "light"];
      const styles = { ...size, background: colours[0], color: colours[1], "color-scheme": colours[2] };
      for (const [name, value] of Object.entries(styles)) panel.style.setProperty(name, value, "important");
    };
    fit();
    panel.append(frame, close);
    box.append(panel);
    return { box, panel, frame, close, fit };
  };

  const appear = ({ box, panel }) => {
    if (matchMedia("(prefers-reduced-motion: reduce)").matches || !box.animate) return;
    box.animate([{ opacity: 0 }, { opacity: 1 }], { duration: 140, easing: "ease-out" });
    panel.animate([{ transform: "translateY(12px)" }, { transform: "none" }], { duration: 200, easing: "ease-out" });
  };

  // The browser's own "back" closes the dialog: it gets an entry of its own in the page's history, with the page's
  // state in it. When the dialog closes otherwise the entry goes, unless the page has moved on.

  const KEY = "houselightsConnect";
  let entries = 0;

  const history = (back) => {
    const mine = `${Date.now()}-${(entries += 1)}`;
    const isMine = () => !!window.history.state && window.history.state[KEY] === mine;
    const popped = () => isMine() || back();
    try {
      window.history.pushState({ ...window.history.state, [KEY]: mine }, "");
    } catch {
      return async () => {};
    }
    addEventListener("popstate", popped);
    return () =>
      new Promise((done) => {
        removeEventListener("popstate", popped);
        if (!isMine()) return done();
        addEventListener("popstate", () => done(), { once: true });
        setTimeout(done, BACK_WITHIN_MS);
        window.history.back();
      });
  };

  // One dialog, from open() to exit. One that is opened while the last one still ends is seen at once, and begins after
  // that one's exit.

  let current = null;

  const session = (options, emit, before) => {
    const drawn = draw();
    const { box, panel, frame, close, fit } = drawn;
    let screen = "CONSENT";
    let isBusy = false;
    let isReady = false;
    let isEnding = false;
    let isExpired = false;
    let heard = 0;
    let left = () => {};
    let gone = () => {};
    let late = 0;
    let forget = async () => {};
    const isGone = new Promise((done) => (gone = done));

    const tell = (message) => frame.contentWindow && frame.contentWindow.postMessage({ houselights: message }, ORIGIN);
    const reason = () => (screen ? `EXIT_FROM_${screen}` : "DONE_CLICKED");

    // Hides the dialog at once, waits for what is being connected at this moment, and says so before the exit.
    const end = async (why) => {
      if (isEnding) return;
      isEnding = true;
      if (box.open) box.close();
      box.style.setProperty("display", "none", "important");
      if (isReady && !isExpired) {
        const isLeft = new Promise((done) => (left = done));
        tell({ type: "leave" });
        await Promise.race([isLeft, new Promise((done) => setTimeout(done, LEFT_WITHIN_MS))]);
      }
      removeEventListener("message", receive);
      removeEventListener("resize", fit);
      DARK.removeEventListener("change", fit);
      clearTimeout(late);
      await forget();
      await before;
      box.remove();
      if (current === me) current = null;
      if (focused && focused.isConnected && (!document.activeElement || document.activeElement === document.body)) {
        focused.focus();
      }
      if (!options.redirect) emit("exit", why, options.userId);
      gone();
    };

    const ask = () => (isBusy ? tell({ type: "confirm" }) : end(reason()));

    const expire = () => {
      if (isExpired || isEnding) return;
      isExpired = true;
      emit("tokenExpired", options.userId);
      end("TOKEN_EXPIRED");
    };

    const go = (url) => {
      isExpired = true;
      end("");
      location.assign(url);
    };

    const RECEIVED = {
      opened: (said) => {
        for (const name of said.warnings || []) {
          say("warn", name === "environment"
            ? `the token is not of the environment "${options.environment}".`
            : `the application does not list this ${name}: the creator stays on our page at the end.`);
        }
        if (said.refused) say("error", REFUSED[said.refused] || said.refused);
        if (options.redirect) go(new URL(said.to, ORIGIN).href);
        else if (said.refused && said.refused !== "origin_refused") expire();
        else isReady = !said.refused;
      },
      broken: () => say("error", `${ORIGIN} does not answer.`),
      screen: (said) => {
        screen = said.screen;
        isBusy = said.isBusy;
        box.setAttribute("aria-label", said.title);
        frame.title = said.title;
        close.setAttribute("aria-label", said.close);
        if (document.activeElement !== frame && document.activeElement !== close) frame.focus();
      },
      notice: ({ notice }) => {
        if (notice.number <= heard) return;
        heard = notice.number;
        const { kind, account_id: account, work_platform_id: platform, reason: why } = notice;
        if (kind === "CONNECTED") emit("accountConnected", account, platform, options.userId);
        if (kind === "DISCONNECTED") emit("accountDisconnected", account, platform, options.userId);
        if (kind === "FAILED") emit("connectionFailure", why, platform, options.userId);
      },
      blocked: (said) => emit("connectionFailure", "POPUP_BLOCKED", said.platform, options.userId),
      expired: expire,
      done: () => end("DONE_CLICKED"),
      close: ask,
      stopped: () => end(reason()),
      left: () => left(),
    };

    const receive = (event) => {
      const said = event.data && event.data.houselights;
      if (event.origin !== ORIGIN || event.source !== frame.contentWindow || !said) return;
      clearTimeout(late);
      const act = RECEIVED[said.type];
      if (act) act(said);
    };

    const begin = () => {
      if (isEnding) return;
      if (!options.redirect) forget = history(() => end("BACK_PRESSED"));
      late = setTimeout(() => {
        say("error", `the dialog did not load: allow ${ORIGIN} in frame-src, and list this page's origin.`);
      }, LOADED_WITHIN_MS);
      frame.src = `${ORIGIN}${BASE}/connect/door`;
    };

    let isPressedOutside = false;
    box.addEventListener("pointerdown", (event) => (isPressedOutside = event.target === box));
    box.addEventListener("click", (event) => event.target === box && isPressedOutside && ask());
    box.addEventListener("cancel", (event) => {
      event.preventDefault();
      ask();
    });
    box.addEventListener("close", () => end(reason()));
    close.addEventListener("click", ask);
    addEventListener("message", receive);
    addEventListener("resize", fit);
    DARK.addEventListener("change", fit);
    frame.addEventListener("load", () => frame.src && !isReady && !isEnding && tell({ type: "open", options: asked(options) }));

    const focused = document.activeElement;
    if (before) before.then(begin);
    else begin();
    document.body.append(box);
    box.showModal();
    frame.focus();
    appear(drawn);
    const me = { end, isGone, isOpen: () => !isEnding };
    return me;
  };

  const REFUSED = {
    origin_refused: 'this page may not show the dialog: houselights app set origins "https://…"',
    sdk_token_expired: "the token has expired.",
    sdk_token_invalid: "the token is not valid, or not this user's.",
  };

  // What the page holds

  const initialize = (given) => {
    const wrong = flaw(given);
    if (wrong) {
      say("error", wrong);
      return undefined;
    }
    hint(given);
    const options = { ...given, redirect: given.redirect === true };
    const callbacks = {};

    const emit = (event, ...values) => {
      const callback = callbacks[event];
      if (!callback) return;
      try {
        callback(...values);
      } catch (error) {
        setTimeout(() => {
          throw error;
        });
      }
    };

    const check = () => {
      const missing = Object.keys(EVENTS).filter((event) => EVENTS[event].isNeeded && !callbacks[event]);
      if (!options.strict) {
        if (missing.length) say("warn", `no callback for ${missing.join(", ")}.`);
        return;
      }
      if (missing.length) throw new Error(`Please add a callback to receive callbacks.${missing[0]}`);
      for (const [event, callback] of Object.entries(callbacks)) {
        if (callback.length < EVENTS[event].count) {
          throw new Error(`Please add the required number of parameters in callback: ${event}`);
        }
      }
    };

    let mine = null;
    return {
      on(event, callback) {
        if (!Object.prototype.hasOwnProperty.call(EVENTS, event)) say("warn", `there is no event "${event}".`);
        else if (typeof callback !== "function") say("warn", `the callback for ${event} is no function.`);
        else callbacks[event] = callback;
      },
      open() {
        if (current && current.isOpen()) return say("warn", "a dialog is open already.");
        if (!options.redirect) check();
        current = mine = session(options, emit, current && current.isGone);
      },
      exit() {
        if (mine && mine === current) mine.end("EXIT_CALLED");
      },
      version,
    };
  };

  const version = () => ({ connect_web_sdk_version: VERSION });

  window[NAME] = { initialize, version, origin: ORIGIN };
})();
