// Hands the contract to the user interface, and keeps client secrets out of the browser's storage.
"use strict";

// Where the user interface keeps what is typed into the fields of "Auth": for the life of the page, not longer.
const forget = () => localStorage.removeItem("TryIt_securitySchemeValues");
forget();
addEventListener("pagehide", forget);

const show = async () => {
  const reply = await fetch("/openapi.json");
  if (!reply.ok) throw new Error(`openapi.json: ${reply.status}`);
  const contract = await reply.json();
  // Requests go to where this page came from, whatever name the server goes by elsewhere.
  for (const server of contract.servers) server.url = location.origin;
  document.querySelector("elements-api").apiDescriptionDocument = JSON.stringify(contract);
  document.querySelector(".notice").remove();
};

show().catch((error) => {
  document.querySelector(".notice").textContent = `The reference could not be loaded. ${error.message}`;
});
