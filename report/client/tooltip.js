/** The values under the pointer, as text. */
import { byId, element } from "./dom.js";

const GAP = 14;

/**
 * Vega's tooltip handler.
 * @param {unknown} _handler
 * @param {MouseEvent} event
 * @param {unknown} _item
 * @param {unknown} value an object of label and text, or nothing
 */
export function showTooltip(_handler, event, _item, value) {
  const box = byId("tooltip");
  if (value === null || value === undefined || value === "" || typeof value !== "object") {
    box.hidden = true;
    return;
  }
  box.replaceChildren(
    ...Object.entries(value).flatMap(([label, text]) => [
      element("span", { class: "label" }, label),
      element("span", { dir: "auto" }, String(text)),
    ]),
  );
  box.hidden = false;
  const { width, height } = box.getBoundingClientRect();
  const left = event.clientX + GAP + width > innerWidth ? event.clientX - GAP - width : event.clientX + GAP;
  const top = event.clientY + GAP + height > innerHeight ? event.clientY - GAP - height : event.clientY + GAP;
  box.style.left = `${Math.max(4, left)}px`;
  box.style.top = `${Math.max(4, top)}px`;
}
