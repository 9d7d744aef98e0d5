/** The request that most methods make. Others are in the files of their methods. */
import { defineRequest } from "./method.ts";

/** grad f_i(x^t) over all rows, dense. */
export const full = defineRequest({
  name: "full",
  wire: 0,
  points: ["iterate"],
  dense: true,
  gradients: [{ at: "iterate", rows: "all" }],
  message: ([g]) => g!.vector,
});
