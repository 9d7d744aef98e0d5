import { expect, it } from "vitest";
import { result as exampleResult } from "../../shared/protocol/testing/samples.ts";
import { figuresOf } from "./figures.ts";
import { details } from "./report.ts";

it("what calibration took is shown apart, with what it could not find out", () => {
  const warnings = ["n = 7: the power iteration for L_f had not settled"];
  const result = { ...exampleResult(), preparation: { seconds: 421, usd: 0.0123, warnings } };
  const text = details(result, true, { files: "here" });
  expect(text).toMatch(/^preparation +7\.0 min, \$0\.0123 \(predicted\), not in the time and price above$/m);
  expect(text).toMatch(/^warning +n = 7: the power iteration for L_f had not settled$/m);
  expect(figuresOf(result, true, 1)).toMatchObject({ preparation: result.preparation });
  expect(details(exampleResult(), true, { files: "here" })).not.toMatch(/preparation|warning/);
  expect(figuresOf(exampleResult(), true, 1)).not.toHaveProperty("preparation");
});
