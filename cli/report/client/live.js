/** A run that is under way: new data as they come, its state, and the button that stops it. */
import { button, byId } from "./dom.js";

/** @typedef {import("../report-data.ts").ReportData} ReportData */

/** @param {(data: ReportData) => void} update */
export function follow(update) {
  const state = byId("state");
  const stop = button("Stop the run at its next round boundary", "Stop the run", () => void requestStop());
  const say = (/** @type {string} */ text) => {
    state.textContent = text;
  };
  byId("actions").append(stop);
  const events = new EventSource("events");
  events.addEventListener("report", (event) => {
    const {
      data,
      state: text,
      ended,
    } = /** @type {{ data: ReportData, state: string, ended: boolean }} */ (JSON.parse(event.data));
    update(data);
    say(text);
    stop.hidden = ended;
    if (ended) events.close();
  });
  events.addEventListener("problem", (event) => say(event.data));
  events.addEventListener("error", () => {
    if (events.readyState !== EventSource.CLOSED || !stop.hidden)
      say("connection lost: did marina watch end?");
  });

  async function requestStop() {
    stop.setAttribute("disabled", "");
    try {
      const answer = await fetch("stop", { method: "POST" });
      say(await answer.text());
      if (!answer.ok) stop.removeAttribute("disabled");
    } catch {
      say("connection lost: did marina watch end?");
      stop.removeAttribute("disabled");
    }
  }
}
