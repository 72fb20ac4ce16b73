/** Proves the secret of a robot to a Barge, which may know robots for its API alone. */
import type { Challenge } from "./challenge.ts";
import { parseJsonObject, textOf } from "./json-object.ts";
import { failureOf } from "./server-failure.ts";
import { basicAuthorization } from "./token-request.ts";
import type { Transport, WholeAnswer } from "./transport.ts";

/** What the names of robots begin with when they log in. */
const ROBOT_PREFIX = "robot+";

export interface RobotLogin {
  readonly credentials: { readonly name: string; readonly password: string };
  /** Where the registry was reached. */
  readonly base: URL;
  /** What its `/v2/` asks for. */
  readonly challenges: readonly Challenge[];
  readonly transport: Transport;
  readonly signal: AbortSignal;
}

/** Whether a name may be that of a robot; others may have such names as well. */
export function isRobotName(name: string): boolean {
  return name.startsWith(ROBOT_PREFIX);
}

/**
 * Asks who they are at the API first: where passwords or tokens of others are taken, robots are there to
 * administer, and a token server that is not the registry's own must not see their secrets.
 * @returns `api`: taken there alone. `basic`: as a name and password everywhere. `undefined`: to be proved as
 *   anybody is, for it is no Barge, or knows no such robot, or makes tokens itself.
 * @throws {TryLater} {Unreachable}
 */
export async function proveRobot(login: RobotLogin): Promise<"api" | "basic" | undefined> {
  const { credentials, base, challenges } = login;
  const known = await shownTo("api/v1/auth/whoami", login);
  if (known.status !== 200 || !isAbout(credentials.name, known)) return undefined;
  const bearer = challenges.find(({ scheme }) => scheme === "bearer");
  // A Barge that knows robots as users asks for tokens.
  if (bearer === undefined) return "api";
  const entered = await shownTo("v2/", login);
  if (entered.status === 401) return "api";
  const realm = URL.parse(bearer.parameters.get("realm") ?? "", base);
  return realm?.host === base.host ? undefined : "basic";
}

async function shownTo(
  path: string,
  { credentials: { name, password }, base, transport, signal }: RobotLogin,
): Promise<WholeAnswer> {
  const headers = { authorization: basicAuthorization(name, password) };
  const answer = await transport.ask(new URL(path, base), { headers, signal });
  if (answer.status !== 429 && answer.status !== 503) return answer;
  throw failureOf(answer, { server: base.host, next: "" });
}

/** Some servers answer anything with a page. */
function isAbout(name: string, { text }: WholeAnswer): boolean {
  const told = parseJsonObject(text);
  return told !== undefined && textOf(told, "name") === name && textOf(told, "kind") === "robot";
}
