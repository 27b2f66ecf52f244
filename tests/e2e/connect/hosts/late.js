// The script is injected when it is first wanted, and awaited.
"use strict";
const load = () =>
  new Promise((done, failed) => {
    const script = document.createElement("script");
    script.src = document.querySelector("link[rel=preconnect]").href + "connect/v2/phyllo-connect.js";
    script.onload = () => (window.PhylloConnect ? done() : failed());
    script.onerror = failed;
    document.head.append(script);
  });

document.querySelector("button").onclick = async () => {
  await load();
  const handle = PhylloConnect.initialize(config());
  window.handle = handle;
  listen(handle);
  handle.open();
};
