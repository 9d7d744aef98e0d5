/** One chart on the page: drawn when it comes near the screen, with zoom by mouse, buttons and keys, and its table. */
import { vegaConfig } from "../palette.ts";
import { rowsOf } from "../rows.ts";
import { button, element } from "./dom.js";
import { folded, table } from "./tables.js";
import { showTooltip } from "./tooltip.js";

/** @type {typeof import("vega")} */
const vega = /** @type {any} */ (globalThis)["vega"];

const ZOOM_STEP = 0.8;
const PAN_STEP = 0.1;
/** Of a chart's width, for the names beside its bars. */
const LABEL_SHARE = 0.45;

/**
 * @typedef {import("../page-content.ts").PageChart} PageChart
 * @typedef {import("../report-data.ts").ReportData} ReportData
 * @typedef {object} Look what all charts of the page share
 * @property {() => import("../palette.ts").Theme} theme
 * @property {() => boolean} logarithmicX
 * @property {() => readonly string[]} hidden
 * @property {"canvas" | "svg"} renderer on paper lines stay lines
 */

export class ChartView {
  /** @type {HTMLElement} */
  figure;
  /** @type {import("vega").View | null} */
  view = null;
  #chart;
  #look;
  #data;
  #holder = element("div", { class: "plot" });
  #table;
  /** Near enough to the screen to be drawn. */
  #wanted = false;

