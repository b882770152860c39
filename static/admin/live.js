/* A mailing's progress, looked at again every few seconds. Without this the page has a link. */
"use strict"

const PAUSE = 4000

async function lookAgain() {
  const shown = document.querySelector("[data-live]")
  if (!shown) return
  if (!document.hidden && !shown.contains(document.activeElement)) {
    try {
      const answer = await fetch(location.pathname, { headers: { Accept: "text/html" } })
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("progress")
      if (answer.ok && fresh) shown.replaceWith(document.adoptNode(fresh))
    } catch {
      /* offline for a moment */
    }
  }
  setTimeout(lookAgain, PAUSE)
}

setTimeout(lookAgain, PAUSE)
