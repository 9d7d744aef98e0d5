/** Elements whose text is always text: nothing from a run is ever read as markup. */

/**
 * @param {string} tag
 * @param {Readonly<Record<string, string>>} attributes
 * @param {...(Node | string)} children
 * @returns {HTMLElement}
 */
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

/**
 * @param {string} label what it does, for all
 * @param {string} sign what it shows
 * @param {() => void} act
 */
export function button(label, sign, act) {
  const made = element("button", { type: "button", title: label, "aria-label": label }, sign);
  made.addEventListener("click", act);
  return made;
}

/** @param {string} id */
export function byId(id) {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`the page has no element #${id}`);
  return found;
}
