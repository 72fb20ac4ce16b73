/** The port between those who serve requests and those who know who may do what. */
import type { Action } from "./action.ts";
import type { Identity } from "./identity.ts";
import type { RepositoryName } from "../oci/repository-name.ts";

/** What a request shows of who makes it. Properties may be getters: none is asked for without need. */
export interface Shown {
  /** The header `Authorization` as it came. */
  readonly authorization: string | undefined;
  /** The client's, without a port, as far as trusted proxies tell it. */
  readonly address: string;
  /** Of a client certificate that `http.tls.clientcas` vouch for. */
  readonly certificate: CertificateSubject | undefined;
}

/** The subject of a client certificate. */
export interface CertificateSubject {
  readonly commonName: string;
  readonly organizations: readonly string[];
}

/** Somebody who asks, and what they may do at this moment. Made anew, or looked up, for each request. */
export interface Caller {
  readonly identity: Identity;
  /** For logs, events and histories; empty for the anonymous. */
  readonly name: string;
  /** Pure, and cheap enough to be asked for each item of a list. */
  may(action: Action, repository: RepositoryName): boolean;
  /**
   * Whether anything whose name begins so might be theirs to pull; `true` when in doubt. What is not need
   * not be looked at for a list, so that the time it takes tells nothing of it.
   */
  maySeeBelow(folder: string): boolean;
  /** Whether the list of repositories may be asked for. */
  readonly mayList: boolean;
  /** Whether that list shows all of them; else what may be pulled. */
  readonly seesAll: boolean;
  /** Whether the API of administrators is theirs: `admin` on every repository. */
  readonly isAdmin: boolean;
  /**
   * Whether what they proved has not been taken back since: for requests that wait for a long body. That a token
   * has come to its end does not count: what was begun in time may end. Left out where nothing can be taken back.
   */
  holds?(): boolean | Promise<boolean>;
  /**
   * How a lack of rights is told. `challenge`: they have not said who they are, and may. `scope`: their token
   * lacks it, another one may not. `denied`: nothing they could show would help.
   */
  readonly lack: "challenge" | "scope" | "denied";
}

/** What a request needs, in the words of the token protocol (docs of distribution, "Token Scope"). */
export type Needed =
  | {
      readonly kind: "repository";
      readonly repository: RepositoryName;
      readonly actions: readonly ScopeAction[];
    }
  | { readonly kind: "catalog" };

export type ScopeAction = "pull" | "push" | "delete";

/** What a client is told to bring, and why what it brought was not enough. */
export interface ChallengeOptions {
  /** Scheme and host that clients reach this server at, as in `https://registry.example.com`. */
  readonly origin: string;
  readonly needed: readonly Needed[];
  readonly error?: "invalid_token" | "insufficient_scope" | undefined;
}

export interface Access {
  /**
   * Who asks. At once where it is known already, as for all but the first request with a token.
   * @throws {CredentialsRefused} {TooManyAttempts} {AuthUnavailable}
   */
  identify(shown: Shown): Caller | Promise<Caller>;
  /** The value of `WWW-Authenticate`; `undefined` where nobody needs to say who they are. */
  challenge(options: ChallengeOptions): string | undefined;
}
