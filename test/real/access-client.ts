/** Real clients as the tests of access use them: each logs in, pushes and pulls in its own way. */
import type { Clients } from "./clients.ts";
import type { Login } from "./people.ts";

/** Where a client finds the registry, and what it may use. */
export interface ClientSite {
  readonly clients: Clients;
  /** Of the registry, as `address:port`. */
  readonly host: string;
  /** Whether the client is told by a flag that the registry speaks plain HTTP; else its settings say so. */
  readonly isToldPlainHttp: boolean;
  /** Other servers of 127.0.0.1 that the client must reach: the token server. */
  readonly neighbours: readonly URL[];
}

/** Pushes of different content under one tag move the tag. */
type Content = "first" | "second";

/** A client in a home of its own. What it does fails as the program does: with all of its output. */
export interface AccessClient {
  /** Fails when the registry does not know the login. */
  readonly login: (login: Login) => Promise<unknown>;
  readonly logout: () => Promise<unknown>;
  /** @param image as in `team/app:1.0.0`. */
  readonly push: (image: string, content: Content) => Promise<unknown>;
  /** Fetches everything, whatever the client has had before. */
  readonly pull: (image: string) => Promise<unknown>;
}

/** A kind of client. */
export interface AccessClientKind {
  readonly title: string;
  /** As for `describeWithTools`. */
  readonly needs: readonly string[];
  readonly open: (resources: AsyncDisposableStack, site: ClientSite) => Promise<AccessClient>;
  readonly messages: Messages;
}

/** What a person gets to read, among all that the program writes. */
interface Messages {
  readonly wrongPassword: RegExp;
  /** A pull of what there is not, or what one may not see. */
  readonly unknown: RegExp;
  /** A push that is not allowed to somebody who is logged in. */
  readonly denied: RegExp;
  /** A push that would move a tag, and may not. */
  readonly tagTaken: RegExp;
  /** The registry wants to know who asks. */
  readonly loginNeeded: RegExp;
}

/** Something of a name that no call before has given. */
export type Fresh = (stem: string) => string;

/** Numbers names, so that no pull finds what another has left. */
export function freshNames(): Fresh {
  let given = 0;
  return (stem) => {
    given += 1;
    return `${stem}-${given}`;
  };
}
