/** Holds the store in the folder given as the first argument, says so, and waits to be ended. */
import { FilesystemDriver } from "../../storage-drivers/filesystem/filesystem-driver.ts";
import { holdStore } from "../../src/storage/store-lock.ts";
import { RecordingLogger } from "../fakes/recording-logger.ts";

const [rootDirectory = ""] = process.argv.slice(2);
const driver = await FilesystemDriver.open({ rootDirectory, maxThreads: 25 });
const { signal } = new AbortController();
const held = await holdStore({ driver, role: "server", log: new RecordingLogger(), signal });
process.stdout.write("held\n");
process.once("disconnect", () => void held[Symbol.asyncDispose]());
