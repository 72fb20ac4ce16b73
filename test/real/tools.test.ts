import { isAbsolute } from "node:path";
import { expect, it } from "vitest";
import { installHint, readTools } from "../install/tool-table.ts";
import { describeWithTools, findTool, itWithTools, MissingTools, requireTool } from "./tools.ts";

it("findTool() of a name that the table lacks is an error, not a missing program", () => {
  expect(() => findTool("skopeoo")).toThrow(TypeError);
});

it("findTool() of a program that every machine has gives its path", () => {
  expect(isAbsolute(requireTool("tar"))).toBe(true);
});

it("every tool has a name of its own and a hint that names its source", () => {
  const tools = readTools();
  expect(new Set(tools.map((tool) => tool.name)).size).toBe(tools.length);
  for (const tool of tools) expect(installHint(tool.name)).toContain(tool.source);
});

it("every program built with Go has a fixed version", () => {
  const built = readTools().filter((tool) => tool.kind === "go" || tool.kind === "gotool");
  for (const tool of built) expect(tool.source).toMatch(/@v\d+\.\d+\.\d+$/);
});

it("MissingTools says how to get each program", () => {
  expect(new MissingTools(["skopeo", "root"]).message).toBe(
    "skopeo is missing: npm run test:install, or: apt-get install skopeo\n" +
      "root is missing: run the tests as root, where network namespaces can be made",
  );
});

describeWithTools(["tar"], "describeWithTools()", () => {
  it("runs its tests where the programs are there", () => {
    expect(findTool("tar")).toBeDefined();
  });
});

itWithTools(["tar"], "itWithTools() runs its test where the programs are there", () => {
  requireTool("tar");
});
