/** A suite of tests with real clients against one running Barge. */
import { join } from "node:path";
import { afterAll, beforeAll } from "vitest";
import { openBarge, type BargeOptions } from "../fixtures/barge.ts";
import { openClients, type Clients } from "./clients.ts";
import { describeWithTools } from "./tools.ts";

const ON_DISK: BargeOptions = { storage: "filesystem" };

/** What the tests of a suite share. Usable inside tests and hooks only. */
export interface ClientSession {
  readonly clients: Clients;
  /** Where Barge listens on plain HTTP, as `address:port`. */
  readonly host: string;
  /** Runs a program of the tools table, as {@link Clients.run} does. */
  readonly run: (tool: string, ...args: readonly string[]) => Promise<string>;
  /** The path of a file in the folder in which the clients run. */
  readonly file: (name: string) => string;
}

/** A suite's name, and the Barge that it runs against. */
export interface ClientSuite {
  readonly title: string;
  readonly barge: BargeOptions;
}

/**
 * A suite that starts Barge on new storage and gives clients a home of their own.
 * @param needs as for {@link describeWithTools}.
 * @param suite a title alone means storage on the filesystem.
 */
export function describeClients(
  needs: readonly string[],
  suite: string | ClientSuite,
  body: (session: ClientSession) => void,
): void {
  const { title, barge } = typeof suite === "string" ? { title: suite, barge: ON_DISK } : suite;
  describeWithTools(needs, title, () => {
    const resources = new AsyncDisposableStack();
    const started: { clients?: Clients; host?: string } = {};
    beforeAll(async () => {
      started.clients = await openClients(resources);
      started.host = (await openBarge(resources, barge)).origin.host;
    });
    afterAll(async () => resources.disposeAsync());

    const session: ClientSession = {
      get clients() {
        return started.clients ?? outsideTests();
      },
      get host() {
        return started.host ?? outsideTests();
      },
      run: async (tool, ...args) => session.clients.run(tool, ...args),
      file: (name) => join(session.clients.directory, name),
    };
    body(session);
  });
}

function outsideTests(): never {
  throw new TypeError("a client session was used outside its tests");
}
