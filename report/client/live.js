/** A run that is under way: new data as they come, its state, and the buttons that stop and scale it. */
import { button, byId, element } from "./dom.js";
import { createScale } from "./scale.js";

/** @typedef {import("../report-data.ts").ReportData} ReportData */
/** @typedef {import("../../monitor/controls.ts").RunControls} RunControls */

/** @param {(data: ReportData) => void} update */
export function follow(update) {
  const state = byId("state");
  const stop = button(
    "Stop the run at its next round boundary",
    "Stop the run",
    () => void ask(stop, "stop"),
  );
  const scale = createScale((button, order) => void ask(button, "scale", JSON.stringify(order)));
  // What the buttons were answered stays: the state is told anew with every look.
  const answer = element("p", { role: "status", id: "answer" });
  state.after(answer);
  const say = (/** @type {string} */ text) => {
    state.textContent = text;
  };
  byId("actions").append(stop, scale.form);
  const events = new EventSource("events");
  events.addEventListener("report", (event) => {
    const {
      data,
      state: text,
      ended,
      controls,
    } = /** @type {{ data: ReportData, state: string, ended: boolean, controls: readonly RunControls[] }} */ (
      JSON.parse(event.data)
    );
    update(data);
    say(text);
    stop.hidden = ended;
    scale.show(controls);
    if (ended) events.close();
  });
  events.addEventListener("problem", (event) => say(event.data));
  events.addEventListener("error", () => {
    if (events.readyState !== EventSource.CLOSED || !stop.hidden)
      say("connection lost: did marina watch end?");
  });

  /**
   * @param {HTMLElement} pressed
   * @param {"stop" | "scale"} action
   * @param {string} body
   */
  async function ask(pressed, action, body = "") {
    pressed.setAttribute("disabled", "");
    let isDone = false;
    try {
      const response = await fetch(action, { method: "POST", body });
      answer.textContent = await response.text();
      isDone = response.ok && action === "stop";
    } catch {
      say("connection lost: did marina watch end?");
    }
    // A run stops once; it may be scaled again and again.
    if (!isDone) pressed.removeAttribute("disabled");
  }
}
