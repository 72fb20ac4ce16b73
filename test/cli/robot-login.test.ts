/** Logging in as a robot to a whole server that has users of another kind, and administering it then. */
import { mkdtempDisposable, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { writeAuthority } from "../fixtures/certificates.ts";
import { openServed } from "../fixtures/in-process-registry.ts";
import { openUser } from "./remote-verbs.ts";

let resources: AsyncDisposableStack;
let folder: string;
beforeEach(async () => {
  resources = new AsyncDisposableStack();
  folder = resources.use(await mkdtempDisposable(join(tmpdir(), "barge-robot-login-"))).path;
});
afterEach(() => resources.disposeAsync());

const REALM = { realm: "http://nowhere.test/token", service: "registry" };

async function authOf(kind: string): Promise<object> {
  if (kind === "silly") return { silly: REALM };
  if (kind === "token") {
    const { certificate } = await writeAuthority(folder, "Test");
    return { token: { ...REALM, issuer: "other", rootcertbundle: certificate } };
  }
  const path = join(folder, "htpasswd");
  await writeFile(path, "alice:$2y$04$bogusbogusbogusbogusbeOXoXoXoXoXoXoXoXoXoXoXoXoXoXoXo\n");
  return { htpasswd: { realm: "Registry", path } };
}

describe("barge login as a robot", () => {
  it.each(["htpasswd", "token", "silly"])(
    "to a server with auth.%s lets it be administered",
    async (kind) => {
      const state = { directory: join(folder, "state") };
      const server = await openServed({
        auth: await authOf(kind),
        barge: { state },
        http: { addr: "127.0.0.1:0" },
      });
      resources.use(server);
      const user = resources.use(await openUser());
      const { host } = new URL(server.address);
      const socket = join(state.directory, "admin.sock");
      const made = await user.say("admin", "init", "--socket", socket);
      expect(made).toMatchObject({ code: 0 });
      const login = ["login", host, "-u", "robot+admin", "-p"];
      const wrong = await user.say(...login, "brg_wrong");
      expect(wrong.code).not.toBe(0);
      const said = await user.say(...login, made.stdout.trim());
      expect(said).toMatchObject({ code: 0 });
      expect(said.stderr.includes("to administer it, not to push and pull")).toBe(kind !== "silly");
      const kept = JSON.parse(await readFile(join(user.home, "config.json"), "utf8"));
      expect(Object.keys(kept.auths)).toEqual([host]);
      const listed = await user.say("robot", "list", "--server", host);
      expect(listed).toMatchObject({ code: 0, stdout: expect.stringContaining("admin") });
    },
  );
});
