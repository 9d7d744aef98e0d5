import { describe, expect, it } from "vitest";
import { Workspace } from "./workspace.ts";

describe("a workspace", () => {
  it("lends the same memory under the same name and length, and other memory under another", () => {
    const workspace = new Workspace();
    const first = workspace.vector("a", 3);
    expect(workspace.vector("a", 3)).toBe(first);
    expect(workspace.vector("b", 3).buffer).not.toBe(first.buffer);
    expect(workspace.vector("a", 4)).toHaveLength(4);
  });

  it("has at least the bytes that are asked for, in one place while they suffice", () => {
    const workspace = new Workspace();
    const small = workspace.bytes(10);
    expect(small.length).toBeGreaterThanOrEqual(10);
    expect(workspace.bytes(small.length)).toBe(small);
    expect(workspace.bytes(small.length + 1).length).toBeGreaterThan(small.length);
  });
});
