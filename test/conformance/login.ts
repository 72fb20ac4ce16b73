/** How a client of the suite says who it is, where the registry wants to know. */
import type { Answer } from "./client.ts";

/** Of one client; keeps what it was given. */
export interface Login {
  /** The header that goes with every request; `undefined` while there is none. */
  readonly authorization: string | undefined;
  /**
   * Called with an answer 401.
   * @returns whether the request is worth sending again.
   * @throws {Error} when it does not get what it was told to bring.
   */
  meet(answer: Answer): Promise<boolean>;
}

export interface Account {
  readonly name: string;
  readonly password: string;
}

/** The same header each time. */
export function passwordLogin(account: Account): Login {
  return { authorization: basic(account), meet: () => Promise.resolve(false) };
}

function basic({ name, password }: Account): string {
  return `Basic ${Buffer.from(`${name}:${password}`).toString("base64")}`;
}

/** Gets a token as the challenge says, and another one when that does not do. */
export function tokenLogin(account: Account): Login {
  let authorization: string | undefined;
  return {
    get authorization() {
      return authorization;
    },
    async meet(answer) {
      const token = await fetchToken(answer, account);
      authorization = `Bearer ${token}`;
      return true;
    },
  };
}

async function fetchToken(answer: Answer, account: Account): Promise<string> {
  const challenge = answer.header("www-authenticate") ?? "";
  if (!challenge.startsWith("Bearer ")) throw new Error(`no challenge for a token: ${challenge}`);
  const parameters = new Map(
    [...challenge.matchAll(/(\w+)="([^"]*)"/g)].map(([, name = "", value = ""]) => [name, value]),
  );
  const url = new URL(parameters.get("realm") ?? "");
  const scopes = (parameters.get("scope") ?? "").split(" ").filter((scope) => scope !== "");
  for (const scope of scopes) url.searchParams.append("scope", scope);
  url.searchParams.set("service", parameters.get("service") ?? "");
  const response = await fetch(url, { headers: { authorization: basic(account) } });
  const body = (await response.json()) as { token?: string };
  if (response.ok && body.token !== undefined) return body.token;
  throw new Error(`${url.href}: ${response.status} ${JSON.stringify(body)}`);
}
