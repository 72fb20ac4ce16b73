import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { publicJsonSchema } from "../../src/config/json-schema.ts";
import { configReferencePage, listSettings } from "../../src/config/reference-page.ts";

test("every setting has a description that ends as a sentence", () => {
  const poor = listSettings().filter(({ description }) => !/^[A-Z`].{8,}\.$/s.test(description));
  expect(poor).toEqual([]);
});

/** `vitest run -u test/config/reference-page.test.ts` writes the page anew. */
test("deploy/config-reference.md is what the schema says", async () => {
  const path = fileURLToPath(new URL("../../deploy/config-reference.md", import.meta.url));
  await expect(configReferencePage()).toMatchFileSnapshot(path);
});

test("the page names each setting and its variable", async () => {
  const page = await readFile(new URL("../../deploy/config-reference.md", import.meta.url), "utf8");
  for (const words of [
    "`http.addr` (text, `REGISTRY_HTTP_ADDR`)",
    "`health.tcp[].addr` (text, `REGISTRY_HEALTH_TCPCHECKERS_0_ADDR`)",
    "`barge.state.directory` (text, `BARGE_STATE_DIRECTORY`)",
    "`storage.azure`: use filesystem",
  ]) {
    expect(page).toContain(words);
  }
});

test("publicJsonSchema() says what editors need and none of our marks", () => {
  const schema = publicJsonSchema();
  const text = JSON.stringify(schema);

  expect(text).not.toContain('"x-');
  expect(schema.required).toEqual(["version", "http"]);
  expect(schema.properties).toMatchObject({
    storage: { anyOf: [{ type: "string" }, { type: "object" }] },
    log: { properties: { formatter: { enum: ["text", "json", "logstash"] } } },
    barge: { additionalProperties: false, properties: { gc: { not: {} } } },
  });
});
