/** A server that answers what the test says, and a user who is logged in to it. */
import { expect } from "vitest";
import {
  basic,
  openRecordingServer,
  type RecordingServer,
  type Reply,
} from "../fakes/recording-server.ts";
import type { Said } from "./configured-store.ts";
import { openUser, type User } from "./remote-verbs.ts";

export interface AskedServer extends AsyncDisposable {
  readonly user: User;
  readonly server: RecordingServer;
  /** Says it to the server, which answers with this, also from then on. */
  say(answer: Reply, ...args: readonly string[]): Promise<Said>;
  /** What the server was last asked; fails when it was not asked as that user. */
  asked(): { readonly method: string; readonly url: URL; readonly body: unknown };
}

export async function openAskedServer(): Promise<AskedServer> {
  const resources = new AsyncDisposableStack();
  const user = resources.use(await openUser());
  let reply: Reply = { status: 500 };
  const server = resources.use(await openRecordingServer(() => reply));
  await user.logInTo(server.host, "admin", "pw");
  return {
    user,
    server,
    async say(answer, ...args) {
      reply = answer;
      return await user.say(...args, "--server", server.url);
    },
    asked() {
      const last = server.requests.at(-1);
      expect(last?.headers.authorization).toBe(basic("admin", "pw"));
      const { method = "", url = "", body = "" } = last ?? {};
      const sent: unknown = body === "" ? undefined : JSON.parse(body);
      return { method, url: new URL(url, server.url), body: sent };
    },
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}
