/** The program as an operator meets it: what it prints when it starts, and the name that it goes by. */
import { readFile, mkdtempDisposable, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it, vi } from "vitest";
import { WebhookReceiver } from "../fakes/webhook-receiver.ts";
import { startProgram } from "../fixtures/program.ts";
import { pushImage } from "../fixtures/pushing.ts";

const LAUNCHER = fileURLToPath(new URL("../../deploy/barge", import.meta.url));
const WAIT = { timeout: 20_000 };

const environment = (home: string): Readonly<Record<string, string>> => ({
  PATH: "/usr/bin:/bin",
  HOME: home,
  BARGE_NODE: process.execPath,
});

it("the log and the webhooks call the process by one name", async () => {
  await using resources = new AsyncDisposableStack();
  const folder = resources.use(await mkdtempDisposable(join(tmpdir(), "barge-instance-"))).path;
  const receiver = resources.use(await WebhookReceiver.open());
  const config = join(folder, "config.yml");
  await writeFile(
    config,
    JSON.stringify({
      version: 0.1,
      log: { formatter: "json" },
      storage: { inmemory: {} },
      http: { addr: "127.0.0.1:0" },
      notifications: { endpoints: [{ name: "test", url: receiver.url }] },
    }),
  );
  const command = [LAUNCHER, "serve", config] as const;
  const program = { command, env: environment(folder) };
  const { ready } = await startProgram(resources, program, /^.*"listening on .*$/);
  const line = JSON.parse(ready[0]) as { msg: string; "instance.id": string };
  await pushImage(new URL(line.msg.replace("listening on ", "")), "a");
  await receiver.requests(1);
  const { events } = JSON.parse(String(receiver.received[0]?.body)) as {
    events: readonly { source: { instanceID: string } }[];
  };
  expect(events[0]?.source.instanceID).toBe(line["instance.id"]);
});

it("without a config file the first screen comes before every line of the log", async () => {
  await using resources = new AsyncDisposableStack();
  const folder = resources.use(await mkdtempDisposable(join(tmpdir(), "barge-first-"))).path;
  const output = join(folder, "output");
  const script = ': >"$1"; echo started; exec "$0" serve >>"$1" 2>&1';
  await startProgram(
    resources,
    {
      command: ["sh", "-c", script, LAUNCHER, output],
      env: { ...environment(folder), REGISTRY_HTTP_ADDR: "127.0.0.1:0" },
      workingDirectory: folder,
    },
    /^started$/,
  );
  const lines = async (): Promise<readonly string[]> =>
    (await readFile(output, "utf8")).split("\n");
  await vi.waitUntil(
    async () => (await lines()).some((text) => text.includes("Starting upload purge")),
    WAIT,
  );
  const [first = "", ...rest] = await lines();
  expect(first).toMatch(/^Barge listens on http:\/\/127\.0\.0\.1:\d+\./);
  const logged = rest.filter((text) => text.startsWith("time="));
  expect(logged[0]).toContain("listening on ");
  expect(logged[1]).toContain("Starting upload purge");
});
