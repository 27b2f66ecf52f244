// What every page here does as an integrator's would: options from its own server (here: from the address), handlers
// that remember what they were told and call their own backend.
"use strict";
const options = JSON.parse(decodeURIComponent(location.hash.slice(1)));
window.heard = [];
window.threw = [];

const remember = (event) => async (...values) => {
  const entry = [event, ...values];
  window.heard.push(entry);
  if (event === "accountConnected") entry.push((await fetch(`/backend/accounts/${values[0]}`)).status);
};

const listen = (handle) => {
  const { callbacks = "three", ...rest } = options;
  if (callbacks === "none") return;
  const on = {
    three: (event) => (a, b, c) => remember(event)(...[a, b, c].filter((value) => value !== undefined)),
    short: (event) => () => remember(event)(),
    rest: (event) => (...values) => remember(event)(...values),
    throwing: (event) => (a, b, c) => {
      remember(event)(...[a, b, c].filter((value) => value !== undefined));
      throw new Error(`thrown by ${event}`);
    },
  }[callbacks];
  for (const event of ["accountConnected", "accountDisconnected", "tokenExpired", "exit", "connectionFailure"]) {
    handle.on(event, on(event));
  }
};

const config = () => {
  const { callbacks, ...rest } = options;
  return rest;
};

const attempt = (act) => {
  try {
    return act();
  } catch (error) {
    window.threw.push(error.message);
  }
};
