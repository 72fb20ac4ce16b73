import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { AuthUnavailable, CredentialsRefused, TooManyAttempts } from "../../src/auth/errors.ts";
import { calm } from "../contracts/storage-subject.ts";
import { APP, pushImage } from "../content/images.ts";
import {
  openApi,
  type TestedApi,
  toldError,
  type Who,
  WHO,
  WRONG_PASSWORD,
} from "./api-subject.ts";

const ROBOT = { name: "ci", rights: [] };

interface Row {
  readonly title: string;
  readonly method?: string;
  readonly path: string;
  readonly json?: unknown;
  /** The status for everybody else is 401 or 403. */
  readonly may: Readonly<Partial<Record<Who, number>>>;
}

const ADMINS = { admin: 200, local: 200 } as const;
const KNOWN = { ...ADMINS, bob: 200, alice: 200, ci: 200, job: 200, outsider: 200 } as const;

const ROWS: readonly Row[] = [
  { title: "whoami", path: "/auth/whoami", may: KNOWN },
  {
    title: "the access of another",
    path: "/auth/access?subject=user:carol&repository=team/app",
    may: ADMINS,
  },
  {
    title: "the access of oneself",
    path: "/auth/access?subject=user:bob&repository=team/app",
    may: { ...ADMINS, bob: 200 },
  },
  {
    title: "the access of a job of one's own issuer",
    path: "/auth/access?subject=claims:github&repository=team/app",
    may: { ...ADMINS, job: 200 },
  },
  {
    title: "the access of one's own issuer with other claims",
    path: "/auth/access?subject=claims:github&repository=team/app&claim=ref=main",
    may: ADMINS,
  },
  {
    title: "the access of anybody",
    path: "/auth/access?subject=anonymous&repository=team/app",
    may: ADMINS,
  },
  { title: "robots", path: "/robots", may: ADMINS },
  {
    title: "a new robot",
    method: "POST",
    path: "/robots",
    json: ROBOT,
    may: { admin: 201, local: 201 },
  },
  {
    title: "the end of a robot",
    method: "DELETE",
    path: "/robots/old",
    may: { admin: 204, local: 204 },
  },
  { title: "the audit log", path: "/audit", may: ADMINS },
  {
    title: "the end of a repository",
    method: "DELETE",
    path: `/repositories/${APP}`,
    may: { ...ADMINS, alice: 200 },
  },
  { title: "other keys", method: "POST", path: "/auth/keys/rotate", json: {}, may: ADMINS },
  {
    title: "the first administrator",
    method: "POST",
    path: "/auth/admins",
    json: {},
    may: { local: 201 },
  },
];

let resources: AsyncDisposableStack;
let tested: TestedApi;
beforeEach(async () => {
  resources = new AsyncDisposableStack();
  tested = await openApi(resources);
  const old = { name: "old", rights: [], expiresAt: undefined, createdBy: "" };
  await tested.robots.create(old, calm());
  await pushImage(tested.content, "latest");
});
afterEach(() => resources.disposeAsync());

const NOBODY: readonly Who[] = ["anonymous", "anybody", "nameless"];
const CODES = { 401: "UNAUTHORIZED", 403: "DENIED", 404: "UNSUPPORTED" } as const;

function refusalOf(who: Who, path: string): keyof typeof CODES {
  if (path === "/auth/admins") return 404;
  return NOBODY.includes(who) ? 401 : 403;
}

const CASES = ROWS.flatMap((row) => WHO.map((who) => ({ ...row, who })));

describe("createApi()", () => {
  it.each(CASES)("$title for $who", async ({ who, path, json, method = "GET", may }) => {
    const answer = await tested.ask(who, path, { method, json });
    const refusal = refusalOf(who, path);
    expect(answer.status).toBe(may[who] ?? refusal);
    expect(answer.headers.get("cache-control")).toBe("no-store");
    expect(answer.headers.get("x-content-type-options")).toBe("nosniff");
    if (answer.status < 400) return;
    expect((await toldError(answer)).code).toBe(CODES[refusal]);
    expect(answer.headers.has("www-authenticate")).toBe(refusal === 401);
    // Nothing has happened, and whoever is known is written down.
    expect((await tested.robots.list(calm())).map(({ name }) => name)).toEqual(["old"]);
    expect(await tested.content.tags.list(APP, calm())).toEqual(["latest"]);
    const audited = await tested.audited();
    const isNews = refusal !== 404 && !NOBODY.includes(who) && !path.startsWith("/auth/access");
    expect(audited.map(({ action }) => action)).toEqual(isNews ? ["denied"] : []);
  });

  it("tells anybody what it does", async () => {
    for (const who of ["anonymous", "bob"] as const) {
      expect((await tested.ask(who, "/openapi.json")).status).toBe(200);
    }
  });

  it("asks to say who one is, and for no scope: none would make an administrator", async () => {
    for (const who of NOBODY) {
      const answer = await tested.ask(who, `/repositories/${APP}`, { method: "DELETE" });
      const challenge = answer.headers.get("www-authenticate");
      expect(challenge).toContain("Bearer realm=");
      expect(challenge).not.toMatch(/scope|error=/);
    }
  });

  it("asks for credentials also where an open registry asks nobody for any", async () => {
    const open = await openApi(resources, { access: { challenge: () => undefined } });
    const answer = await open.ask("anybody", "/robots");
    expect([answer.status, answer.headers.get("www-authenticate")]).toEqual([
      401,
      `Basic realm="barge"`,
    ]);
  });

  it.each([
    ["a wrong password", WRONG_PASSWORD, 401, undefined],
    ["a bad token", new CredentialsRefused("x", { isToken: true }), 401, undefined],
    ["too many attempts", new TooManyAttempts(7), 429, "7"],
    ["an issuer that is away", new AuthUnavailable("secret host is away"), 503, "5"],
    ["a bug", new Error("secret"), 500, null],
  ] as const)(
    "refuses %s without a word too many",
    async (...[title, refusal, status, retryAfter]) => {
      const answer = await tested.ask("bob", "/auth/whoami", { refusal });
      expect(answer.status).toBe(status);
      if (retryAfter !== undefined) expect(answer.headers.get("retry-after")).toBe(retryAfter);
      const challenge = answer.headers.get("www-authenticate") ?? "";
      expect(challenge.includes("invalid_token")).toBe(title === "a bad token");
      const text = await answer.text();
      expect(JSON.parse(text).errors.length).toBe(1);
      expect(text).not.toMatch(/secret|mallory|stack|wrong/);
    },
  );

  it("writes down who tried to log in, and not with what", async () => {
    await tested.ask("bob", "/robots", { refusal: WRONG_PASSWORD });
    expect(await tested.audited()).toMatchObject([
      { action: "login-failed", actor: "mallory", outcome: "refused", address: "192.0.2.7" },
    ]);
    expect(await tested.auditText()).not.toContain("canary");
  });
});
