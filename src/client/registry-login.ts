/** Proves credentials to a registry as `docker login` does, before they are kept. */
import { type Challenge, parseChallenges } from "./challenge.ts";
import { isCertificateFailure } from "./connection-failure.ts";
import type { Credentials } from "./credential-entries.ts";
import { Denied, Refused, Unreachable } from "./errors.ts";
import type { NetworkAddress } from "./server-address.ts";
import { isRobotName, proveRobot } from "./robot-login.ts";
import { failureOf } from "./server-failure.ts";
import { basicAuthorization, requestTokens } from "./token-request.ts";
import type { Transport, WholeAnswer } from "./transport.ts";

export interface LoginRequest {
  readonly address: NetworkAddress;
  readonly credentials: Exclude<Credentials, { readonly kind: "registry-token" }>;
  readonly transport: Transport;
  /** Hosts of token servers, beside the registry's own, that the user vouches for. */
  readonly trustedHosts: readonly string[];
  readonly signal: AbortSignal;
}

export interface Proved {
  /** Where the registry was reached. */
  readonly base: URL;
  /** To be kept in place of the password; `undefined`: the token server gives none. */
  readonly identityToken: string | undefined;
  /**
   * `nobody`: the registry asks nobody who they are, so the credentials could not be tried. `api`: they are for
   * the API of administrators, and are not taken where clients push and pull.
   */
  readonly by: "basic" | "token" | "nobody" | "api";
}

/** @throws {Denied} when they are wrong; {RealmRefused} {TryLater} {Unreachable} {Refused} {NotFound} */
export async function proveCredentials(request: LoginRequest): Promise<Proved> {
  const { address, credentials, transport, signal } = request;
  const { base, answer } = await ping({ address, transport, signal });
  if (answer.status === 200) return await proveToOpen(base, request);
  const challenges = parseChallenges(answer.headers["www-authenticate"]);
  if (credentials.kind === "password" && isRobotName(credentials.name)) {
    const by = await proveRobot({ credentials, base, challenges, transport, signal });
    if (by !== undefined) return { base, identityToken: undefined, by };
  }
  const bearer = challenges.find(({ scheme }) => scheme === "bearer");
  if (bearer !== undefined) return await proveByToken(base, bearer, request);
  const isBasic = challenges.some(({ scheme }) => scheme === "basic");
  if (isBasic) return await proveByPassword(base, request);
  throw new Refused(`${base.host} asks for credentials in no way that is known here`);
}

export interface Ping {
  readonly base: URL;
  /** 200, or 401 with a challenge. */
  readonly answer: WholeAnswer;
}

/**
 * Finds out where a registry is, and what it asks for; shows it nothing. Addresses are tried in turn, but
 * a certificate that is no good ends it.
 * @throws {Unreachable} of the last address; {TryLater} {Refused} {NotFound}
 */
export async function ping({
  address,
  transport,
  signal,
}: Pick<LoginRequest, "address" | "transport" | "signal">): Promise<Ping> {
  const failures: unknown[] = [];
  for (const base of address.bases) {
    try {
      const answer = await transport.ask(new URL("v2/", base), { signal });
      return { base, answer: understood(answer, base) };
    } catch (error) {
      if (!(error instanceof Unreachable) || isCertificateFailure(error)) throw error;
      failures.push(error);
    }
  }
  throw failures.at(-1);
}

function understood(answer: WholeAnswer, { host }: URL): WholeAnswer {
  const asksWho = answer.status === 401 && answer.headers["www-authenticate"] !== undefined;
  if (answer.status === 200 || asksWho) return answer;
  throw failureOf(answer, { server: host, next: "is this a registry?" });
}

/** A Barge that lets anyone in has robots all the same, for its API; another registry takes no credentials. */
async function proveToOpen(base: URL, request: LoginRequest): Promise<Proved> {
  const { credentials, transport, signal } = request;
  const nobody = { base, identityToken: undefined, by: "nobody" } as const;
  if (credentials.kind !== "password") return nobody;
  const headers = { authorization: basicAuthorization(credentials.name, credentials.password) };
  const answer = await transport.ask(new URL("api/v1/auth/whoami", base), { headers, signal });
  if (answer.status === 200) return { ...nobody, by: "basic" };
  if (answer.status !== 401 && answer.status !== 429) return nobody;
  throw failureOf(answer, { server: base.host, next: "are name and password right?" });
}

async function proveByPassword(base: URL, request: LoginRequest): Promise<Proved> {
  const { credentials } = request;
  if (credentials.kind !== "password") {
    throw new Denied(`${base.host} takes names and passwords, and no identity token`);
  }
  await enter(base, basicAuthorization(credentials.name, credentials.password), request);
  return { base, identityToken: undefined, by: "basic" };
}

async function proveByToken(
  base: URL,
  challenge: Challenge,
  request: LoginRequest,
): Promise<Proved> {
  const tokens = await requestTokens({
    ...request,
    registry: base,
    challenge,
    wantsIdentityToken: true,
  });
  await enter(base, `Bearer ${tokens.access}`, request);
  return { base, identityToken: tokens.identity, by: "token" };
}

async function enter(
  base: URL,
  authorization: string,
  { transport, signal }: LoginRequest,
): Promise<void> {
  const answer = await transport.ask(new URL("v2/", base), { headers: { authorization }, signal });
  if (answer.status === 200) return;
  throw failureOf(answer, { server: base.host, next: "are name and password right?" });
}
