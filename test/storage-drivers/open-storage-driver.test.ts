import { mkdtempDisposable } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { Secret } from "../../src/config/secret.ts";
import { hasLocalFiles, hasPresignedUrls } from "../../src/storage/storage-driver.ts";
import { openStorageDriver } from "../../storage-drivers/index.ts";
import { calm } from "../contracts/storage-subject.ts";
import { openScriptedS3, sendPage } from "./scripted-s3.ts";

describe("openStorageDriver()", () => {
  it("opens the filesystem, whose objects are local files", async () => {
    await using folder = await mkdtempDisposable(join(tmpdir(), "barge-"));
    const config = {
      name: "filesystem",
      rootDirectory: folder.path,
      maxThreads: 25,
      directWrites: true,
    } as const;
    await using driver = await openStorageDriver(config, calm());
    expect(driver.name).toBe("filesystem");
    expect(hasLocalFiles(driver)).toBe(true);
    expect(hasPresignedUrls(driver)).toBe(false);
  });

  it("opens the memory, which has no optional powers", async () => {
    await using driver = await openStorageDriver({ name: "inmemory" }, calm());
    expect(driver.name).toBe("inmemory");
    expect(hasLocalFiles(driver) || hasPresignedUrls(driver)).toBe(false);
  });

  it("opens S3, which signs URLs", async () => {
    await using resources = new AsyncDisposableStack();
    const { settings } = await openScriptedS3(resources, (_request, response) =>
      sendPage(response, []),
    );
    const secretKey = new Secret(settings.secretKey?.reveal() ?? "");
    const unset = { storageClass: undefined, objectAcl: undefined };
    const config = { name: "s3", ...unset, ...settings, secretKey } as const;
    await using driver = await openStorageDriver(config, calm());
    expect(driver.name).toBe("s3");
    expect(hasPresignedUrls(driver)).toBe(true);
    expect(hasLocalFiles(driver)).toBe(false);
  });
});
