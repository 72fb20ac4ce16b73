/** Where the API of a server is reached, and with which credentials. */
import { parseChallenges } from "./challenge.ts";
import { type CredentialSources, findCredentials } from "./credentials.ts";
import { Denied } from "./errors.ts";
import { ping } from "./registry-login.ts";
import type { NetworkAddress } from "./server-address.ts";
import { basicAuthorization, requestTokens } from "./token-request.ts";
import type { Transport } from "./transport.ts";

export interface Way {
  /** Ends with "/". */
  readonly base: URL;
  /** `undefined`: nobody has logged in there. */
  readonly authorization: string | undefined;
}

export interface WayOptions extends CredentialSources {
  readonly transport: Transport;
  /** Hosts of token servers, beside the server's own, that the user vouches for. */
  readonly trustedHosts: readonly string[];
}

/**
 * A password is shown as it is; an identity token is exchanged for a token of access first.
 * @throws as {@link findCredentials}, `ping` and `requestTokens`
 */
export async function findWay(address: NetworkAddress, options: WayOptions): Promise<Way> {
  const found = await findCredentials(address.host, options);
  const credentials = found?.credentials;
  if (credentials?.kind === "identity-token") {
    return await exchange(address, credentials, options);
  }
  const base = await findBase(address, options);
  if (credentials === undefined) return { base, authorization: undefined };
  const authorization =
    credentials.kind === "password"
      ? basicAuthorization(credentials.name, credentials.password)
      : `Bearer ${credentials.token}`;
  return { base, authorization };
}

/** Credentials go to one address only: where there are more, it is found out first which one answers. */
async function findBase(address: NetworkAddress, options: WayOptions): Promise<URL> {
  const [only, ...more] = address.bases;
  if (only !== undefined && more.length === 0) return only;
  const { base } = await ping({ address, ...options });
  return base;
}

async function exchange(
  address: NetworkAddress,
  credentials: { readonly kind: "identity-token"; readonly token: string },
  options: WayOptions,
): Promise<Way> {
  const { base, answer } = await ping({ address, ...options });
  const challenges = parseChallenges(answer.headers["www-authenticate"]);
  const challenge = challenges.find(({ scheme }) => scheme === "bearer");
  if (challenge === undefined) {
    throw new Denied(
      `${address.host} takes no identity tokens any more\n  log in anew: barge login ${address.host}`,
    );
  }
  const { access } = await requestTokens({
    ...options,
    registry: base,
    challenge,
    credentials,
    wantsIdentityToken: false,
  });
  return { base, authorization: `Bearer ${access}` };
}
