// As an effect that a framework runs twice while developing: the script is there twice, every handle is made twice.
"use strict";
const button = document.querySelector("button");
const effect = () => {
  const handle = PhylloConnect.initialize(config());
  listen(handle);
  window.handle = handle;
  button.addEventListener("click", handle.open);
  return () => button.removeEventListener("click", handle.open);
};
const cleanUp = effect();
cleanUp();
effect();
