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
  const HEARD_WITHIN_MS = 4000;
  const BACK_WITHIN_MS = 5000;
  const ENVIRONMENTS = ["sandbox", "staging", "production", "development", "dev"];

  if (window[NAME] && window[NAME].origin === ORIGIN) return;

  // Event -> how many parameters its callback must declare in strict mode, and whether it must have a callback.
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

  // <drawing.js> stands here: element, draw, lock, appear, history, sorryIn

  // One dialog, from open() to exit. One opened while the last is still ending is shown at once, but begins after the
  // last one's exit.

  let current = null;

  const session = (options, emit, before) => {
    const drawn = draw();
    const { box, panel, frame, sorry, close, fit } = drawn;
    let screen = "CONSENT";
    let isBusy = false;
    let isHeard = false;
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

    // Hides the dialog at once, and emits the exit only after what is being connected right now has been reported.
    const end = async (why) => {
      if (isEnding) return;
      isEnding = true;
      unlock();
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
        if (said.refused === "origin_refused") close.focus();
      },
      heard: () => (isHeard = true),
      broken: () => say("error", `${ORIGIN} does not answer.`),
      screen: (said) => {
        screen = said.screen;
        isBusy = said.isBusy;
        box.setAttribute("aria-label", said.title);
        frame.title = said.title;
        close.setAttribute("aria-label", said.close);
        panel.style.setProperty("direction", said.direction, "important");
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
      sorry.style.setProperty("display", "none", "important");
      frame.style.setProperty("display", "block", "important");
      const act = RECEIVED[said.type];
      if (act) act(said);
    };

    // A frame whose page cannot be loaded looks broken, and hears nothing.
    const missing = () => {
      say("error", `the dialog did not load: allow ${ORIGIN} in frame-src, and see that it answers.`);
      frame.style.setProperty("display", "none", "important");
      sorry.style.setProperty("display", "block", "important");
      sorry.textContent = sorryIn(options.language);
      close.focus();
    };

    const begin = () => {
      if (isEnding) return;
      if (!options.redirect) forget = history(() => end("BACK_PRESSED"));
      late = setTimeout(missing, LOADED_WITHIN_MS);
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
    frame.addEventListener("load", () => {
      if (!frame.src || isHeard || isEnding) return;
      tell({ type: "open", options: asked(options) });
      clearTimeout(late);
      late = setTimeout(missing, HEARD_WITHIN_MS);
    });

    const focused = document.activeElement;
    const unlock = lock();
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
    if (given && typeof given === "object") hint(given);
    const wrong = flaw(given);
    if (wrong) {
      say("error", wrong);
      return undefined;
    }
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
