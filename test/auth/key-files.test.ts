import { createPrivateKey, X509Certificate } from "node:crypto";
import {
  chmod,
  chown,
  mkdtempDisposable,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  symlink,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { guardProblem } from "../../src/auth/tokens/guarded-path.ts";
import { thumbprint } from "../../src/auth/key-id.ts";
import { FakeClock } from "../fakes/fake-clock.ts";
import { certificateOf, ecKey, isTaken, kidOf, openFolder, openKeys } from "./keys-subject.ts";

describe("the folder of keys", () => {
  it("is made at first start, for nobody else to read", async () => {
    await using folder = await openFolder();
    const kid = await kidOf(await openKeys({ directory: folder.path }));
    const names = (await readdir(folder.path)).toSorted();
    expect(names).toEqual([`${kid}.crt`, "key-0001.pem"].toSorted());
    const modes = await Promise.all(
      [folder.path, ...names.map((name) => join(folder.path, name))].map(async (path) =>
        ((await stat(path)).mode & 0o777).toString(8),
      ),
    );
    expect(modes).toEqual(["700", "600", "600"]);
    expect(await kidOf(await openKeys({ directory: folder.path }))).toBe(kid);
  });

  it("holds the certificate by which others verify", async () => {
    await using folder = await openFolder();
    const { kid, publicKey } = await (await openKeys({ directory: folder.path })).signer();
    const certificate = new X509Certificate(await readFile(join(folder.path, `${kid}.crt`)));
    expect(certificate.publicKey.equals(publicKey)).toBe(true);
    expect(certificate.verify(publicKey)).toBe(true);
    expect(certificate.ca).toBe(true);
  });

  it("comes to one key when many start at once", async () => {
    await using folder = await openFolder();
    const opened = await Promise.all(
      Array.from({ length: 8 }, () => openKeys({ directory: folder.path })),
    );
    const kids = await Promise.all(opened.map(kidOf));
    expect(new Set(kids).size).toBe(1);
    expect((await readdir(folder.path)).toSorted()).toEqual(
      [`${kids[0] ?? ""}.crt`, "key-0001.pem"].toSorted(),
    );
  });

  it.each([0o640, 0o604, 0o620])("is refused when a key has mode %o", async (mode) => {
    await using folder = await openFolder();
    await openKeys({ directory: folder.path });
    const path = join(folder.path, "key-0001.pem");
    await chmod(path, mode);
    await expect(openKeys({ directory: folder.path })).rejects.toThrow(
      `${path} is open to other users of this machine: chmod 600 it`,
    );
  });

  it("is refused when others may write there", async () => {
    await using above = await mkdtempDisposable(join(tmpdir(), "barge-keys-"));
    await chmod(above.path, 0o777);
    await expect(openKeys({ directory: above.path })).rejects.toThrow("chmod 700");
  });

  it.each(["the folder", "a key", "a certificate"])(
    "is refused when %s is a link, also to what is right",
    async (what) => {
      await using folder = await openFolder();
      const kid = await kidOf(await openKeys({ directory: folder.path }));
      const names: Record<string, string> = {
        "a key": "key-0001.pem",
        "a certificate": `${kid}.crt`,
      };
      const path = join(folder.path, names[what] ?? ".");
      await rename(path, join(folder.path, "..", "elsewhere"));
      await symlink(join(folder.path, "..", "elsewhere"), path);
      await expect(openKeys({ directory: folder.path })).rejects.toThrow(
        `${path} is a symbolic link, which is not followed`,
      );
    },
  );

  it.runIf(process.geteuid?.() === 0).each(["the folder", "a key", "a certificate"])(
    "is refused when %s belongs to another user",
    async (what) => {
      await using folder = await openFolder();
      const kid = await kidOf(await openKeys({ directory: folder.path }));
      const names: Record<string, string> = {
        "a key": "key-0001.pem",
        "a certificate": `${kid}.crt`,
      };
      const path = join(folder.path, names[what] ?? ".");
      await chown(path, 12_345, 12_345);
      await expect(openKeys({ directory: folder.path })).rejects.toThrow(
        `${path} belongs to another user, 12345: make sure of where it comes from, then chown 0 it`,
      );
    },
  );

  it("is refused when others may write a certificate", async () => {
    await using folder = await openFolder();
    const kid = await kidOf(await openKeys({ directory: folder.path }));
    const path = join(folder.path, `${kid}.crt`);
    await chmod(path, 0o644);
    await expect(openKeys({ directory: folder.path })).resolves.toBeDefined();
    await chmod(path, 0o664);
    await expect(openKeys({ directory: folder.path })).rejects.toThrow(`${path} is open to other`);
  });

  it("is refused when others may write there though the keys are right", async () => {
    await using folder = await openFolder();
    await openKeys({ directory: folder.path });
    await chmod(folder.path, 0o770);
    await expect(openKeys({ directory: folder.path })).rejects.toThrow(
      `${folder.path} is open to other users of this machine: chmod 700 it`,
    );
  });

  it("is refused when a key is damaged", async () => {
    await using folder = await openFolder();
    await openKeys({ directory: folder.path });
    const path = join(folder.path, "key-0001.pem");
    await writeFile(path, "damaged");
    await expect(openKeys({ directory: folder.path })).rejects.toThrow(
      `${path} holds no private key`,
    );
  });
});

describe("two processes on one folder", () => {
  it("see a new key as soon as a token names it, but look at most once a second", async () => {
    await using folder = await openFolder();
    const clock = new FakeClock();
    const [one, other] = [
      await openKeys({ directory: folder.path, clock }),
      await openKeys({ directory: folder.path, clock }),
    ];
    const { kid } = await one.rotate();
    expect(await isTaken(other, kid, "access")).toBe(false);
    await clock.advance(1000);
    expect(await isTaken(other, kid, "access")).toBe(true);
  });

  it("sign with a new key after three seconds", async () => {
    await using folder = await openFolder();
    const clock = new FakeClock();
    const [one, other] = [
      await openKeys({ directory: folder.path, clock }),
      await openKeys({ directory: folder.path, clock }),
    ];
    const old = await kidOf(other);
    const { kid } = await one.rotate();
    expect(await kidOf(other)).toBe(old);
    await clock.advance(3000);
    expect(await kidOf(other)).toBe(kid);
  });

  it("drop a revoked key after three seconds", async () => {
    await using folder = await openFolder();
    const clock = new FakeClock();
    const [one, other] = [
      await openKeys({ directory: folder.path, clock }),
      await openKeys({ directory: folder.path, clock }),
    ];
    const old = await kidOf(other);
    await one.rotate({ revoke: true });
    await clock.advance(3000);
    expect(await isTaken(other, old, "access")).toBe(false);
  });

  it("drop a revoked key also when the new one cannot be read", async () => {
    await using folder = await openFolder();
    const clock = new FakeClock();
    const [one, other] = [
      await openKeys({ directory: folder.path, clock }),
      await openKeys({ directory: folder.path, clock }),
    ];
    const old = await kidOf(other);
    const { kid } = await one.rotate({ revoke: true });
    const path = join(folder.path, "key-0002.pem");
    await chmod(path, 0o604);
    await clock.advance(3000);
    for (const use of ["access", "refresh"] as const) {
      expect(await isTaken(other, old, use)).toBe(false);
      expect(await isTaken(other, kid, use)).toBe(false);
    }
    await expect(other.rotate()).rejects.toThrow(`${path} is open`);
    await chmod(path, 0o600);
    await clock.advance(3000);
    expect(await kidOf(other)).toBe(kid);
  });

  it("go on with a key that they have read, while its file cannot be", async () => {
    await using folder = await openFolder();
    const clock = new FakeClock();
    const keys = await openKeys({ directory: folder.path, clock });
    const kid = await kidOf(keys);
    await chmod(join(folder.path, "key-0001.pem"), 0o604);
    await clock.advance(3000);
    expect(await kidOf(keys)).toBe(kid);
    expect(await isTaken(keys, kid, "access")).toBe(true);
  });

  it("take no key that somebody else puts in the place of theirs", async () => {
    await using folder = await openFolder();
    const clock = new FakeClock();
    const keys = await openKeys({ directory: folder.path, clock });
    const kid = await kidOf(keys);
    const path = join(folder.path, "key-0001.pem");
    const pem = ecKey();
    await rm(path);
    await writeFile(path, `${pem}${certificateOf(pem)}`, { mode: 0o604 });
    await clock.advance(3000);
    expect(await isTaken(keys, kid, "access")).toBe(false);
    expect(await isTaken(keys, thumbprint(createPrivateKey(pem)), "access")).toBe(false);
  });

  it("keep the same key when both rotate at once", async () => {
    await using folder = await openFolder();
    const clock = new FakeClock();
    const [one, other] = [
      await openKeys({ directory: folder.path, clock }),
      await openKeys({ directory: folder.path, clock }),
    ];
    await Promise.all([one.rotate(), other.rotate()]);
    await clock.advance(3000);
    expect(await kidOf(one)).toBe(await kidOf(other));
  });

  it("go on with the keys they have when the folder is lost", async () => {
    await using folder = await openFolder();
    const clock = new FakeClock();
    const keys = await openKeys({ directory: folder.path, clock });
    const kid = await kidOf(keys);
    await rm(folder.path, { recursive: true });
    await clock.advance(3000);
    expect(await kidOf(keys)).toBe(kid);
  });
});

it.each([
  ["its own", 1000, 0o100600, undefined],
  ["root's", 0, 0o100600, undefined],
  ["another user's", 1001, 0o100600, "belongs to another user, 1001"],
  ["what its group may write", 1000, 0o100620, "chmod 600"],
  ["what anybody may write", 0, 0o100602, "chmod 600"],
])("guardProblem() tells the process %s from others'", (...[, uid, mode, problem]) => {
  const found = guardProblem({ uid, mode }, { userId: 1000, withheld: 0o022, mode: "600" });
  expect(found).toEqual(problem === undefined ? undefined : expect.stringContaining(problem));
});
