import fc from "fast-check";
import { expect, test } from "vitest";
import { ConfigInvalid } from "../../src/config/config-invalid.ts";
import type { Environment } from "../../src/config/environment.ts";
import { listSettings, type Setting } from "../../src/config/reference-page.ts";
import { read } from "./reading.ts";

/** What comes of a configuration, good or bad, without the name of the variable. */
async function outcome(text: string, environment: Environment): Promise<unknown> {
  try {
    const { config, notes, warnings } = await read(text, environment);
    return { config, notes, warnings };
  } catch (error) {
    if (!(error instanceof ConfigInvalid)) throw error;
    return error.problems.map(({ path, message }) => ({
      path,
      message: message.replace(/ \(set by \w+\)$/, ""),
    }));
  }
}

/** The base file, with `value` at the setting. Flow YAML: JSON, where the value stands as it is. */
function fileWith(setting: Setting, value: string): string {
  const base: Record<string, unknown> = {
    version: "0.1",
    storage: { inmemory: {} },
    http: { addr: ":5000" },
  };
  const steps = setting.path.split(".");
  let place = base;
  for (const [index, step] of steps.entries()) {
    const key = step.replace("[]", "");
    const child: Record<string, unknown> =
      (place[key] as Record<string, unknown> | undefined) ?? {};
    if (index === steps.length - 1) place[key] = "@value@";
    else place[key] = step.endsWith("[]") ? [child] : child;
    place = child;
  }
  return JSON.stringify(base).replace('"@value@"', () => ` ${value} `);
}

const settings = listSettings().filter(({ path }) => path !== "version");

const values = fc.oneof(
  fc.constantFrom("true", "off", "yes", "~", "{}", "[]", "0", "-1", "7", "0x10", "1e3", "1.5"),
  fc.constantFrom("10s", "1h30m", "24h", "text", "redis", "inmemory", "none", "list", "tls1.3"),
  fc.constantFrom("/a/", "/a", "[a]", "{a: [b]}", "{a: {b: 1}}", "s3", "20MiB", "debug", "json"),
  fc.constantFrom('":6000"', '"http://a:1/b"', '"10.0.0.0/8"', '["10.0.0.0/8"]', '["^a"]'),
  fc.string().map((text) => JSON.stringify(text)),
  fc.integer().map(String),
);

test(
  "a setting from the environment is the same as the one in the file",
  { timeout: 30_000 },
  async () => {
    const base = fileWith({ ...must(settings[0]), path: "version" }, '"0.1"');
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...settings), values, async (setting, value) => {
        const fromFile = await outcome(fileWith(setting, value), {});
        const fromEnvironment = await outcome(base, { [setting.variable]: value });

        expect(fromEnvironment).toEqual(fromFile);
      }),
      { numRuns: 200 },
    );
  },
);

test("every setting can be set from the environment", async () => {
  for (const setting of settings) {
    const found = await outcome(fileWith({ ...setting, path: "version" }, '"0.1"'), {
      [setting.variable]: "~",
    });
    expect({ setting: setting.variable, found: JSON.stringify(found) }).toEqual({
      setting: setting.variable,
      found: expect.not.stringContaining("unrecognized"),
    });
  }
});

function must<T>(value: T | undefined): T {
  if (value === undefined) throw new Error("nothing there");
  return value;
}
