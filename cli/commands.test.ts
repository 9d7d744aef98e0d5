import { readdirSync } from "node:fs";
import { expect, it } from "vitest";
import { COMMANDS, nameOf } from "./commands.ts";
import { programFor, wholeProgram } from "./program.ts";

it("every file of commands/ is listed, or is a part of one that is", () => {
  const files = readdirSync(new URL("./commands/", import.meta.url)).map((file) => file.replace(/\.ts$/, ""));
  const names = COMMANDS.map(nameOf);
  expect(new Set(names).size).toBe(names.length);
  expect(files.filter((file) => !names.includes(file.split("-")[0]!))).toEqual([]);
  expect(names.filter((name) => !files.includes(name))).toEqual([]);
});

it("the list tells the arguments that each command declares", async () => {
  const { commands } = await wholeProgram();
  const declared = commands.map((command) =>
    [
      command.name(),
      ...command.registeredArguments.map((argument) => {
        const name = argument.name() + (argument.variadic ? "..." : "");
        return argument.required ? `<${name}>` : `[${name}]`;
      }),
    ].join(" "),
  );
  expect(COMMANDS.map(({ usage }) => usage)).toEqual(declared);
});

it("the list reads the same whether the commands are loaded or not", async () => {
  const whole = (await wholeProgram()).helpInformation();
  expect((await programFor(["--help"])).helpInformation()).toBe(whole);
  expect(whole).toMatch(/^ {2}help \[command\]/m);
});

it("a call loads its own command, and help that of which it is asked", async () => {
  const loadedBy = async (...words: string[]): Promise<string[]> =>
    (await programFor(words)).commands.filter(({ options }) => options.length > 0).map((one) => one.name());
  expect(await loadedBy("stop", "some-run")).toEqual(["stop"]);
  expect(await loadedBy("help", "cost")).toEqual(["cost"]);
  expect(await loadedBy("--version")).toEqual([]);
});
