/** Asking a run for another number of workers or participants. */
import { button, element } from "./dom.js";

/** @typedef {import("../../monitor/controls.ts").RunControls} RunControls */
/** @typedef {import("../../monitor/controls.ts").ScaleOrder} ScaleOrder */

/**
 * @param {(pressed: HTMLElement, order: ScaleOrder) => void} ask
 * @returns {{ form: HTMLElement, show: (runs: readonly RunControls[]) => void }}
 */
export function createScale(ask) {
  const which = /** @type {HTMLSelectElement} */ (element("select", { "aria-label": "Run to scale" }));
  const workers = number();
  const participants = number();
  const now = /** @type {HTMLInputElement} */ (element("input", { type: "checkbox" }));
  const send = button("Go on with so many, from the next dense round on", "Scale", () => {
    const run = chosen();
    if (run === undefined) return;
    ask(send, {
      run: run.run,
      ...changed(workers, run.workers, "workers"),
      ...changed(participants, run.participants, "participants"),
      now: now.checked,
    });
  });
  const labels = {
    workers: element("label", {}, "workers ", workers),
    participants: element("label", {}, "participants ", participants),
    now: element("label", { title: "Force a dense round rather than wait for one" }, now, " at once"),
  };
  const form = element(
    "span",
    { class: "scale" },
    which,
    labels.workers,
    labels.participants,
    labels.now,
    send,
  );
  form.hidden = true;
  which.addEventListener("change", () => fill());
  /** @type {readonly RunControls[]} */
  let runs = [];
  const chosen = () => runs.find(({ run }) => run === which.value) ?? runs[0];
  /** @type {string | undefined} */
  let filled;

  /** What the run has now; what the reader is typing stays. */
  function fill() {
    const run = chosen();
    if (run === undefined) return;
    workers.disabled = run.whyNot !== null;
    labels.workers.title = run.whyNot ?? "Among how many workers the rows are split";
    labels.now.hidden = run.whyNot !== null;
    labels.participants.hidden = run.participants === null;
    send.hidden = run.whyNot !== null && run.participants === null;
    const has = JSON.stringify(run);
    if (has === filled) return;
    filled = has;
    workers.value = String(run.workers);
    participants.value = String(run.participants ?? "");
  }

  return {
    form,
    show(going) {
      const before = which.value;
      if (going.map(({ run }) => run).join("\n") !== runs.map(({ run }) => run).join("\n")) {
        which.replaceChildren(...going.map(({ run }) => new Option(run, run)));
        if (going.some(({ run }) => run === before)) which.value = before;
      }
      runs = going;
      which.hidden = runs.length < 2;
      form.hidden = runs.length === 0;
      fill();
    },
  };
}

function number() {
  return /** @type {HTMLInputElement} */ (
    element("input", { type: "number", min: "1", max: "1000000", step: "1" })
  );
}

/**
 * @param {HTMLInputElement} input
 * @param {number | null} before
 * @param {"workers" | "participants"} field
 */
function changed(input, before, field) {
  const value = input.valueAsNumber;
  return Number.isInteger(value) && value !== before ? { [field]: value } : {};
}
