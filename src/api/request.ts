/** What a request under `/api/v1` or at the token endpoint comes with, in the bindings of Hono. */
import type { Caller, Shown } from "../auth/access.ts";

export interface ApiBindings {
  /** Unique to the request. */
  readonly id: string;
  readonly shown: Shown;
  /** Scheme and host that clients reach this server at, as in `https://registry.example.com`. */
  readonly origin: string;
  /**
   * Who asks. Over the socket in the state directory it is the operator, who may administer.
   * @throws {CredentialsRefused} {TooManyAttempts} {AuthUnavailable}
   */
  identify(): Caller | Promise<Caller>;
  /** Whether it came over the socket in the state directory: whoever can open that owns this server. */
  readonly isLocal: boolean;
}

export interface ApiEnvironment {
  readonly Bindings: ApiBindings;
}
