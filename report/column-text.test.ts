import { describe, expect, it } from "vitest";
import { columnText } from "./column-text.ts";

const column = (values: readonly (number | null)[], digits = 3) => values.map(columnText(values, digits));

describe("the numbers of a column", () => {
  it("all have an exponent, or none has", () => {
    expect(column([7.21e-4, 0.00448, 0.5])).toEqual(["7.21e-4", "4.48e-3", "5.00e-1"]);
    expect(column([0.00402, 0.0151, 0.6937])).toEqual(["0.00402", "0.0151", "0.694"]);
    expect(column([0.5, 3e6])).toEqual(["5.00e-1", "3.00e+6"]);
  });

  it("keep their digits: zeros at the end too, and no made up ones in thousands", () => {
    expect(column([1.3, 0.075, 3.413])).toEqual(["1.30", "0.0750", "3.41"]);
    expect(column([10_665.4, 111.2, 17.8])).toEqual(["10,665", "111", "17.8"]);
  });

  it("are whole where all of them are, however large, and a dash where nothing is known", () => {
    expect(column([1_279, 12_345_678, 0])).toEqual(["1,279", "12,345,678", "0"]);
    expect(column([null, 0, 2.5])).toEqual(["–", "0", "2.50"]);
  });
});
