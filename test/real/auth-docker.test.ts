/** Docker with a real engine, against the rules of a registry. */
import { readFile, writeFile } from "node:fs/promises";
import { expect, it } from "vitest";
import { DOCKER } from "./access-engines.ts";
import type { AccessSession } from "./access-session.ts";
import { describeRules } from "./access-story.ts";
import { READER, OWNER } from "./people.ts";

const TOKEN_BY_POST = /"POST \/auth\/token HTTP\/1\.1" 200 .*docker\//;
const TOKEN_BY_PASSWORD = /"GET \/auth\/token\S* HTTP\/1\.1" 200 .*docker\//;

/** What docker keeps after a login. */
interface KeptLogin {
  readonly auth: string;
  readonly identitytoken?: string;
}

async function keptLogin({ clients, host }: AccessSession): Promise<KeptLogin | undefined> {
  const text = await readFile(`${clients.env["HOME"]}/.docker/config.json`, "utf8");
  const { auths } = JSON.parse(text) as { readonly auths?: Readonly<Record<string, KeptLogin>> };
  return auths?.[host];
}

describeRules(DOCKER, (session) => {
  it("a login keeps a refresh token in place of the password, and pulls are made with it", async () => {
    await session.as(READER, async ({ pull }) => {
      const kept = await keptLogin(session);
      expect(kept?.identitytoken).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+$/);
      const pair = Buffer.from(kept?.auth ?? "", "base64").toString();
      expect(pair).not.toContain(READER.password);
      const before = session.requests().length;
      await pull("team/docker:1.0.0");
      const since = session.requests().slice(before);
      expect(since.filter((line) => TOKEN_BY_POST.test(line))).not.toEqual([]);
      expect(since.filter((line) => TOKEN_BY_PASSWORD.test(line))).toEqual([]);
    });
    expect(await keptLogin(session)).toBeUndefined();
  });

  it("a refresh token that was changed is refused", async () => {
    await session.client.login(OWNER);
    const path = `${session.clients.env["HOME"]}/.docker/config.json`;
    const text = await readFile(path, "utf8");
    const { identitytoken = "" } = (await keptLogin(session)) ?? {};
    const [header, , signature] = identitytoken.split(".");
    await session.client.login(READER);
    const [, payload] = ((await keptLogin(session))?.identitytoken ?? "").split(".");
    await writeFile(path, text.replace(identitytoken, [header, payload, signature].join(".")));
    await expect(session.client.pull("team/docker:1.0.0")).rejects.toThrow("unauthorized");
    await session.client.logout();
  });
});
