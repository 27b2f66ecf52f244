// As an effect that opens the dialog itself and is run twice while developing: opened, cleaned up, opened, in one go.
"use strict";
const effect = () => {
  const handle = PhylloConnect.initialize(config());
  listen(handle);
  window.handle = handle;
  handle.open();
  return () => handle.exit();
};
document.querySelector("button").onclick = () => {
  const cleanUp = effect();
  cleanUp();
  effect();
};
