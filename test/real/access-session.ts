/** A suite of tests in which one kind of client meets one guarded registry. */
import { mkdtempDisposable } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect } from "vitest";
import type { RunningBarge } from "../fixtures/barge.ts";
import type { AccessClient, AccessClientKind } from "./access-client.ts";
import { type Clients, openClients } from "./clients.ts";
import type { Login } from "./people.ts";
import { describeWithTools } from "./tools.ts";

/** A registry, and what clients must reach beside it. */
interface GuardedRegistry {
  readonly barge: RunningBarge;
  readonly neighbours: readonly URL[];
}

/** Starts a registry. The folder is removed with the resources. */
export type OpenRegistry = (
  resources: AsyncDisposableStack,
  folder: string,
) => Promise<GuardedRegistry>;

/** What the tests of a suite share. Usable inside tests and hooks only. */
export interface AccessSession {
  readonly client: AccessClient;
  readonly clients: Clients;
  readonly host: string;
  /** The lines of the access log that have been written so far. */
  readonly requests: () => readonly string[];
  /** Logs in, lets something be done, and logs out. */
  readonly as: (login: Login, act: (client: AccessClient) => Promise<unknown>) => Promise<void>;
  /** Checks that a login fails, and leaves nobody logged in, for some clients keep it all the same. */
  readonly refused: (login: Login, message: RegExp) => Promise<void>;
}

interface Started {
  readonly registry: GuardedRegistry;
  readonly clients: Clients;
  readonly client: AccessClient;
}

/** A suite that starts the registry, gives a client a home of its own, and lets it run. */
export function describeAccess(
  kind: AccessClientKind,
  openRegistry: OpenRegistry,
  body: (session: AccessSession) => void,
): void {
  describeWithTools(kind.needs, kind.title, () => {
    const resources = new AsyncDisposableStack();
    let started: Started | undefined;
    beforeAll(async () => {
      started = await start(resources, kind, openRegistry);
    });
    afterAll(async () => resources.disposeAsync());
    body(sessionOf(() => started ?? outsideTests()));
  });
}

async function start(
  resources: AsyncDisposableStack,
  kind: AccessClientKind,
  openRegistry: OpenRegistry,
): Promise<Started> {
  const clients = await openClients(resources);
  const folder = resources.use(await mkdtempDisposable(join(tmpdir(), "barge-guarded-"))).path;
  const registry = await openRegistry(resources, folder);
  const { barge, neighbours } = registry;
  const site = { clients, host: barge.origin.host, isToldPlainHttp: true, neighbours };
  return { registry, clients, client: await kind.open(resources, site) };
}

function sessionOf(started: () => Started): AccessSession {
  return {
    get client() {
      return started().client;
    },
    get clients() {
      return started().clients;
    },
    get host() {
      return started().registry.barge.origin.host;
    },
    requests: () => started().registry.barge.output.filter((line) => line.includes(" HTTP/1.1")),
    as: async (login, act) => {
      const { client } = started();
      await client.login(login);
      try {
        await act(client);
      } finally {
        await client.logout();
      }
    },
    refused: async (login, message) => {
      const { client } = started();
      try {
        await expect(client.login(login)).rejects.toThrow(message);
      } finally {
        await client.logout().catch(() => undefined);
      }
    },
  };
}

function outsideTests(): never {
  throw new TypeError("an access session was used outside its tests");
}
