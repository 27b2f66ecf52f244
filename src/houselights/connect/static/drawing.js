  // The script's only own words, by language, for when nothing else could be loaded.
  const SORRY = {
    en: "This could not be opened. Close it and try again in a moment.",
    es: "No se ha podido abrir. Cierra esto e inténtalo de nuevo dentro de un momento.",
  };
  const sorryIn = (language) => {
    const tags = [language, ...navigator.languages, "en"].map((tag) => String(tag).slice(0, 2).toLowerCase());
    return SORRY[tags.find((tag) => tag in SORRY)];
  };

  // What the page shows: one dialog over everything. Styles are set one by one, which no policy forbids, and as
  // important, so that the page's own rules do not affect these elements.

  const element = (tag, styles, attributes = {}) => {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(styles)) made.style.setProperty(name, value, "important");
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    return made;
  };

  // `all` does not reset the writing direction.
  const RESET = { all: "initial", direction: "ltr", "unicode-bidi": "isolate", "box-sizing": "border-box", "font-family": "system-ui, sans-serif" };
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
    const sorry = element("p", {
      ...RESET,
      ...{ display: "none", margin: "0", padding: "64px 24px", color: "inherit", "font-size": "17px" },
      ...{ "line-height": "1.5", "text-align": "center" },
    }, { role: "alert" });
    panel.append(frame, sorry, close);
    box.append(panel);
    return { box, panel, frame, sorry, close, fit };
  };

  // The page does not scroll under the dialog, and does not shift when its scroll bar disappears.
  const lock = () => {
    const { style } = document.documentElement;
    const were = Object.entries({ overflow: "hidden", "scrollbar-gutter": "stable" }).map(([name, value]) => {
      const was = [name, style.getPropertyValue(name), style.getPropertyPriority(name)];
      if (name === "overflow" || innerWidth > document.documentElement.clientWidth) {
        style.setProperty(name, value, "important");
      }
      return was;
    });
    return () => were.forEach((was) => style.setProperty(...was));
  };

  const appear = ({ box, panel }) => {
    if (matchMedia("(prefers-reduced-motion: reduce)").matches || !box.animate) return;
    box.animate([{ opacity: 0 }, { opacity: 1 }], { duration: 140, easing: "ease-out" });
    panel.animate([{ transform: "translateY(12px)" }, { transform: "none" }], { duration: 200, easing: "ease-out" });
  };

  // The browser's "back" closes the dialog: it gets an entry of its own in the page's history, with the page's state
  // in it. If the dialog closes any other way, the entry is removed, unless the page has moved on.

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
