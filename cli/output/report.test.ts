import { expect, it } from "vitest";
import { result as exampleResult } from "../../shared/protocol/testing/samples.ts";
import { details, jsonLine } from "./report.ts";

it("what calibration took is shown apart, with what it could not find out", () => {
  const warnings = ["n = 7: the power iteration for L_f had not settled"];
  const result = { ...exampleResult(), preparation: { seconds: 421, usd: 0.0123, warnings } };
  const text = details(result, true);
  expect(text).toMatch(/^preparation +7\.0 min, \$0\.0123 \(predicted\), not in the time and price above$/m);
  expect(text).toMatch(/^warning +n = 7: the power iteration for L_f had not settled$/m);
  expect(JSON.parse(jsonLine(result, true, 1))).toMatchObject({ preparation: result.preparation });
  expect(details(exampleResult(), true)).not.toMatch(/preparation|warning/);
  expect(jsonLine(exampleResult(), true, 1)).not.toMatch(/preparation/);
});
