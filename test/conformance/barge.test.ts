/** Every row, on Barge with each kind of storage and of authentication. */
import { mkdtempDisposable, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { htpasswdLine } from "../auth/htpasswd-lines.ts";
import { openBarge, type BargeStorage } from "../fixtures/barge.ts";
import { type Account, passwordLogin, tokenLogin } from "./login.ts";
import { DELETES_OFF_ROWS } from "./rows.ts";
import { describeConformance } from "./suite.ts";

const STORAGES: readonly BargeStorage[] = ["filesystem", "inmemory", "s3"];

for (const storage of STORAGES) {
  describeConformance({
    name: `Barge (${storage})`,
    open: async (resources) => openBarge(resources, { storage }),
  });
}

describeConformance({
  name: "Barge without deletes",
  open: async (resources) =>
    openBarge(resources, { storage: "inmemory", storageKeys: { delete: { enabled: false } } }),
  rows: DELETES_OFF_ROWS,
});

const ACCOUNT: Account = { name: "pusher", password: "the password of the suite" };

/** Everything is allowed to the one account, and nothing to anybody else. */
describeConformance({
  name: "Barge with tokens of its own",
  login: () => tokenLogin(ACCOUNT),
  open: async (resources) => {
    const users = await writeUsers(resources);
    const access = [{ subject: `user:${ACCOUNT.name}`, repositories: "**", actions: "all" }];
    const sections = { barge: { auth: { users }, access } };
    return openBarge(resources, { storage: "inmemory", sections });
  },
});

describeConformance({
  name: "Barge with passwords beside its own tokens",
  login: () => passwordLogin(ACCOUNT),
  open: async (resources) => {
    const users = await writeUsers(resources);
    const access = [{ subject: "authenticated", repositories: "**", actions: "all" }];
    const sections = { barge: { auth: { users }, access } };
    return openBarge(resources, { storage: "filesystem", sections });
  },
});

describeConformance({
  name: "Barge with auth.htpasswd",
  login: () => passwordLogin(ACCOUNT),
  open: async (resources) => {
    const path = await writeUsers(resources);
    const sections = { auth: { htpasswd: { realm: "suite", path } } };
    return openBarge(resources, { storage: "inmemory", sections });
  },
});

async function writeUsers(resources: AsyncDisposableStack): Promise<string> {
  const folder = resources.use(await mkdtempDisposable(join(tmpdir(), "barge-users-"))).path;
  const path = join(folder, "users");
  await writeFile(path, htpasswdLine(ACCOUNT.name, ACCOUNT.password));
  return path;
}