  /**
   * @param {PageChart} chart
   * @param {ReportData} data
   * @param {Look} look
   */
  constructor(chart, data, look) {
    this.#chart = chart;
    this.#data = data;
    this.#look = look;
    this.#table = folded("Table", () => table(chart.columns, this.rows()));
    this.#holder.style.minHeight = `${chart.specs.linear.height}px`;
    const zooms = this.#hasSignal("zoom_tuple_fields");
    const tools = element("div", { class: "tools" });
    if (zooms) {
      tools.append(
        button(`Zoom in: ${chart.title} (key +)`, "+", () => this.#zoom(ZOOM_STEP)),
        button(`Zoom out: ${chart.title} (key -)`, "−", () => this.#zoom(1 / ZOOM_STEP)),
        button(`Show all: ${chart.title} (key 0)`, "reset", () => this.#reset()),
      );
      this.#holder.tabIndex = 0;
      this.#holder.addEventListener("keydown", (event) => this.#key(event));
    }
    this.figure = element(
      "figure",
      { id: `chart-${chart.id}`, ...(chart.isWide ? { class: "wide" } : {}) },
      element("div", { class: "heading" }, element("h3", {}, chart.title), tools),
      this.#holder,
      ...(chart.key.length > 0 ? [keyOf(chart.key)] : []),
      element("figcaption", {}, chart.caption),
      this.#table.box,
    );
    new IntersectionObserver(
      (entries) => {
        if (!entries.some(({ isIntersecting }) => isIntersecting)) return;
        this.#wanted = true;
        if (this.view === null) this.draw();
      },
      { rootMargin: "300px" },
    ).observe(this.figure);
    new ResizeObserver(() => this.#fit()).observe(this.#holder);
  }

  /** The rows that the chart draws. */
  rows() {
    return rowsOf(this.#data, this.#chart.source);
  }

  /** Draws the chart anew: for another theme or axis. */
  draw() {
    const { specs, title, caption } = this.#chart;
    const logarithmic = this.#look.logarithmicX() && specs.logarithmic !== undefined;
    /** @type {unknown} */
    const chosen = logarithmic ? specs.logarithmic : specs.linear;
    const spec = /** @type {import("vega").Spec} */ (chosen);
    this.view?.finalize();
    this.#holder.replaceChildren();
    const config = /** @type {import("vega").Config} */ (vegaConfig(this.#look.theme()));
    const { renderer } = this.#look;
    const view = new vega.View(vega.parse(spec, config), {
      renderer,
      container: this.#holder,
      hover: true,
      tooltip: showTooltip,
    });
    view.description(`${title}. ${caption}`);
    view.signal("hidden", [...this.#look.hidden()]).data("rows", copies(this.rows()));
    this.view = view;
    this.#resize(view);
    // It shrinks to the column of a page that is narrower than the screen was.
    if (renderer === "svg") this.#holder.style.minHeight = "0";
    else this.#holder.style.minHeight = `${this.#chart.specs.linear.height}px`;
  }

  /** Draws it anew where it is drawn at all. */
  redraw() {
    if (this.#wanted) this.draw();
  }

  /** @param {ReportData} data */
  update(data) {
    this.#data = data;
    this.view?.data("rows", copies(this.rows())).run();
    this.#table.refresh();
    this.hideWhileEmpty();
  }

  /** For the page of a run under way: a chart may have nothing to show yet. */
  hideWhileEmpty() {
    this.figure.hidden = this.rows().length === 0;
  }

  /** @param {readonly string[]} hidden */
  hide(hidden) {
    this.view?.signal("hidden", [...hidden]).run();
  }

  #width() {
    return Math.max(220, this.#holder.clientWidth);
  }

  #fit() {
    if (this.view === null || this.view.width() === this.#width()) return;
    this.#resize(this.view);
  }

  /** @param {import("vega").View} view */
  #resize(view) {
    const width = this.#width();
    if (this.#hasSignal("labelRoom")) view.signal("labelRoom", Math.round(LABEL_SHARE * width));
    view.width(width).run();
  }

  /** @param {string} wanted */
  #hasSignal(wanted) {
    return this.#chart.specs.linear.signals.some(({ name }) => name === wanted);
  }

  /** @returns {readonly { readonly signal: string, readonly channel: "x" | "y" }[]} */
  #zoomable() {
    const signals = /** @type {readonly { name: string, value?: unknown }[]} */ (
      this.#chart.specs.linear.signals
    );
    const fields = signals.find(({ name }) => name === "zoom_tuple_fields")?.value;
    return /** @type {readonly { field: string, channel: "x" | "y" }[]} */ (fields ?? []).map(
      ({ field, channel }) => ({
        signal: `zoom_${field}`,
        channel,
      }),
    );
  }

  /** @param {(domain: number[], logarithmic: boolean, channel: "x" | "y") => number[] | null} change */
  #setDomains(change) {
    const { view } = this;
    if (view === null) return;
    for (const { signal, channel } of this.#zoomable()) {
      const scale = view.scale(channel);
      view.signal(signal, change(scale.domain(), scale.type === "log", channel));
    }
    view.run();
  }

  /** @param {number} factor */
  #zoom(factor) {
    this.#setDomains((domain, logarithmic) =>
      logarithmic
        ? vega.zoomLog(domain, middle(domain, true), factor)
        : vega.zoomLinear(domain, middle(domain, false), factor),
    );
  }

  #reset() {
    this.#setDomains(() => null);
  }

  /**
   * @param {"x" | "y"} along
   * @param {number} share
   */
  #pan(along, share) {
    this.#setDomains((domain, logarithmic, channel) => {
      if (channel !== along) return domain;
      return logarithmic ? vega.panLog(domain, share) : vega.panLinear(domain, share);
    });
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const act = {
      "+": () => this.#zoom(ZOOM_STEP),
      "=": () => this.#zoom(ZOOM_STEP),
      "-": () => this.#zoom(1 / ZOOM_STEP),
      0: () => this.#reset(),
      ArrowLeft: () => this.#pan("x", PAN_STEP),
      ArrowRight: () => this.#pan("x", -PAN_STEP),
      ArrowUp: () => this.#pan("y", -PAN_STEP),
      ArrowDown: () => this.#pan("y", PAN_STEP),
    }[event.key];
    if (act === undefined) return;
    event.preventDefault();
    act();
  }
}

/**
 * @param {number[]} domain
 * @param {boolean} logarithmic
 */
function middle([from = 0, to = 1], logarithmic) {
  return logarithmic ? Math.sqrt(from * to) : (from + to) / 2;
}

/** @param {PageChart["key"]} key */
function keyOf(key) {
  const entries = key.map(({ label, colour }) => {
    const patch = element("span", { class: "patch" });
    patch.style.background = colour;
    return element("span", {}, patch, label);
  });
  return element("div", { class: "key" }, ...entries);
}

/**
 * Vega writes into its rows.
 * @param {readonly Readonly<Record<string, unknown>>[]} rows
 */
function copies(rows) {
  return rows.map((row) => ({ ...row }));
}
