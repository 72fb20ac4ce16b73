/** The short way to a server says and does what the whole command line does. */
import { expect, it } from "vitest";
import { runCommandLine } from "../../src/cli/command-line.ts";
import type { Io } from "../../src/cli/io.ts";
import { plainServe, run } from "../../src/cli/run.ts";

it.each([
  [["serve"], { config: undefined }],
  [["serve", "config.yml"], { config: "config.yml" }],
  [["serve", "./-x.yml"], { config: "./-x.yml" }],
  [[], undefined],
  [["serve", "a.yml", "b.yml"], undefined],
  [["serve", ""], undefined],
  [["serve", "--help"], undefined],
  [["serve", "--config"], undefined],
  [["serve", "-h"], undefined],
  [["--config", "a.yml", "serve"], undefined],
  [["registry", "serve", "a.yml"], undefined],
  [["version"], undefined],
])("plainServe(%j) is %j", (args, wanted) => {
  expect(plainServe(args)).toEqual(wanted);
});

it.each([
  { args: ["serve", "/nowhere/config.yml"], code: 2 },
  { args: ["version"], code: 0 },
  { args: ["serve", "a.yml", "b.yml"], code: 2 },
  { args: ["nonsense"], code: 2 },
])("$args ends the same either way", async ({ args, code }) => {
  const outcome = async (way: typeof run): Promise<object> => {
    const said: string[] = [];
    const say = (text: string): void => void said.push(text);
    const io: Io = { stdout: say, stderr: say, environment: {} };
    return { code: await way(args, io), said };
  };
  const wanted = await outcome(runCommandLine);
  expect(await outcome(run)).toEqual(wanted);
  expect(wanted).toMatchObject({ code });
});
