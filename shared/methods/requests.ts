/** The requests that several methods make. Others are in the files of their methods. */
import { defineRequest, minus } from "./method.ts";

/** grad f_i(x^t) over all rows, dense. */
export const full = defineRequest({
  name: "full",
  wire: 0,
  points: ["iterate"],
  dense: true,
  gradients: [{ at: "iterate", rows: "all" }],
  message: ([g]) => g!.vector,
});

/** grad f_i(x^0), dense: what a worker's estimate begins with, where it keeps one. */
export const shiftStart = defineRequest({
  name: "shift-start",
  wire: 10,
  points: ["iterate"],
  dense: true,
  gradients: [{ at: "iterate", rows: "all" }],
  message: ([g]) => g!.vector,
});

/** Q(grad f_i(x^t) - h_i^t), h_i what the worker keeps. */
export const shifted = defineRequest({
  name: "shifted",
  wire: 5,
  points: ["iterate"],
  dense: false,
  gradients: [{ at: "iterate", rows: "all" }],
  message: ([g], own, out) => minus(g!.vector, own["shift"]!, out),
});
