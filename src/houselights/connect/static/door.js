// The empty page that the dialog begins with: it gets the SDK token from the page around it, in a message, and asks
// our server for a session. It replies only to that page's exact origin.
"use strict";
(() => {
  const tell = (origin, message) => parent.postMessage({ houselights: message }, origin);

  const knock = async (asked, origin) => {
    const answer = await fetch(document.body.dataset.open, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ ...asked, origin }),
    });
    if (!answer.ok) throw new Error(String(answer.status));
    return answer.json();
  };

  const offline = () => {
    document.querySelector(".offline").hidden = false;
    document.querySelector(".lead").hidden = true;
  };

  let isAsked = false;
  addEventListener("message", async (event) => {
    const asked = event.data && event.data.houselights;
    if (isAsked || event.source !== parent || parent === window || !asked || asked.type !== "open") return;
    isAsked = true;
    tell(event.origin, { type: "heard" });
    try {
      const answer = await knock(asked.options, event.origin);
      tell(event.origin, { type: "opened", ...answer });
      if (answer.to && !asked.options.redirect) location.replace(answer.to);
    } catch {
      offline();
      tell(event.origin, { type: "broken" });
    }
  });
})();
