// A plain script tag above, one handle for the page.
"use strict";
const handle = PhylloConnect.initialize(config());
window.handle = handle;
if (handle) {
  listen(handle);
  document.querySelector("button").onclick = () => attempt(handle.open);
}
